"""Links to the repository and the Binder button, where the repository's address is known.

GitHub Actions sets GITHUB_REPOSITORY; elsewhere pages offer the download alone.
"""

import os


def add_repository(app, config) -> None:
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        return
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    config.html_theme_options.update(
        repository_url=f"{server}/{repository}",
        repository_branch=os.environ.get("GITHUB_REF_NAME", "main"),
        use_repository_button=True,
        launch_buttons={
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
        },
    )


def setup(app) -> dict:
    app.connect("config-inited", add_repository)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
