"""The account of all rows, on a terminal: what `churnlib check` shows."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from churnlib.input.checked import Checked

COUNTS = ("read", "filtered", "kept", "apart", "set_aside")


def print_account(checked: "Checked") -> None:
    """Read, kept and set aside of each table, the reasons with an example each, the coverage."""
    title = Text(f"{checked.params.display_title}: the data")
    file = Column("file", overflow="fold")
    table = Table(
        "table", file, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for name in COUNTS:
        table.add_column(name.replace("_", " "), justify="right")
    for row in checked.data_box:
        counts = [f"{row[key]:,}" for key in COUNTS]
        table.add_row(Text(str(row["table"])), Text(str(row["file"])), *counts)
    console = Console()
    console.print(table)
    for row in checked.data_box:
        for reason in row["reasons"]:
            rows = "1 row" if reason["rows"] == 1 else f"{reason['rows']:,} rows"
            text = (
                f"{row['table']}: {rows} set aside: {reason['reason']}, such as "
                f"{reason['example']}. {reason.get('advice', '')}"
            ).strip()
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        for remark in [*row["warnings"], *row["remarks"]]:
            console.print(
                f"{row['table']}: {remark}", markup=False, highlight=False, soft_wrap=True
            )
        if covered := row.get("coverage"):
            console.print(covered, markup=False, highlight=False, soft_wrap=True)
    console.print(checked.coverage(), markup=False, highlight=False, soft_wrap=True)
