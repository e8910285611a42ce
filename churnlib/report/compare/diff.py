"""Two reports of one business side by side: key figures, what was said, rows of tables, cells, and
which inputs changed.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.errors import ChurnlibError
from churnlib.report.compare import told
from churnlib.report.compare.differences import Row, shown_difference, table_rows
from churnlib.report.compare.inputs import changed_inputs
from churnlib.report.compare.verify import read_published
from churnlib.report.published.publish import write_whole, writing
from churnlib.report.render.pages import page_css, template

MAX_ROWS = 30


@dataclass(frozen=True)
class Table:
    """A table that differs.

    new, gone : how many rows are in one report only. changed : the rows that differ.
    """

    name: str
    new: int
    gone: int
    changed: tuple[Row, ...]

    @property
    def shown(self) -> list[tuple[str, str, str, str]]:
        """(row, column, before, after) of the first changed values."""
        values = [
            (row.key, name, pair) for row in self.changed for name, pair in row.changed.items()
        ]
        return [(key, name, *_rounded(*pair)) for key, name, pair in values[:MAX_ROWS]]

    @property
    def left(self) -> int:
        """Changed values that are not shown."""
        return sum(len(row.changed) for row in self.changed) - len(self.shown)


@dataclass(frozen=True)
class Comparison:
    """What differs between two reports of a business.

    figures : (label, before, after) of every key figure
    findings : (section, before, after) of the sentences that differ
    tables : those that differ
    cells : "notebook: the first cell that shows something else, and where in it", if both reports
        are of the same period (else every cell differs)
    inputs : which of them differ
    """

    before: Path
    after: Path
    old: dict[str, Any]
    new: dict[str, Any]
    figures: tuple[tuple[str, str, str], ...]
    findings: tuple[tuple[str, str, str], ...]
    tables: tuple[Table, ...]
    cells: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both say the same, whatever made them."""
        if self.old["period"] != self.new["period"]:
            return False
        is_told = any(old != new for _, old, new in self.figures) or self.findings
        return not (is_told or self.tables or self.cells)

    @property
    def summary(self) -> list[str]:
        """What the command line says."""
        said = [f"{label}: {old} became {new}" for label, old, new in self.figures if old != new]
        if self.same:
            said.append("the same")
        else:
            said.append(f"{len(self.findings)} sentences and {len(self.tables)} tables differ")
            said += self.cells
        return said + [f"changed input: {text}" for text in self.inputs]


def compare(before: Path, after: Path) -> Comparison:
    """Compare two published reports.

    Raises
    ------
    ChurnlibError : one of them is no published report, or they are of two businesses
    """
    old, new = read_published(before), read_published(after)
    if old["business"] != new["business"]:
        raise ChurnlibError(
            f"{before} is of business {old['business']!r}, {after} of {new['business']!r}."
        )
    was, now = told.told_by(before), told.told_by(after)
    tables = [_table(name, before, after) for name in _table_names(old, new)]
    cells = _cells(old, new, before, after) if old["period"] == new["period"] else []
    return Comparison(
        before=before,
        after=after,
        old=old,
        new=new,
        figures=tuple(told.key_figures(was, now)),
        findings=tuple(told.findings(was, now)),
        tables=tuple(table for table in tables if table),
        cells=tuple(cells),
        inputs=tuple(changed_inputs(old, new)),
    )


def write_page(comparison: Comparison, path: Path | None = None) -> Path:
    """Write the comparison as a page and give its path; the default is beside the later report."""
    after = comparison.after.resolve()
    name = f"diff-{comparison.before.resolve().name}-{after.name}.html"
    path = path or after.parent / name
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        links = [_link(report, path) for report in (comparison.before, comparison.after)]
        page = template("diff.html.j2").render(
            diff=comparison, links=links, max_rows=MAX_ROWS, css=page_css()
        )
        write_whole(path, page)
    return path


def _cells(old: dict[str, Any], new: dict[str, Any], before: Path, after: Path) -> list[str]:
    """Where each kept notebook first shows something else than the other report's."""
    found = []
    for name in dict.fromkeys(one for one in (*new["files"], *old["files"]) if _is_notebook(one)):
        one, other = _read(before / name), _read(after / name)
        if not one or not other:
            found.append(f"{Path(name).stem}: {'is gone' if one else 'is new'}")
        elif difference := shown_difference(one, other):
            found.append(f"{Path(name).stem}: {difference}")
    return found


def _is_notebook(name: str) -> bool:
    return name.endswith(".ipynb")


def _table_names(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return sorted(name for name in {*old["files"], *new["files"]} if name.endswith(".csv"))


def _table(name: str, before: Path, after: Path) -> Table | None:
    one, other = _read(before / name), _read(after / name)
    if one == other:
        return None
    rows = table_rows(one, other)
    changed = tuple(row for row in rows if row.before and row.after)
    return Table(
        Path(name).stem,
        sum(not row.before for row in rows),
        sum(not row.after for row in rows),
        changed,
    )


def _rounded(before: str, after: str) -> tuple[str, str]:
    """Two numbers to six digits, as long as they still differ."""
    try:
        short = f"{float(before):.6g}", f"{float(after):.6g}"
    except ValueError:
        return before, after
    return short if short[0] != short[1] and "." in before + after else (before, after)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _link(report: Path, page: Path) -> str:
    return Path(os.path.relpath(report.resolve() / "index.html", page.resolve().parent)).as_posix()
