"""Extreme businesses: each gives a clear message or an honest page, never a traceback, a NaN or an
empty axis.

The cells of every chapter that fits are run here in this process, one after another, as a kernel
would: that takes seconds, where kernels would take minutes. That kernels do the same is for
test_run and test_pages.
"""

import ast
import html
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.axes import Axes

from churnlib.errors import ChurnlibError
from churnlib.figures.svg import to_svg
from churnlib.input.checked import check
from churnlib.models.purchases import predictive
from churnlib.page import blocks
from churnlib.page.markup import Block
from churnlib.page.tables import table_block
from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.report.plan import choose, read_chapters
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.results.told import Finding
from churnlib.snapshot.freeze import freeze
from churnlib.snapshot.snapshot import Snapshot

PARAMETERS = "parameters"
HOSTILE = [
    "<script>alert(1)</script>",
    '"a" & <b>',
    "\u202elr\u202c",
    "x" * 300,
    "=1+1",
    "$a_b$",
    "all",
    "it's",
]
# What only a mistake puts before a reader: missing numbers, objects, code, wrong plurals, ranges of
# nothing.
MISTAKES = re.compile(
    r"\bNaN\b|\bnan\b|\bNaT\b|\b-?inf\b|<NA>|\bNone\b(?! of\b)|<[\w.]+ object "
    r"at|\bnp\.\w+|Timestamp\(|Traceback|\w*Warning\b"
    r"|\(– to|to –\)|is –|say –|(?<![\d,.])1 "
    r"(customers|months|weeks|days|purchases|periods|columns|forecasts|rows|times)\b"
    r"|\b0 (weeks|months|periods)\b|of (the )?0 "
    r"(customers|observed)|\u202e|\(\(|[+−]\d+,\d{3}\.\d\xa0%"
)


@dataclass(frozen=True)
class Business:
    """A business as rows; `period` None means the last complete one; `says` is the message where
    it is refused.
    """

    rows: list[tuple]
    period: str | None = None
    header: str = ""
    attribute: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    says: str = ""


def span(who: int, start: str, end: str | None = None, mrr: float | str = 10) -> tuple:
    return f"c{who}", start, end, mrr


