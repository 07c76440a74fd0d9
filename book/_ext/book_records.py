"""Two directives for the reference pages: `{records}` lists the recorded full-scale runs."""


def setup(app) -> dict:
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
