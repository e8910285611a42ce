"""From an executed notebook: its HTML, the list of its sections, and the copy that is kept.

The same input gives the same bytes.
"""

import copy
import html
import re
import threading
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML, markdown2html_mistune
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

from churnlib.report.execute.fault import INJECTED

TEMPLATES = Path(__file__).parents[1] / "template"
FROZEN = "frozen"  # what a kept notebook calls the folder of its snapshot
_ONE_AT_A_TIME = threading.Lock()  # an exporter is for one thread
_SECTION = re.compile(r'<h2[^>]*\bid="([^"]*)"[^>]*>(.*?)</h2>', re.DOTALL)
_ANCHOR = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def notebook_html(notebook: NotebookNode) -> str:
    """What an executed notebook shows: its text and its blocks, no code and no warnings."""
    # nbconvert may write into what it converts; the notebook is still to be kept.
    with _ONE_AT_A_TIME:
        body, _ = _exporter().from_notebook_node(copy.deepcopy(notebook), {})
    return body.strip()


def sections(notebook: NotebookNode) -> list[tuple[str, str]]:
    """(title, id) of each section (`##`), with the ids that nbconvert gives to headings."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for identifier, inner in _SECTION.findall(markdown2html_mistune(cell.source)):
                title = html.unescape(_TAG.sub("", _ANCHOR.sub("", inner))).strip()
                found.append((title, html.unescape(identifier)))
    return found


def kept_notebook(notebook: NotebookNode, frozen: Path) -> str:
    """The executed notebook for audit, without times, random ids and paths of this machine."""
    kept = copy.deepcopy(notebook)
    kept.metadata.pop("papermill", None)
    for cell in kept.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
            cell.source = (
                "# The folder of the frozen snapshot, given by churnlib report.\n"
                f"frozen = {FROZEN!r}\n"
            )
    text = nbformat.writes(kept)
    return text.replace(str(frozen), FROZEN).replace(str(frozen.parent), ".") + "\n"


class _Exporter(HTMLExporter):
    """nbconvert's exporter without its second pass.

    That one parses every finished page again (a second for each megabyte), writes SVG's `viewBox`
    in lower case, and gives each picture that lacks a text alternative a meaningless one, which
    would hide the lack from our tests.
    """

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        resources = self._init_resources(resources)
        # Templates that ours is built on name these two, so they must exist, though no code is
        # shown.
        self.register_filter("highlight_code", Highlight2HTML(parent=self))
        self.register_filter(
            "filter_data_type", WidgetsDataTypeFilter(parent=self, resources=resources)
        )
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


@cache
def _exporter() -> _Exporter:
    """One for all chapters, because compiling the templates takes longer than filling them."""
    return _Exporter(extra_template_basedirs=[str(TEMPLATES.parent)], template_name=TEMPLATES.name)
