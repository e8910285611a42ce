"""What the business changed: who has met it, what customers did, what a price brings net."""

import numpy as np
import pandas as pd
import pytest

from churnlib.errors import DataError, ParamsError
from churnlib.figures.changes import plot_change, plot_price_net
from churnlib.findings.changes import say_change, say_changes, say_price_net, say_price_terms
from churnlib.measures.changes import changes_due, known_changes
from churnlib.measures.due import due
from churnlib.measures.early_lives import lives_around_changes
from churnlib.measures.met_changes import met_changes
from churnlib.models.leaving.changes import change_estimates
from churnlib.models.leaving.net import change_effects, price_net
from churnlib.params.read import params_from_settings
from tests.business import snapshot_of

RISE = {"date": "2026-01-10", "kind": "price", "label": "Rise"}
YEAR, MONTH = ("Pro", 12), ("Pro", 1)
LIVES = [
    ("ann", "2025-11-15", None, 9, *MONTH),  # due on the 15th: meets it on 15 January
    ("bob", "2025-11-05", None, 9, *MONTH),  # due on the 5th, before it: meets it on 5 February
    ("cat", "2025-03-20", None, 9, *YEAR),  # meets it on 20 March
    ("dan", "2025-06-20", None, 9, *YEAR),  # still in the middle of the term
    ("eve", "2026-01-12", None, 9, *MONTH),  # came at the new price
    ("fay", "2026-01-05", None, 9, *MONTH),  # came at the old one: meets it on 5 February
]


def changed(*changes: dict, lives: list = LIVES, **more):
    return snapshot_of(subscriptions=lives, changes=list(changes), **more)


def met_months(snapshot) -> list[str]:
    rows = met_changes(snapshot)
    return sorted({f"{one:%Y-%m}" if pd.notna(one) else "to come" for one in rows["met_in"]})


def test_who_meets_a_change_does_so_at_the_first_renewal_on_its_day_or_later():
    assert met_months(changed(RISE)) == ["2026-01", "2026-02", "2026-03", "to come"]
    assert met_changes(changed(RISE))["customers"].sum() == 5


def test_what_comes_at_once_is_met_by_all_who_are_there():
    rows = met_changes(changed(RISE | {"at": "once"}))
    assert rows["met_in"].dt.strftime("%Y-%m").unique().tolist() == ["2026-01"]
    assert rows["customers"].sum() == 4  # neither eve nor fay was there when the month began


def test_a_change_to_come_is_not_known_yet():
    snapshot = changed(RISE, period="2025-12", lives=LIVES[:4])
    assert known_changes(snapshot).empty
    assert changes_due(snapshot).empty
    assert met_changes(snapshot).empty
    assert lives_around_changes(snapshot).empty


def test_over_reach_and_renewals_since_it_is_who_was_due():
    snapshot = changed(RISE, RISE | {"label": "Other", "date": "2025-12-01"})
    rows, whole = changes_due(snapshot), due(snapshot)
    for _, own in rows.groupby("label"):
        mine = own.groupby("period_start")[["due", "left"]].sum()
        all_of_them = whole.groupby("period_start")[["due", "left"]].sum()
        assert mine.equals(all_of_them.loc[mine.index])
        assert all_of_them["due"].drop(mine.index).sum() == 0


def test_the_renewals_since_a_change_are_counted():
    rows = changes_due(changed(RISE))
    march = rows[rows["period_start"] == "2026-03-01"]
    since = march.groupby("since")["due"].sum().to_dict()
    assert since == {0: 1, 1: 1, 2: 2, 3: 1}  # eve; cat; bob and fay; ann


def test_reach_is_a_column_of_customers():
    people = [{"customer_id": "ann", "country": "DE"}, {"customer_id": "bob", "country": "FR"}]
    german = RISE | {"reach": {"country": ["DE"]}}
    rows = met_changes(changed(german, customers=people))
    assert rows["customers"].sum() == 1
    due_rows = changes_due(changed(german, customers=people))
    assert due_rows[due_rows["reached"]]["due"].sum() == 4  # ann: December to March
    assert due_rows[~due_rows["reached"]]["since"].eq(0).all()
    with pytest.raises(DataError, match="kountry"):
        met_changes(changed(RISE | {"reach": {"kountry": ["DE"]}}, customers=people))