def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def month(n: int, day: int = 5) -> str:
    """The n-th month from January 2025."""
    return date(2025 + n // 12, n % 12 + 1, day).isoformat()


def spread(n: int, mrr: float = 10) -> list[tuple]:
    """`n` customers over twelve months, who stay from one month to for ever."""
    stays = itertools.cycle([1, 2, 3, 5, 8, None, None])
    return [
        span(who, month(who % 12), stay and month(who % 12 + stay), mrr)
        for who, stay in zip(range(n), stays, strict=False)
    ]


def bought(n: int, times: int, every: int = 20, amount: float = 12.5) -> list[tuple]:
    """`n` customers over half a year; customer k buys 1 to `times` times, ever `every` days."""
    starts = [later("2025-01-03", 180 * who // n) for who in range(n)]
    return [
        (f"c{who}", later(starts[who], every * k), amount + who % 7)
        for who in range(n)
        for k in range(who % times + 1)
    ]


ENDS = {"data_until": "2026-02-28"}
SUBSCRIPTIONS = {
    "header only": Business(
        [], says="subscriptions.csv: no usable row: nothing stands below the first line."
    ),
    "free customers only": Business(
        spread(40, 0), "2026-01", params=ENDS, says="nobody had a paid subscr"
    ),
    "before the data": Business(
        spread(40), "2024-12", says="lies before the data begin. The data cover 2025-01-05"
    ),
    "after the data": Business(spread(40), "2031-01", says="lies after the data end"),
    "no whole period": Business(
        [span(1, "2025-03-05")], says="no period is complete yet. Ask for .* --period 2025-03"
    ),
    "records begin within": Business(
        spread(40), "2025-06", params={"data_from": "2025-06-10"}, says="begins before the rec"
    ),
    "one customer": Business([span(1, "2025-03-05")], "2026-02", params=ENDS),
    "two of one day, partial": Business(
        [span(1, "2025-03-05"), span(2, "2025-03-05", mrr=20)], "2025-03"
    ),
    "nobody churned, dinars": Business(
        [span(who, month(who % 6), mrr=10.125) for who in range(60)],
        "2026-02",
        params={**ENDS, "currency": "KWD"},
    ),
    "all churned at once": Business(
        [span(who, "2025-01-05", "2025-01-30") for who in range(40)], "2025-02", params=ENDS
    ),
    "all gone long ago": Business(
        [span(w, month(w % 3), month(w % 3 + 1)) for w in range(60)], "2026-02", params=ENDS
    ),
    "one period": Business([span(who, "2025-01-01") for who in range(40)]),
    "hostile segments": Business(
        spread(320), "2026-02", attribute=HOSTILE, params={**ENDS, "segments": ["kind"]}
    ),
    "thirty values, some missing": Business(
        spread(300),
        "2025-Q4",
        attribute=["", *(f"v{n}" for n in range(30))],
        params={**ENDS, "cohort_by": "kind"},
    ),
    "late entry, a cost of nought": Business(
        spread(90), "2026-02", params={**ENDS, "data_from": "2025-06-01", "acquisition_cost": 0}
    ),
    "yen, a cost": Business(
        spread(60, 1000), "2026-02", params={**ENDS, "currency": "JPY", "acquisition_cost": 5000}
    ),
}
ORDERS = {
    "header only": Business([], says="orders.csv: no usable row"),
    "returns only": Business(
        [(f"c{n}", "2025-01-10", -5) for n in range(40)],
        "2025-01",
        params=ENDS,
        says="only returns",
    ),
    "one day": Business(
        [(f"c{n}", "2025-01-10", 5) for n in range(40)], says="no period is complete yet"
    ),
    "one customer": Business([("c1", "2025-03-05", 10)], "2026-02", params=ENDS),
    "a few days": Business([(f"c{n}", "2025-01-29", 5) for n in range(40)], "2025-01", params=ENDS),
    "nobody repeats": Business(bought(80, 1), "2026-02", params=ENDS),
    "short history": Business(bought(90, 3, every=5), "2025-03", params=ENDS),
    "free goods": Business(
        [(who, day, 0) for who, day, _ in bought(90, 4)], "2025-12", params=ENDS
    ),
    "returns above sales": Business(
        [*bought(90, 3), ("c1", "2026-02-10", -99999)], "2026-02", params=ENDS
    ),
    "hostile categories": Business(
        [
            (*row, f'"{HOSTILE[n % 8].replace(chr(34), chr(34) * 2)}"')
            for n, row in enumerate(bought(240, 3))
        ],
        "2025-Q4",
        "customer_id,ordered_at,amount,category",
        params={**ENDS, "cohort_by": "first_category"},
    ),
    "yen": Business(bought(90, 4, amount=1500), "2025-09", params={**ENDS, "currency": "JPY"}),
}
CASES = [("subscription", name) for name in SUBSCRIPTIONS] + [
    ("transactional", name) for name in ORDERS
]


@pytest.mark.parametrize(
    ("model", "name"), CASES, ids=[f"{model}: {name}" for model, name in CASES]
)
def test_a_clear_message_or_an_honest_page(
    model: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        predictive, "DRAWS", 40
    )  # a tenth of the futures: their number decides no sentence here
    monkeypatch.setattr(blocks, "to_svg", drawn)
    business = (SUBSCRIPTIONS if model == "subscription" else ORDERS)[name]
    file = write(business, model, tmp_path)
    if business.says:
        with pytest.raises(ChurnlibError, match=business.says):
            opened(file, business, tmp_path)
        return
    snapshot = opened(file, business, tmp_path)
    for chapter, cell, block in run_chapters(snapshot):
        where = f"{chapter}, {cell}"
        assert isinstance(block, Block), f"{where}: {block!r:.100}"
        assert MISTAKES.findall(read(block)) == [], f"{where}: {read(block)}"
        assert "<script" not in block.html, where
    for table in (snapshot.folder / "tables").glob("*.csv"):
        assert not re.search(
            r"(^|,)(nan|inf|NaT|None)(,|$)", table.read_text(encoding="utf-8"), re.M
        ), table.name


def test_a_table_without_rows_is_its_caption() -> None:
    channels = (Column("channel", "text", "Channel", "A channel."),)
    quarters = Result("quarters", "churn by quarter", "a row a quarter", channels)
    none = tagged(pd.DataFrame({"channel": []}), quarters)
    said = table_block(none, Finding(sentence="Nobody left."))
    assert "<table" not in said.html
    assert read(said) == "Nobody left."
    title = table_block(none)
    assert title.summary == "Churn by quarter: there is nothing to show."


def test_text_of_the_data_cannot_turn_what_follows_it() -> None:
    assert read(blocks.note_block("\u202eads\u202c left")) == "ads left"


def write(business: Business, model: str, folder: Path) -> Path:
    """Its files and its parameter file."""
    table = "subscriptions" if model == "subscription" else "orders"
    header = (
        "customer_id,starts_on,ends_on,mrr"
        if model == "subscription"
        else "customer_id,ordered_at,amount"
    )
    _csv(folder / f"{table}.csv", business.header or header, business.rows)
    values = {
        "business": "edge",
        "model": model,
        "currency": "EUR",
        "source": {"uri": "."},
        **business.params,
    }
    if business.attribute:
        people = dict.fromkeys(row[0] for row in business.rows)
        quoted = (
            '"{}"'.format(value.replace('"', '""')) for value in itertools.cycle(business.attribute)
        )
        _csv(folder / "customers.csv", "customer_id,kind", list(zip(people, quoted, strict=False)))
    (folder / "edge.yml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return folder / "edge.yml"


def _csv(path: Path, header: str, rows: list[tuple]) -> None:
    lines = (",".join("" if value is None else str(value) for value in row) for row in rows)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def opened(file: Path, business: Business, folder: Path) -> Snapshot:
    checked = check(read_params(file))
    period = Period.parse(business.period) if business.period else checked.latest_period()
    return freeze(checked, period, folder / "frozen")


def drawn(ax: Axes, key: str) -> str:
    """The chart, of which something has to have been drawn: rules across the axis are no data."""
    assert np.isfinite(ax.dataLim.x0), f"{key}: an empty axis"
    return to_svg(ax, key)


def run_chapters(snapshot: Snapshot) -> Iterator[tuple[str, str, Any]]:
    """What each cell of each chapter that fits ends in."""
    tables = [
        name
        for name in ("customers", "subscriptions", "orders")
        if getattr(snapshot, name) is not None
    ]
    for chapter in choose(read_chapters(), snapshot.params, snapshot.period, tables)[0]:
        names: dict[str, Any] = {"__name__": "__main__"}
        for cell in json.loads(chapter.path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                for shown in _run(cell, names):
                    yield chapter.name, cell["id"], shown
            if PARAMETERS in cell["metadata"].get("tags", []):
                names["frozen"] = str(snapshot.folder)


def _run(cell: dict[str, Any], names: dict[str, Any]) -> Iterator[Any]:
    """Run a cell; what its last line gives, if it is an expression, is what a notebook shows."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), names)
    if last is not None:
        yield eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)


def read(block: Block) -> str:
    """All that a reader sees or hears of a block: its text and its text alternatives."""
    heard = " ".join(re.findall(r'(?:aria-label|title)="([^"]*)"', block.html))
    seen = re.sub(
        r"<[^>]+>", " ", re.sub(r"<(style|defs|metadata)\b.*?</\1>", " ", block.html, flags=re.S)
    )
    return " ".join(html.unescape(f"{seen} {heard}").split())
