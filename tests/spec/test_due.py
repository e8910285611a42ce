"""Who was due, by lives that anyone can count: terms end in steps from the start of a stay."""

import pandas as pd
import pytest

from churnlib.measures.churn import customer_churn
from churnlib.measures.due import due, due_by
from churnlib.measures.known_terms import known_terms
from churnlib.measures.renewals import due_ahead, renewals
from tests.business import frame_of, snapshot_of

YEAR, HALF, QUARTER, MONTH = ("Pro", 12), ("Pro", 6), ("Pro", 3), ("Pro", 1)


def due_months(*spans: tuple, period: str = "2026-12") -> list[str]:
    """The months in which somebody of these was due."""
    rows = due(snapshot_of(subscriptions=list(spans), period=period))
    return [f"{row.period_start:%Y-%m}" for row in rows[rows["due"] > 0].itertuples()]


def test_who_pays_by_the_year_is_due_once_a_year_and_who_pays_by_the_month_always():
    """The first month of a life has no opening, so nobody is due in it."""
    assert due_months(("ann", "2024-11-15", None, 9, *YEAR)) == ["2025-11", "2026-11"]
    assert due_months(("bob", "2026-10-31", None, 9, *MONTH)) == ["2026-11", "2026-12"]
    assert due_months(("cat", "2026-01-31", None, 9, *QUARTER)) == ["2026-04", "2026-07", "2026-10"]


def test_a_week_counts_as_a_month():
    assert due_months(("ann", "2026-10-15", None, 9, "Pro", 12 / 52)) == ["2026-11", "2026-12"]


def test_a_customer_in_the_middle_of_a_term_is_there_and_not_due():
    rows = due(snapshot_of(subscriptions=[("ann", "2025-11-15", None, 9, *YEAR)]))
    last = rows.iloc[-1]
    assert (last.customers, last.due, last.left, last.renewal) == (1, 0, 0, 1)


def test_left_in_time_and_left_early():
    """Bob ends with his year, eve in the middle of hers."""
    spans = [
        ("bob", "2025-02-10", "2026-02-10", 9, *YEAR),
        ("eve", "2025-06-10", "2026-02-20", 9, *YEAR),
    ]
    rows = due(snapshot_of(subscriptions=spans))
    last = rows[rows["period_start"] == "2026-02-01"]
    assert last[["customers", "due", "left", "left_early"]].sum().tolist() == [2, 1, 1, 1]


def test_what_was_due_last_september_can_be_told_later():
    """A renewal has moved the day on by then; the months are the same."""
    spans = [("ann", "2024-09-12", None, 9, *YEAR)]
    assert due_months(*spans, period="2025-09") == ["2025-09"]
    assert due_months(*spans, period="2026-08") == ["2025-09"]


def test_a_new_price_in_the_middle_of_a_term_moves_nothing():
    spans = [("ann", "2025-01-10", "2025-05-10", 9, *YEAR), ("ann", "2025-05-10", None, 12, *YEAR)]
    assert due_months(*spans) == ["2026-01"]


def test_a_switch_of_interval_starts_anew():
    """Ann pays by the month until May, then by the year: due next in May of the next year."""
    spans = [("ann", "2026-01-10", "2026-05-10", 9, *MONTH), ("ann", "2026-05-10", None, 8, *YEAR)]
    months = due_months(*spans, period="2027-06")
    assert months == ["2026-02", "2026-03", "2026-04", "2026-05", "2027-05"]


def test_a_switch_of_interval_is_no_leaving():
    spans = [("ann", "2026-01-10", "2026-05-10", 9, *MONTH), ("ann", "2026-05-10", None, 8, *YEAR)]
    rows = due(snapshot_of(subscriptions=spans, period="2026-06"))
    assert rows[["left", "left_early"]].to_numpy().sum() == 0


def test_a_comeback_starts_anew():
    spans = [
        ("ann", "2025-01-10", "2026-01-10", 9, *YEAR),
        ("ann", "2026-04-03", None, 9, *YEAR),
    ]
    rows = due(snapshot_of(subscriptions=spans, period="2027-05"))
    told = rows[rows["due"] > 0]
    assert frame_of(told, "period_start", "renewal", "left") == [
        ("2026-01-01", 1, 1),
        ("2027-04-01", 1, 0),
    ]


def test_renews_on_fixes_the_day_from_which_steps_are_counted():
    """The first, broken year ends in March, where everybody of this business renews."""
    span = ("ann", "2025-01-20", None, 9, *YEAR, "s1", "2026-03-01")
    assert due_months(span) == ["2025-03", "2026-03"]


@pytest.mark.parametrize(
    ("other", "months"),
    [
        (("ann", "2025-03-05", None, 5, *YEAR, "s2"), ["2026-03"]),  # the same month
        (("ann", "2025-09-05", None, 5, *YEAR, "s2"), []),  # never together
        (("ann", "2025-09-05", None, 5, *MONTH, "s2"), ["2026-03"]),  # the longer one rules
        (("ann", "2025-06-05", None, 5, *QUARTER, "s2"), ["2026-03"]),  # four of them in its year
        (("ann", "2025-07-05", None, 5, *QUARTER, "s2"), []),
    ],
)
def test_of_several_subscriptions_all_must_end_together(other, months):
    assert due_months(("ann", "2025-03-20", None, 9, *YEAR, "s1"), other) == months