def test_what_was_paid_before_and_after():
    """Ann pays 10 instead of 9 from her renewal on; bob moves to another plan; cat leaves."""
    lives = [
        ("ann", "2025-11-15", "2026-01-15", 9, *MONTH),
        ("ann", "2026-01-15", None, 10, *MONTH),
        ("bob", "2025-11-15", "2026-01-15", 9, *MONTH),
        ("bob", "2026-01-15", None, 20, "Max", 1),
        ("cat", "2025-11-15", "2026-01-15", 9, *MONTH),
    ]
    rows = met_changes(changed(RISE, lives=lives))
    assert rows["mrr"].sum() == 27
    assert rows[["mrr_same_plan", "mrr_same_plan_after"]].sum().tolist() == [9, 10]
    assert rows[rows["gone_in"].notna()]["customers"].sum() == 1
    assert not rows["in_base"].any()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"date": "1.3.2026"}, "a date is written"),
        ({"kind": "prize"}, "is one of"),
        ({"announced_on": "2026-02-01"}, "lies after date"),
        ({"reach": {}}, "at least one value"),
        ({"reach": {"country": []}}, "at least one value"),
        ({"label": "x" * 41}, "40 characters"),
        ({"label": "a\u200bb"}, "cannot be seen"),
    ],
)
def test_a_change_that_is_wrong_is_named(wrong, said):
    settings = {"business": "b", "model": "subscription", "currency": "EUR", "source": {"uri": "."}}
    with pytest.raises(ParamsError, match=said):
        params_from_settings(settings | {"changes": [RISE | wrong]}, "test")


def test_two_changes_of_one_name_are_refused():
    settings = {"business": "b", "model": "subscription", "currency": "EUR", "source": {"uri": "."}}
    with pytest.raises(ParamsError, match="a label of its own"):
        params_from_settings(settings | {"changes": [RISE, RISE]}, "test")


# What customers did: months in which 1,000 are due and 30 leave, until a price rises.


def known(**more) -> pd.DataFrame:
    day = pd.Timestamp("2026-01-01")
    row = {"label": "Rise", "kind": "price", "starts_on": day, "known_on": day}
    return pd.DataFrame([row | {"reaches": "everybody", "at_renewal": True} | more])


def rows_of(left: list[int], since: list[int], *, reached=True, start="2025-01-01", due=1000):
    months = pd.date_range(start, periods=len(left), freq="MS")
    frame = pd.DataFrame({"label": "Rise", "period_start": months, "interval_months": 1})
    frame = frame.assign(renewal=5, reached=reached, since=since, due=due, left=left, complete=True)
    frame.attrs = {"grain": "month", "currency": "EUR", "period": "2026-01"}
    return frame


STEADY = [31, 28, 30, 33, 29, 30, 31, 29, 30, 32, 28, 30]


def estimate(*frames: pd.DataFrame, **more) -> pd.DataFrame:
    return change_estimates(known(**more), pd.concat(frames)).set_index("method")


def test_both_ways_to_compare_say_that_more_left():
    met = rows_of([*STEADY, 60], [*[0] * 12, 1])
    others = rows_of([30] * 13, [0] * 13)
    found = estimate(met, others)
    assert found.loc["own past", "effect"] == pytest.approx(2.0, rel=0.02)
    assert found.loc["others of the same months", "effect"] == pytest.approx(2.0, rel=0.05)
    assert found.loc["both", "verdict"] == "leave more"
    assert found.loc["both", "effect_low"] == found["effect_low"].min()


def test_where_everybody_left_more_in_that_month_it_is_not_the_change():
    """The past says twice, the others of the month say no more than these."""
    met = rows_of([*STEADY, 60], [*[0] * 12, 1])
    others = rows_of([*STEADY, *[62] * 3], [0] * 15)
    later = rows_of([60] * 2, [1] * 2, start="2026-02-01")
    found = estimate(met, later, others)
    assert found.loc["own past", "effect_low"] > 1
    assert found.loc["both", "verdict"] == "cannot be separated"


