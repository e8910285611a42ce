"""A tiny business, and the command line over it in this process: a report in a second or two."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from churnlib.results.told import MIME

ACME = "acme.yml"
ACME_PERIOD = "2026-03"
SPANS = "customer_id,starts_on,ends_on,mrr\n" + "".join(
    f"c{n},2026-0{1 + n % 3}-01,,{10 + n}\n" for n in range(9)
)
SHOW = "from IPython.display import HTML; HTML('<p>all is well</p>')"
FIGURES = """import json, pathlib
from IPython.display import HTML
folder = pathlib.Path(frozen)
known = json.loads((folder / 'snapshot.json').read_text())
size = (folder / 'subscriptions.parquet').stat().st_size
values = {'margin': known['params']['margin'], 'bytes': size}
rows = 'name,margin,bytes\\nall,' + ','.join(map(str, values.values())) + '\\n'
(folder / 'tables').mkdir()
n = (folder / 'tables' / 'rows.csv').write_text(rows)
HTML('<figure class="cl-figure" id="course"><svg><path d="M0 1"/></svg></figure>')"""
SPLIT = """HTML('<div class="cl-table" id="split"><table><caption>c</caption><tr>'
'<th scope="row">web</th><td>' + str(values) + '</td></tr></table></div>')"""
HEARS = """import json, pathlib
from IPython.display import HTML
heard = json.loads((pathlib.Path(frozen) / 'findings.json').read_text())
HTML('<ul>' + ''.join('<li>' + one['sentence'] + '</li>' for one in heard['findings']) + '</ul>')"""


def tells(anchor: str, *sentences: str, html: str = "", **told: object) -> str:
    """A cell that shows a block and tells the first page something, as those of the library do.

    sentences : findings that are beyond chance; `told` has whatever else, or other findings
    html : what is shown, if not a block of the sentences
    """
    findings = [{"sentence": one, "verdict": "watch", "place": "real"} for one in sentences]
    data = {"anchor": anchor, "label": anchor.title(), "findings": findings} | told
    shown = html or f'<div class="cl-figure" id="{anchor}"><p>{" ".join(sentences)}</p></div>'
    bundle = {"text/html": shown, MIME: data}
    return f"from IPython.display import display\ndisplay({bundle!r}, raw=True)"


class Acme:
    """The command line in this process over a tiny business."""

    def __init__(
        self,
        folder: Path,
        patch: pytest.MonkeyPatch,
        captured: pytest.CaptureFixture,
        write: Callable,
    ):
        self.folder, self.output = folder, folder / "reports"
        self._patch, self._captured, self._write = patch, captured, write
        self.params, self.source = folder / ACME, folder / "data" / "subscriptions.csv"
        self.report = self.output / "acme" / ACME_PERIOD

    def notebook(self, name: str, *cells: str, **described: object) -> Path:
        """Write the chapter `name`; `described` is of its metadata: order, page, page_title."""
        return self._write(self.folder / "notebooks", name, *cells, **described)

    def command(self, *arguments: object) -> tuple[int, str, str]:
        """Any command in this process: (exit code, stdout, stderr)."""
        from churnlib.__main__ import main

        self._patch.setattr("sys.argv", ["churnlib", *map(str, arguments)])
        self._captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *self._captured.readouterr())

    def arguments(self, *options: object) -> list[str]:
        """Those of `churnlib report` on the one period."""
        asked = ["report", self.params, "--period", ACME_PERIOD, "--output", self.output, *options]
        return [str(one) for one in asked]

    def make(self, *options: object) -> tuple[int, str, str]:
        """Make the report in this process."""
        return self.command(*self.arguments(*options))

    def told(self) -> dict:
        """What the report's findings.json holds."""
        return json.loads((self.report / "findings.json").read_text(encoding="utf-8"))

    def page(self, name: str) -> str:
        """The HTML of a page of the report."""
        return (self.report / f"{name}.html").read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file of the report in its place, by its path."""
        found = (path for path in self.report.rglob("*") if path.is_file())
        return {path.relative_to(self.report).as_posix(): path.read_bytes() for path in found}

    def leftovers(self) -> list[str]:
        """Hidden files of a run; the frozen data of published reports are none."""
        hidden = self.output.rglob(".*")
        return sorted(str(path) for path in hidden if ".frozen" not in path.parts)
