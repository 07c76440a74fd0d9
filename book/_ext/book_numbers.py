"""Section numbers from file names, so that the book's numbers are the source document's.

`book/3-principles/3-2-1-convolution` is section 3.2.1 and `book/3-principles/index` is section 3,
whichever other chapters exist. Only page titles are numbered; a page whose name does not start
with a number (back matter, landing page) has none. Sphinx counts pages instead: this replaces
that one step, before it numbers the figures and equations.
"""

import re

from sphinx import addnodes
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles


def number_of(docname: str) -> tuple[int, ...]:
    """The section number that a page's path states, or () if it states none.

    >>> number_of("book/3-principles/3-2-1-convolution"), number_of("book/3-principles/index")
    ((3, 2, 1), (3,))
    """
    *folders, name = docname.split("/")
    if name == "index" and folders:
        name = folders[-1]
    stated = re.match(r"\d+(?:-\d+)*(?=-|$)", name)
    return tuple(int(part) for part in stated.group().split("-")) if stated else ()


def assign_section_numbers(_collector, env) -> list[str]:
    """Number every page's title; return the pages whose numbers changed since the last build."""
    before = env.toc_secnumbers
    env.toc_secnumbers = {}
    for docname, toc in env.tocs.items():
        number = number_of(docname) or None
        numbers = {}
        for entry in toc.findall(addnodes.compact_paragraph):
            reference = entry[0]
            is_title = reference["anchorname"] == ""
            reference["secnumber"] = number if is_title else None
            numbers[reference["anchorname"]] = (number or ()) if is_title else ()
        env.titles[docname]["secnumber"] = number
        env.toc_secnumbers[docname] = numbers
    return [name for name, numbers in env.toc_secnumbers.items() if numbers != before.get(name)]


def setup(app) -> dict:
    # sphinx_external_toc puts a subclass of its own in Sphinx's place: both get the new step
    for collector in (TocTreeCollector, TocTreeCollectorWithStyles):
        collector.assign_section_numbers = assign_section_numbers
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
