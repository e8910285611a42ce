"""The account of all rows, on a terminal: what `churnlib check` shows."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from churnlib.errors import printable

if TYPE_CHECKING:
    from churnlib.input.checked import Checked

COUNTS = ("read", "filtered", "kept", "apart", "set_aside")


def print_account(checked: "Checked") -> None:
    """Read, kept and set aside of each table, the reasons with an example each, the coverage."""
    title = Text(printable(f"{checked.params.display_title}: the data"))
    file = Column("file", overflow="fold")
    table = Table(
        "table", file, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for name in COUNTS:
        table.add_column(name.replace("_", " "), justify="right")
    for row in checked.data_box:
        counts = [f"{row[key]:,}" for key in COUNTS]
        named = [Text(printable(str(row[key]))) for key in ("table", "file")]
        table.add_row(*named, *counts)
    console = Console()
    console.print(table)

    def say(text: str) -> None:
        console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    for row in checked.data_box:
        for reason in row["reasons"]:
            rows = "1 row" if reason["rows"] == 1 else f"{reason['rows']:,} rows"
            text = (
                f"{row['table']}: {rows} set aside: {reason['reason']}, such as "
                f"{reason['example']}. {reason.get('advice', '')}"
            ).strip()
            say(text)
        for remark in [*row["warnings"], *row["remarks"]]:
            say(f"{row['table']}: {remark}")
        if covered := row.get("coverage"):
            say(covered)
    say(checked.coverage())
