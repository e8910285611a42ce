"""What the command line takes: each option and argument with the words that explain it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer


class KernelKind(StrEnum):
    """Forked where the system can; plain everywhere."""

    forked = "forked"
    plain = "plain"


File = Annotated[Path, typer.Argument(metavar="PARAMS", help="A params/*.yml.")]
Files = Annotated[list[Path], typer.Argument(metavar="PARAMS...", help="One or more params/*.yml.")]
PeriodText = Annotated[
    str | None, typer.Option(help="2026-09 or 2026-Q3; default: the last that the data cover.")
]
FirstPeriod = Annotated[str | None, typer.Option("--from", help="The first period of a range.")]
LastPeriod = Annotated[str | None, typer.Option("--to", help="The last period of a range.")]
ChapterNames = Annotated[
    list[str] | None,
    typer.Option(
        help="Make only this chapter and the summary; others stay if up to date. "
        "May be given several times."
    ),
]
Output = Annotated[
    Path | None, typer.Option(help="Folder of all reports; default: the project's reports/.")
]
Force = Annotated[bool, typer.Option("--force", help="Run also what is up to date.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Chapters at the same time; default: the number of cores.")
]
SingleFile = Annotated[
    bool,
    typer.Option(
        "--single-file",
        help="Put each report into one HTML file as well, beside its folder: for mail.",
    ),
]
Kernel = Annotated[
    KernelKind,
    typer.Option(help="How kernels start: forked (fast) or plain; the pages are the same."),
]
Reports = Annotated[
    list[Path], typer.Argument(metavar="REPORT...", help="Folders such as reports/demo/2026-10.")
]
ReportFolder = Annotated[
    Path, typer.Argument(metavar="REPORT", help="A folder such as reports/demo/2026-10.")
]
DiffPage = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The page; default: reports/<business>/diff-<before>-<after>.html."
    ),
]
Out = Annotated[Path, typer.Argument(help="The folder to write Parquet files into.")]
Customers = Annotated[int | None, typer.Option(min=1, help="How many customers.")]
Model = Annotated[
    Literal["subscription", "transactional"],
    typer.Option(help="A business with contracts, or a shop."),
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same bytes.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show tracebacks.")]