def test_once_the_other_has_ended_the_one_that_is_left_rules():
    spans = [
        ("ann", "2025-03-20", None, 9, *YEAR, "s1"),
        ("ann", "2025-09-05", "2026-09-05", 5, *YEAR, "s2"),
    ]
    assert due_months(*spans, period="2027-04") == ["2027-03"]


def test_due_by_quarter_counts_a_customer_once():
    spans = [
        ("ann", "2025-11-20", None, 9, *MONTH),
        ("bob", "2025-02-20", "2026-02-20", 9, *YEAR),
        ("cat", "2025-06-20", None, 9, *YEAR),
    ]
    rows = due_by(snapshot_of(subscriptions=spans, period="2026-Q1"), None, "quarter")
    last = rows[rows["period_start"] == "2026-01-01"]
    assert last[["customers", "due", "left", "left_early"]].sum().tolist() == [3, 2, 1, 0]


def test_back_within_the_quarter_is_no_leaving_of_the_quarter():
    spans = [
        ("ann", "2025-06-20", "2026-01-20", 9, *MONTH),
        ("ann", "2026-03-01", None, 9, *MONTH),
    ]
    rows = due_by(snapshot_of(subscriptions=spans, period="2026-Q1"), None, "quarter")
    assert rows["left"].sum() == 0


def test_all_together_are_the_customers_and_the_leavers_of_the_movements():
    spans = [
        (f"c{n}", f"2025-{1 + n % 12:02}-{1 + n % 27:02}", end, 10, "Pro", (1, 3, 12)[n % 3])
        for n, end in enumerate(["2026-02-11", None, "2026-03-01", None, "2025-12-31"] * 6)
        if not end or end > f"2025-{1 + n % 12:02}-{1 + n % 27:02}"
    ]
    snapshot = snapshot_of(subscriptions=spans)
    churn = customer_churn(snapshot).set_index("period_start")
    sums = due(snapshot).groupby("period_start")[["customers", "left", "left_early"]].sum()
    both = churn.join(sums).fillna(0)
    assert both["opening_customers"].tolist() == both["customers"].tolist()
    assert both["churned_customers"].tolist() == (both["left"] + both["left_early"]).tolist()


def test_a_partial_month_is_marked():
    assert due(snapshot_of(subscriptions=[("a", "2025-11-05", None, 5, *MONTH)])).complete.all()


# Where it is not given how often customers pay.


def yearly_without_saying(n: int = 40, months: int = 12) -> list[tuple]:
    """Customers whose ends fall on multiples of a term that nobody gives."""
    ends = pd.Timestamp("2024-03-10") + pd.DateOffset(months=months)
    gone = [(f"gone{k}", "2024-03-10", f"{ends:%Y-%m-%d}", 9, "Club") for k in range(n)]
    return [*gone, ("here", "2025-03-10", None, 9, "Club")]


@pytest.mark.parametrize(("months", "due_next"), [(12, ["2026-03"]), (6, ["2025-09", "2026-03"])])
def test_a_term_is_inferred_from_when_customers_leave(months, due_next):
    snapshot = snapshot_of(subscriptions=yearly_without_saying(months=months))
    rows = due(snapshot)
    here = rows[(rows["period_start"] > "2025-03-01") & (rows["due"] > 0)]
    assert [f"{day:%Y-%m}" for day in here["period_start"]] == due_next
    assert frame_of(known_terms(snapshot), "plan", "given", "term") == [("Club", False, months)]


def test_a_few_ends_infer_nothing():
    snapshot = snapshot_of(subscriptions=yearly_without_saying(n=8))
    assert known_terms(snapshot)["term"].tolist() == [1]


def test_a_given_interval_is_never_overruled():
    spans = [(*row, 1) for row in yearly_without_saying()]
    terms = known_terms(snapshot_of(subscriptions=spans))
    assert frame_of(terms, "given", "term") == [(True, None)]


# Renewals and who is due next.


def test_renewals_by_how_often_customers_pay():
    spans = [
        ("ann", "2025-12-10", None, 9, *MONTH),
        ("bob", "2025-12-10", "2026-03-10", 9, *MONTH),
        ("cat", "2025-03-10", None, 9, *YEAR),
    ]
    rows = renewals(snapshot_of(subscriptions=spans))
    last = rows[rows["period_start"] == "2026-03-01"]
    assert frame_of(last, "billing", "due", "renewed", "left") == [
        ("all", 3, 2, 1),
        ("month", 2, 1, 1),
        ("year", 1, 1, 0),
    ]


def test_due_ahead_knows_todays_customers_and_their_notice():
    spans = [
        ("ann", "2025-05-10", None, 120, *YEAR, "s1"),
        ("bob", "2026-03-10", None, 9, *MONTH, "s2", None, "2026-03-20"),
        ("cat", "2026-03-10", None, 9, *MONTH, "s3", None, "2026-04-20"),  # not known yet
        ("eve", "2026-01-10", "2026-03-15", 9, *MONTH, "s4"),
    ]
    rows = due_ahead(snapshot_of(subscriptions=spans))
    assert frame_of(rows, "period_start", "interval_months", "renewal", "due", "given_notice") == [
        ("2026-04-01", 1, 1, 2, 1),
        ("2026-05-01", 1, 2, 2, 1),
        ("2026-05-01", 12, 1, 1, 0),
        ("2026-06-01", 1, 3, 2, 1),
    ]
    assert rows["mrr"].tolist() == [18, 18, 120, 18]