def test_where_some_were_not_reached_they_are_what_is_compared_with():
    reached = rows_of([*STEADY, 60, 61], [*[0] * 12, 1, 1])
    unreached = rows_of([30] * 14, [0] * 14, reached=False)
    found = estimate(reached, unreached)
    assert "those not reached" in found.index
    assert found.loc["both", "verdict"] == "leave more"
    alike = rows_of([*STEADY, 60, 61], [0] * 14, reached=False)
    assert estimate(reached, alike).loc["those not reached", "effect"] == pytest.approx(1, abs=0.05)


def test_a_change_at_once_has_its_past_alone():
    found = estimate(rows_of([*STEADY, 60], [*[0] * 12, 1]), at_renewal=False, kind="launch")
    assert found.index.tolist() == ["own past"]
    assert found["verdict"].tolist() == ["before and after"]


def test_who_left_between_announcement_and_change_is_counted_apart():
    met = rows_of([*STEADY[:11], 90, 60], [*[0] * 12, 1])
    found = estimate(met, known_on=pd.Timestamp("2025-12-01"))
    assert found.loc["own past", "effect"] == pytest.approx(2.0, rel=0.02)
    apart = found.loc["between announcement and change"]
    assert apart["effect"] == pytest.approx(3.0, rel=0.02)


def test_too_early_without_half_a_year_before_or_anybody_after():
    assert estimate(rows_of([30] * 4, [0] * 4, start="2025-09-01"))["verdict"].tolist() == [
        "too early"
    ]
    assert estimate(rows_of(STEADY, [0] * 12))["verdict"].tolist() == ["too early"]


def lives_of(now_left: int, before_left: int) -> pd.DataFrame:
    rows = [
        ("now", 45, True, now_left),
        ("now", 91, False, 400 - now_left),
        ("before", 45, True, before_left),
        ("before", 91, False, 400 - before_left),
    ]
    frame = pd.DataFrame(rows, columns=["cohort", "duration", "event_observed", "customers"])
    return frame.assign(segment="Rise")


def test_new_customers_are_compared_at_equal_age_unless_another_change_is_near():
    rows = rows_of([*STEADY, 30], [*[0] * 12, 1])
    launch = known(kind="launch", at_renewal=False)
    found = change_estimates(launch, rows, lives_of(120, 60)).set_index("method")
    assert found.loc["new customers", "verdict"] == "leave more"
    assert found.loc["new customers", "effect"] == pytest.approx(np.log(0.7) / np.log(0.85))
    near = launch.assign(label="Other", starts_on=pd.Timestamp("2026-03-01"))
    near = near.assign(known_on=near["starts_on"])
    both = pd.concat([launch, near])
    other = pd.concat([rows, rows.assign(label="Other")])
    found = change_estimates(both, other, lives_of(120, 60))
    own = found[(found["label"] == "Rise") & (found["method"] == "new customers")]
    assert own["verdict"].tolist() == ["cannot be separated"]


def met_of(**more) -> pd.DataFrame:
    """1,000 customers who paid 10 each meet it in January; 60 leave at it, 40 later."""
    january, february = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")
    frame = pd.DataFrame({"gone_in": [pd.NaT, january, february], "customers": [900, 60, 40]})
    frame["mrr"] = frame["customers"] * 10.0
    staying = frame["mrr"].where(frame["gone_in"] != january, 0.0)
    frame = frame.assign(mrr_same_plan=staying, mrr_same_plan_after=staying * 1.1, in_base=True)
    frame = frame.assign(label="Rise", met_in=january, interval_months=1, renewal=5, **more)
    frame.attrs = {"grain": "month", "currency": "EUR", "period": "2026-02"}
    return frame


def net_of() -> tuple[pd.DataFrame, pd.DataFrame]:
    met = rows_of([*STEADY, 60], [*[0] * 12, 1])
    due_rows = pd.concat([met, rows_of([30] * 14, [0] * 14)])
    estimates = change_estimates(known(), due_rows)
    return price_net(known(), due_rows, met_of(), estimates), estimates


