"""Write the documents that are made of declarations: `python docs/generate.py`, or `make docs`.

docs/results.md has every column of every result, docs/glossary.md every word. A test says whether
they are current.
"""

from pathlib import Path

from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result
from churnlib.results.registry import results, words

DOCS = Path(__file__).parent
KINDS = {
    "count": "whole number",
    "share": "share, 0 to 1",
    "money": "money",
    "number": "number",
    "text": "text",
    "word": "text",
    "flag": "true or false",
    "day": "date",
    "period": "date of a period's first day",
}


def results_page() -> str:
    """docs/results.md: the data dictionary of the tables of a report."""
    head = (
        "# Results\n\n"
        "Every measure and model gives a small frame; its columns are declared once, where it is "
        "computed. This page is made of these declarations (`make docs`), and so are the tables "
        "of a "
        "report's pages, the heads of its CSV files and the `datapackage.json` beside them. Money "
        "is in "
        "the report's currency, shares run from 0 to 1. A result split by a column of customers "
        "has its "
        "value in `segment`; where several splits are stacked, `segment_column` says which. In "
        "brackets: what the frame in a notebook calls the column, if that is another word.\n"
    )
    parts = [_result(one) for _, one in sorted(results().items())]
    return "\n".join([head, *parts])


def glossary_page() -> str:
    """docs/glossary.md: every word, in the order of the alphabet."""
    head = (
        "# Glossary\n\n"
        "One word for one idea, in code, notebooks and pages alike. Each word is defined once, in "
        "the "
        "module of the measure or model that it names; this page is made of these definitions "
        "(`make docs`). The input tables and their columns are in `churnlib/params/tables.py`, the "
        "columns of results in [results.md](results.md).\n\n"
        "| word | meaning |\n|---|---|\n"
    )
    rows = [one for _, one in sorted(words().items(), key=lambda pair: pair[0].lower())]
    return head + "".join(f"| **{one.word}** | {one.meaning} |\n" for one in rows)


PAGES = {"results.md": results_page, "glossary.md": glossary_page}


def _result(result: Result) -> str:
    lines = [
        f"## {result.name}",
        "",
        f"{result.title[:1].upper()}{result.title[1:]}: {result.grain}.",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
        *(_row(column) for column in result.columns if column not in SPLIT),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    name = f"`{column.csv_name}`"
    if column.csv_name != column.name:
        name = f"{name} (`{column.name}`)"
    kind = KINDS[column.kind]
    if column.unit:
        kind = f"{kind}, {column.unit}"
    notes = [f"Rests on `{column.denominator}`."] if column.denominator else []
    if column.optional:
        notes.append("Only where it is known.")
    return f"| {name} | {kind} | {' '.join([column.meaning, *notes])} |"


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8", newline="\n")
