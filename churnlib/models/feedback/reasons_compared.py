"""Whether reasons are given more or less often than before, or by some than by the others."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact, norm
from scipy.stats import t as student

from churnlib.models.feedback.reasons import FEWEST_ANSWERS, STRATA, answers_by_month
from churnlib.models.leaving.change_parts import month_of
from churnlib.models.leaving.changes import PRICE
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.statistics.comparisons import rate_difference
from churnlib.statistics.intervals import benjamini_hochberg
from churnlib.statistics.rates import with_rate
from churnlib.statistics.rules import LEVEL

__all__ = ["reasons_before", "reasons_by"]

UPPER = (1 + LEVEL) / 2
FEWEST_OF_A_REASON = 5
"""Answers without which a reason is not compared: no difference could be beyond chance."""
YEAR_BEFORE, PRICE_CHANGE = "a year before", "before a price"
TOO_EXPENSIVE = "too_expensive"
LAST_YEAR = "last twelve months"
MORE, LESS, NOTHING = "more often", "less often", "no signal"
_COLUMNS = (
    Column("compared", "word", "By", "Before a price, a year before, or a column."),
    Column("value", "word", "Value", "Since which price, or of which value."),
    Column("reason", "word", "Reason", "What was given."),
    Column("answers", "count", "Answers", "Who gave it."),
    *rate("share", "Share", "Of all answers of the value.", "of_answers"),
    Column("of_answers", "count", "Of answers", "All answers of the value."),
    Column("other_share", "share", "Others", "Its share of the others' answers."),
    Column("other_answers", "count", "Others' answers", "All answers of the others."),
    Column(
        "difference",
        "share",
        "Difference",
        "Share less the others'.",
        low="difference_low",
        high="difference_high",
        signed=True,
    ),
    Column("difference_low", "share", "from", "The low end, 95 %.", signed=True),
    Column("difference_high", "share", "to", "The high end.", signed=True),
    Column("q_value", "number", "q", "The p-value, adjusted for what was scanned.", decimals=3),
    Column("verdict", "text", "Verdict", "more often, less often or no signal."),
)
_SHOWN = (
    "compared", "value", "reason", "answers", "share", "other_share", "difference",
    "difference_low", "difference_high", "verdict",
)  # fmt: skip
IN_TIME = Result(
    "reasons_before",
    title="reasons given more or less often than before",
    grain="one row a comparison, value and reason",
    columns=_COLUMNS,
    shown=_SHOWN,
)
BY = Result(
    "reasons_by",
    title="reasons that some give more often than the others",
    grain="one row a column, value and reason",
    columns=_COLUMNS,
    shown=_SHOWN,
)


@gives(IN_TIME)
def reasons_before(answers: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Each reason against a year before, and "too expensive" against before each price change.

    Grain: one row a comparison, value and reason, of those with enough answers; prices first.

    Parameters
    ----------
    answers : frame
        What `answers` gave.
    known : frame
        What `known_changes` gave: answers since each price, until the next change, against those of
        the twelve months before it was announced.

    Returns
    -------
    frame
        compared (before a price, a year before), value (the price's name; last twelve months),
        reason · answers · share with share_low, share_high (95 %, Wilson), of_answers ·
        other_share, other_answers (of the months before) · difference (share - other_share) with
        difference_low, difference_high (Newcombe, with the scatter of months) · q_value · verdict

    Notes
    -----
    Fisher's exact test of each, two-sided, and Student's t with the scatter of months beyond chance
    (Pearson's X2 over its degrees of freedom): the larger p-value counts. Benjamini and Hochberg
    over all prices by the one reason that they are expected to bring, and over all reasons a year
    before. Simulated: `benchmarks/reasons_claims.py`.

    Examples
    --------
    >>> rows = pd.DataFrame({"reason": ["price", "unused"], "customers": [3, 7]})
    >>> months = pd.date_range("2025-01-01", periods=24, freq="MS")
    >>> before = [rows.assign(period_start=one, years_ago=1) for one in months[:12]]
    >>> dearer = rows.assign(customers=[6, 4], years_ago=0)
    >>> answers = pd.concat(before + [dearer.assign(period_start=one) for one in months[12:]])
    >>> reasons_before(answers, pd.DataFrame())["verdict"].tolist()
    ['more often', 'less often']
    """
    given = answers[answers["reason"] != ""]
    now, before = given[given["years_ago"] == 0], given[given["years_ago"] == 1]
    a_year_before = list(_since(YEAR_BEFORE, LAST_YEAR, now, before))
    return _judged(_since_prices(given, known), a_year_before)


