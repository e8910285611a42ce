"""A tiny business, and the command line over it in this process: a report of it takes a second
or two.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

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
values = {'margin': known['params']['margin'], 'bytes': (folder / 'subscriptions.parquet').stat().st_size}
(folder / 'tables').mkdir()
n = (folder / 'tables' / 'rows.csv').write_text('name,margin,bytes\\nall,' + ','.join(map(str, values.values())) + '\\n')
HTML('<figure class="cl-figure" id="course"><svg><path d="M0 1"/></svg></figure>')"""
SPLIT = """HTML('<div class="cl-table" id="split"><table><caption>c</caption><tr><th scope="row">web</th>'
'<td>' + str(values) + '</td></tr></table></div>')"""


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

    def notebook(self, name: str, *cells: str) -> Path:
        """Write the chapter `name`."""
        return self._write(self.folder / "notebooks", name, *cells)

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

    def files(self) -> dict[str, bytes]:
        """Every file of the report in its place, by its path."""
        found = (path for path in self.report.rglob("*") if path.is_file())
        return {path.relative_to(self.report).as_posix(): path.read_bytes() for path in found}

    def leftovers(self) -> list[str]:
        """Hidden files of a run; the frozen data of published reports are none."""
        return sorted(str(path) for path in self.output.rglob(".*") if ".frozen" not in path.parts)