def test_the_net_of_a_price_is_what_it_brings_less_who_left_because_of_it():
    net, estimates = net_of()
    effect = estimates.set_index("method").loc["both", "effect"]
    assert net["period_start"].dt.month.tolist() == [1, 2]
    assert net["rise"].tolist() == pytest.approx([0.1, 0.1])
    assert net["mrr_gained"].tolist() == pytest.approx([940.0, 900.0])
    # of the 600 that left at it, 3 % more would not be there a month later
    stayed = 1 - (sum(STEADY) + 30 * 12 + 0.03) / (24_000 + 1)
    assert net["mrr_left"].tolist() == pytest.approx([600.0, 600 * stayed], rel=1e-4)
    assert net["mrr_lost"].iloc[0] == pytest.approx(600 * (1 - 1 / effect))
    assert net["net"].tolist() == pytest.approx((net["mrr_gained"] - net["mrr_lost"]).tolist())
    assert net["net_so_far"].iloc[-1] == pytest.approx(net["net"].sum())
    assert (net["net_low"] < net["net"]).all()
    assert (net["net"] < net["net_high"]).all()


def test_break_even_is_where_the_rise_is_eaten_up():
    """A rise of 10 % and 3 % who leave anyway: 3.94 times as often (docs/opinions.md)."""
    net, estimates = net_of()
    effects = change_effects(estimates, net)
    assert effects["break_even"].iloc[0] == pytest.approx(3.94, abs=0.06)
    hazard = 0.03
    even = effects["break_even"].iloc[0] * hazard
    assert 0.1 * (1 - even) == pytest.approx(even - hazard, abs=2e-3)


def test_what_is_said_of_a_price():
    net, estimates = net_of()
    said = say_price_net(net, estimates)
    assert said.place == "changed"
    assert said.verdict == "watch"
    assert "“Rise”: 1,000 of 1,000 customers have met it" in said.sentence
    year = pd.DataFrame({"opening": [9000.0], "nrr": [0.95]})
    terms = say_price_terms(net, change_effects(estimates, net), year).sentence
    assert "The rise is 10.0" in terms
    assert "+10.0\xa0points are the rise" in terms
    assert (
        "moved leaving beyond chance: “Rise”"
        in say_changes(change_effects(estimates, net)).sentence
    )
    assert "by both ways to compare" in say_change(estimates).sentence


def test_a_price_that_loses_money_beyond_chance_asks_for_action():
    net, estimates = net_of()
    loss = net.assign(net=-50.0, net_low=-80.0, net_high=-20.0)
    assert say_price_net(loss, estimates).verdict == "act"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("before and after", "not because of it"),
        ("cannot be separated", "cannot be separated"),
        ("no signal", "within chance"),
        ("too early", "too early"),
    ],
)
def test_what_is_not_known_is_not_claimed(verdict, said):
    frame = plot_change.figure.example().tail(1).assign(verdict=verdict, due=900)
    finding = say_change(frame)
    assert said in finding.sentence
    assert finding.verdict == "no signal"


def test_nothing_changed_and_nobody_has_met_it():
    net, estimates = net_of()
    assert "No change had begun" in say_changes(change_effects(estimates, net).head(0)).sentence
    assert "Nobody has met" in say_price_net(net.head(0), estimates).sentence
    assert say_price_terms(net.head(0), estimates, pd.DataFrame()).sentence == ""
    assert price_net(known(kind="launch"), rows_of([30], [0]), met_of(), estimates).empty
    waiting = met_of().assign(met_in=pd.NaT)
    assert price_net(known(), rows_of([30], [0]), waiting, estimates).empty


def test_the_charts_show_each_estimate_and_the_three_lines_of_the_net():
    ax = plot_change(plot_change.figure.example())
    assert len(ax.get_yticklabels()) == 3
    ax = plot_price_net(plot_price_net.figure.example())
    assert {text.get_text().split()[0] for text in ax.texts} >= {"brings", "lost", "net"}


def test_every_chart_over_time_marks_where_something_was_changed():
    frame = plot_price_net.figure.example()
    frame.attrs["changes"] = [("2025-02-10", "Launch"), ("2024-05-01", "Long ago")]
    ax = plot_price_net(frame)
    assert "Launch" in {text.get_text() for text in ax.texts}
    assert "Long ago" not in {text.get_text() for text in ax.texts}