@gives(BY)
def reasons_by(answers: pd.DataFrame, splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each reason in each value of each column against the others, over the last twelve months.

    Grain: one row a column, value and reason, of those with enough answers; the clearest first.

    Parameters
    ----------
    answers : frame
        What `answers` gave: compared by tenure, plan and how it ended.
    splits : mapping of str to frame
        For each segment column what `answers` gave, split by it.

    Returns
    -------
    frame
        compared (the column), value, reason, and as `reasons_before`

    Notes
    -----
    Fisher's exact test of each, two-sided; Benjamini and Hochberg over all that was scanned.
    Answers are taken as independent: what moves a month moves the others too. Simulated:
    `benchmarks/reasons_claims.py`.

    Examples
    --------
    >>> rows = pd.DataFrame({"reason": ["price", "unused"], "customers": [60, 40], "years_ago": 0})
    >>> rows = rows.assign(tenure="more", plan="Pro", how="voluntary")
    >>> young = rows.assign(tenure="up to 3", customers=[10, 90])
    >>> reasons_by(pd.concat([rows, young]), {})["verdict"].tolist()
    ['more often', 'less often']
    """
    now = answers[(answers["reason"] != "") & (answers["years_ago"] == 0)]
    rows = [row for column in STRATA for row in _of_column(column, now, column)]
    for column, split in splits.items():
        recent = split[(split["reason"] != "") & (split["years_ago"] == 0)]
        rows += _of_column(column, recent, "segment")
    return _judged(rows)


def _since_prices(given: pd.DataFrame, known: pd.DataFrame) -> list[dict[str, Any]]:
    """Whether "too expensive" is given more often since each price than in the year before."""
    rows: list[dict[str, Any]] = []
    month = given["period_start"]
    for change in known.itertuples():
        if change.kind != PRICE:
            continue
        announced, begins = month_of(change.known_on), month_of(change.starts_on)
        later = known["known_on"][known["known_on"] > change.starts_on]
        until = month_of(later.min()) if len(later) else pd.Timestamp.max
        after = given[(month >= begins) & (month < until)]
        before = given[(month < announced) & (month >= announced - pd.DateOffset(years=1))]
        found = _since(PRICE_CHANGE, change.label, after, before)
        rows += [row for row in found if row["reason"] == TOO_EXPENSIVE]
    return rows


def _since(
    compared: str, value: str, after: pd.DataFrame, before: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """Reasons of some months against those of others, with the scatter of months."""
    counts = [answers_by_month(one) for one in (after, before)]
    for row in _against(compared, value, _counts(after), _counts(before)):
        yield _with_scatter(row, *_scatter(row["reason"], counts))


def _scatter(reason: str, counts: list[pd.DataFrame]) -> tuple[float, int]:
    """How many times as much months scatter about their mean as chance lets them, 1 or more; and
    of how many months that is known, less one each.
    """
    total, freedom = 0.0, 0
    for months in counts:
        freedom += max(len(months) - 1, 0)
        gave = months.get(reason, pd.Series(0, months.index))
        n = months.sum(axis=1)
        share = gave.sum() / n.sum()
        if 0 < share < 1:
            total += float(((gave - n * share) ** 2 / (n * share * (1 - share))).sum())
    return max(total / max(freedom, 1), 1.0), max(freedom, 1)


def _with_scatter(row: dict[str, Any], scatter: float, freedom: int) -> dict[str, Any]:
    """A comparison in time, its range and p-value widened by the scatter of months."""
    n, others, value = row["of_answers"], row["other_answers"], row["difference"]
    both = (row["answers"] + row["other_share"] * others) / (n + others)
    error = np.sqrt(scatter * both * (1 - both) * (1 / n + 1 / others))
    chance = 2 * student.sf(abs(value) / error, freedom) if error else 1.0
    wider = np.sqrt(scatter) * student.ppf(UPPER, freedom) / norm.ppf(UPPER)
    return row | {
        "difference_low": value - wider * (value - row["difference_low"]),
        "difference_high": value + wider * (row["difference_high"] - value),
        "p_value": max(row["p_value"], float(chance)),
    }


def _of_column(name: str, given: pd.DataFrame, column: str) -> Iterator[dict[str, Any]]:
    """Each value against the others; of two values the smaller one alone, the other mirrors it."""
    sizes = given.groupby(given[column].astype(str))["customers"].sum().sort_values(kind="stable")
    for value in sorted(sizes.index[:1] if len(sizes) == 2 else sizes.index):
        own = given[column].astype(str) == value
        yield from _against(name, value, _counts(given[own]), _counts(given[~own]))


def _counts(given: pd.DataFrame) -> pd.Series:
    return given.groupby("reason")["customers"].sum().astype(int)


def _against(
    compared: str, value: str, own: pd.Series, others: pd.Series
) -> Iterator[dict[str, Any]]:
    """A row for each reason that enough have given."""
    n, n_others = int(own.sum()), int(others.sum())
    if min(n, n_others) < FEWEST_ANSWERS:
        return
    for reason in sorted({*own.index, *others.index}):
        gave, others_gave = int(own.get(reason, 0)), int(others.get(reason, 0))
        if gave + others_gave < FEWEST_OF_A_REASON:
            continue
        cells = [[gave, n - gave], [others_gave, n_others - others_gave]]
        apart = rate_difference((gave, n), (others_gave, n_others))
        yield {
            "compared": compared,
            "value": value,
            "reason": reason,
            "answers": gave,
            "of_answers": n,
            "other_share": others_gave / n_others,
            "other_answers": n_others,
            "difference": apart.value,
            "difference_low": apart.low,
            "difference_high": apart.high,
            "p_value": float(fisher_exact(cells).pvalue),
        }


def _judged(*questions: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows of each question with their verdicts, the clearest first."""
    parts = [_with_verdicts(rows) for rows in questions if rows]
    names = [column.name for column in _COLUMNS]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _with_verdicts(found: list[dict[str, Any]]) -> pd.DataFrame:
    rows = with_rate(pd.DataFrame(found), "answers", "of_answers", "share")
    rows["q_value"] = benjamini_hochberg(rows["p_value"])
    clear = rows["q_value"] <= 1 - LEVEL
    more = rows["difference"] > 0
    rows["verdict"] = np.select([clear & more, clear], [MORE, LESS], NOTHING)
    return rows.sort_values("q_value", kind="stable", ignore_index=True)
