"""Moves that look like leaving: pauses, ids of another billing system, switches of interval."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from churnlib.findings.kinds import say_kinds, say_returned
from churnlib.findings.moves import say_migrations, say_switches
from churnlib.measures.churn import customer_churn
from churnlib.measures.kinds import churn_kinds
from churnlib.measures.moves import clearly_more, interval_switches, migrations
from churnlib.measures.revenue import mrr_bridge
from churnlib.snapshot.open import from_frames
from tests.business import frame_of, snapshot_of

MONTH, YEAR = ("Pro", 1), ("Pro", 12)


def moved(n: int, day: str = "2026-03-11", **more) -> list[tuple]:
    """So many customers whose subscriptions go on under other ids from a day on."""
    terms = more.get("mrr", 10), more.get("plan", "Pro"), 1
    old = [(f"old{i}", f"2025-0{1 + i % 9}-05", day, *terms) for i in range(n)]
    return old + [(f"new{i}", day, None, *terms) for i in range(n)]


def test_customers_who_go_on_under_another_id_on_the_very_day_are_counted():
    rows = migrations(snapshot_of(subscriptions=moved(12)))
    last = ("period_start", "churned", "same_day", "beyond", "customers", "amount")
    assert frame_of(rows.tail(1), *last) == [("2026-03-01", 12, 12, True, 12, 120)]
    assert rows["beyond"].sum() == 1
    said = say_migrations(rows)
    assert said.sentence.startswith(
        "12 of 12 customers churned in March 2026 end on the day on which a new customer of the "
        "same plan and price starts; chance brings about 0."
    )
    assert "12 more than by chance (€120 of MRR) are counted as churned" in said.sentence
    assert (said.verdict, said.at_stake, said.place) == ("watch", 120, "")


@pytest.mark.parametrize(
    "after",
    [
        ("2026-03-11", None, 11, *MONTH),  # another price
        ("2026-03-11", None, 10, "Max", 1),  # another plan
        ("2026-03-12", None, 10, *MONTH),  # a day later
    ],
)
def test_another_price_plan_or_day_is_no_pair(after):
    old = [row for row in moved(12) if row[0].startswith("old")]
    rows = migrations(snapshot_of(subscriptions=old + [(f"new{i}", *after) for i in range(12)]))
    assert rows["same_day"].sum() == 0
    assert say_migrations(rows).sentence == ""


def test_who_was_a_customer_before_or_has_not_left_is_no_pair():
    back = [(f"new{i}", "2025-10-01", "2025-11-01", 10, *MONTH) for i in range(12)]
    assert migrations(snapshot_of(subscriptions=moved(12) + back))["same_day"].tolist()[-1] == 0
    stays = [(f"old{i}", "2025-10-01", None, 5, "Add-on", 1) for i in range(12)]
    assert migrations(snapshot_of(subscriptions=moved(12) + stays))["churned"].sum() == 0


def test_pairs_are_one_to_one():
    more = [(f"other{i}", "2025-03-05", "2026-03-11", 10, *MONTH) for i in range(5)]
    rows = migrations(snapshot_of(subscriptions=moved(12) + more))
    assert frame_of(rows.tail(1), "churned", "same_day") == [(17, 12)]


def test_where_every_month_begins_and_ends_on_its_first_day_nothing_is_named():
    """30 leave and 40 join on the first of each month: the same day means nothing."""
    firsts = pd.date_range("2025-01-01", "2026-03-01", freq="MS")
    days = [day.date().isoformat() for day in firsts]
    spans = [
        (f"c{n}-{i}", day, days[n + 3] if i < 30 and n + 3 < len(days) else None, 10, *MONTH)
        for n, day in enumerate(days)
        for i in range(40)
    ]
    rows = migrations(snapshot_of(subscriptions=spans))
    assert rows["same_day"].iloc[-1] == rows["by_chance"].iloc[-1] == 30
    assert not rows["beyond"].any()
    rows = migrations(snapshot_of(subscriptions=spans + moved(100, day="2026-03-01")))
    # 130 leave, 40 would have joined
    assert frame_of(rows.tail(1), "churned", "same_day", "customers") == [(130, 130, 90)]


def test_a_period_without_churn_says_nothing():
    rows = migrations(snapshot_of(subscriptions=moved(12, day="2026-02-11")))
    assert frame_of(rows.tail(2), "churned", "customers") == [(12, 12), (0, 0)]
    assert say_migrations(rows).sentence == ""


HABITS = {
    "none": lambda day: 1.0,
    "weekdays": lambda day: 0.1 if day.weekday() >= 5 else 1.3,
    "first of the month": lambda day: 20.0 if day.day == 1 else 0.4,
    "growth": lambda day: 1.15 ** ((day - date(2025, 9, 1)).days / 30) / 3,
}


def by_chance(rng: np.random.Generator, habit: str, size: float) -> dict[str, int]:
    """Pairs of a March in which nobody moved, as `migrations` counts them."""
    days = [date(2025, 11, 20) + timedelta(n) for n in range(135)]
    rate = np.array([HABITS[habit](day) for day in days]) * size
    ended, started = rng.poisson(rate), rng.poisson(rate)
    begun = dict(zip(days, started, strict=True))
    march = [(day, n) for day, n in zip(days, ended, strict=True) if day.month == 3]

    def pairs(*others) -> int:
        return int(sum(min(n, begun.get(other(day), 0)) for day, n in march for other in others))

    shifts = {
        "same_day": [0],
        "days": [-3, -2, -1, 1, 2, 3],
        "weeks": [-7, -14, -21],
    }
    found = {
        name: pairs(*(lambda day, k=k: day + timedelta(k) for k in several))
        for name, several in shifts.items()
    }
    back = [
        (lambda day, k=k: (pd.Timestamp(day) - pd.DateOffset(months=k)).date()) for k in (1, 2, 3)
    ]
    return found | {"months": pairs(*back)}


@pytest.mark.parametrize("habit", HABITS)
def test_chance_alone_is_taken_for_a_move_in_one_report_of_a_thousand_at_most(habit):
    rng = np.random.default_rng(20260301)
    runs = pd.DataFrame([by_chance(rng, habit, size) for size in (0.3, 1, 5) for _ in range(250)])
    beyond = clearly_more(runs, {"days": 6, "weeks": 3, "months": 3})[1]
    assert beyond.sum() <= 2


def test_what_moved_is_at_most_what_churned():
    rng = np.random.default_rng(7)
    for _ in range(5):
        spans = []
        for n in range(150):
            start = date(2025, 6, 1) + timedelta(int(rng.integers(270)))
            end = start + timedelta(int(rng.integers(1, 200)))
            plan, mrr = rng.choice(["A", "B"]), int(rng.integers(1, 3)) * 10
            spans.append((f"c{n}", start.isoformat(), end.isoformat(), mrr, str(plan), 1))
        snapshot = snapshot_of(subscriptions=spans + moved(int(rng.integers(20))))
        rows = migrations(snapshot)
        churn = customer_churn(snapshot).set_index("period_start")["churned_customers"]
        assert rows["churned"].sum() == churn.sum()
        assert rows["churned"].tolist() == churn[rows["period_start"]].tolist()
        assert (rows["customers"] <= rows["same_day"]).all()
        assert (rows["same_day"] <= rows["churned"]).all()
        lost = mrr_bridge(snapshot).set_index("period_start")["churn"].abs()
        assert (rows["amount"].to_numpy() <= lost[rows["period_start"]].to_numpy() + 0.005).all()


# Switches of how often they pay.


SWITCHED = [
    ("ann", "2025-11-05", "2026-03-05", 10, *MONTH),
    ("ann", "2026-03-05", None, 8, *YEAR),
    ("bob", "2025-11-05", "2026-03-09", 10, *MONTH),
    ("bob", "2026-03-09", None, 8, *YEAR),
    ("cat", "2025-03-05", "2026-03-05", 8, *YEAR),
    ("cat", "2026-03-05", None, 10, *MONTH),
    ("dan", "2025-11-05", "2026-03-05", 10, *MONTH),  # another price, paid as often
    ("dan", "2026-03-05", None, 12, *MONTH),
    ("eve", "2025-11-05", "2026-03-05", 10, *MONTH),  # a day between: left, and came back
    ("eve", "2026-03-06", None, 8, *YEAR),
    ("fay", "2025-11-05", "2026-03-05", 10, "Pro", None),  # not known
    ("fay", "2026-03-05", None, 8, *YEAR),
]


def test_a_switch_of_interval_is_named_with_what_it_does_to_mrr():
    snapshot = snapshot_of(subscriptions=SWITCHED)
    rows = interval_switches(snapshot)
    assert frame_of(rows) == [
        ("2026-03-01", "month", "year", 2, -4),
        ("2026-03-01", "year", "month", 1, 2),
    ]
    assert customer_churn(snapshot)["churned_customers"].sum() == 0
    assert mrr_bridge(snapshot)["contraction"].iloc[-1] == -8  # with eve and fay
    said = say_switches(rows).sentence
    assert said == (
        "In March 2026 2 customers switched from paying by the month to paying by the year "
        "(−\u2060€4 of MRR, which the bridge shows as contraction) and 1 customer switched from "
        "paying by the year to paying by the month (+\u2060€2 of MRR, which the bridge shows as "
        "expansion). They stay customers."
    )


def test_nobody_switched_or_not_in_this_period():
    assert say_switches(interval_switches(snapshot_of(subscriptions=moved(3)))).sentence == ""
    later = snapshot_of(subscriptions=SWITCHED, period="2026-04")
    assert len(interval_switches(later)) == 2
    assert say_switches(interval_switches(later)).sentence == ""


# Pauses.


def paused(period: str):
    frame = pd.DataFrame(
        {
            "customer_id": ["ann", "ann", "bob", "cat", "dan"],
            "starts_on": ["2025-06-01", "2025-11-01", *["2025-06-01"] * 3],
            "ends_on": ["2025-09-10", None, "2025-12-10", "2025-12-12", None],
            "mrr": [10.0, 10, 20, 30, 40],
            "end_reason": ["paused", None, "Pause", "cancelled", None],
        }
    )
    settings = {"end_reasons": {"Pause": "paused"}, "data_until": "2026-06-30"}
    return from_frames(frame, currency="EUR", period=period, **settings)


def test_a_pause_is_told_on_its_own_and_is_churn_in_the_movements():
    snapshot = paused("2025-12")
    kinds = churn_kinds(snapshot)
    assert customer_churn(snapshot)["churned_customers"].iloc[-1] == 2
    assert say_kinds(kinds).sentence == (
        "Of the 1 who left in December 2025, 1 by their own decision (€30). Of the 2 churned, 1 "
        "paused (€20), counted as churned until back; of 2 who paused in twelve months, 1 came "
        "back so far."
    )
    alone = say_kinds(churn_kinds(paused("2025-09"))).sentence
    assert alone.startswith("Nobody left for good in September 2025. Of the 1 churned, 1 paused")


def test_who_paused_is_not_among_those_who_left_and_came_back():
    rows = pd.DataFrame(
        {
            "period_start": pd.Timestamp("2026-03-01"),
            "how": ["voluntary", "voluntary", "paused"],
            "came_back": ["yes", "no", "yes"],
            "customers": [10, 90, 50],
            "amount": 1.0,
        }
    )
    said = say_returned(rows).sentence
    assert said.startswith("Of 100 customers who left long enough ago, 10 came back")
