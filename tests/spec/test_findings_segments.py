"""What is said of segments whose customers leave sooner, and of whom advice is given."""

import pytest

from churnlib.findings.segments import say_survival_by_segment
from tests.by_hand import against_others_of, curve_of, log_rank_of, point
from tests.reading import said

MISSING = float("nan")
PLANS = curve_of(
    point(12, 0.6, segment="gold"),
    point(12, 0.4, segment="iron"),
    point(12, 0.1, 29, segment="tin"),
    by="plan",
)
OTHERS = against_others_of(
    ("gold", 0.6, True, 500, -900.0), ("iron", 1.5, True, 300, 650.0), ("tin", 3.0, False, 50, 99.0)
)


def by_plan(p_adjusted, curve=PLANS, others=OTHERS, within=True, tells=False):
    flags = {"within_intervals": within, "tells_interval": tells}
    return say_survival_by_segment(log_rank_of("plan", p_adjusted, **flags), curve, others)


def test_segments_differ_only_where_the_adjusted_test_says_so():
    found = by_plan(0.049)
    assert said(found) == (
        "Of customers who pay as often, how long they stay differs by plan: those of iron leave "
        "1.50 times as often as the others (1.25 to 1.80); those of gold leave 0.60 times as often "
        "as the others (0.50 to 0.72)."
    )
    assert (found.verdict, found.place, found.at_stake, found.n) == ("watch", "", 650.0, 300)
    same = by_plan(0.05)
    assert said(same) == "Plan makes no clear difference to how long customers stay."
    few = by_plan(MISSING)
    assert said(few) == "Too few customers to compare the values of plan."
    for unclear in (same, few):
        assert (unclear.verdict, unclear.place) == ("no signal", "")
        assert (unclear.actions, unclear.at_stake) == ((), None)


def test_the_value_that_is_apart_is_a_place_to_look_with_what_it_loses():
    (action,) = by_plan(0.049).actions
    assert said(action.sentence) == (
        "Look into plan “iron” (300 customers who never left): of customers who pay as often and "
        "have stayed as long they leave 1.50 times as often as the others (1.25 to 1.80), which "
        "within twelve months takes €650 of MRR (€325 to €1,300) more than the others' rate "
        "would."
    )
    assert (action.who, action.customers) == ("plan iron", 300)
    assert (action.money, action.verdict) == ("€650 of MRR within twelve months", "watch")


@pytest.mark.parametrize(
    "others",
    [
        against_others_of(("iron", 1.5, False, 300, 650.0)),  # by chance
        against_others_of(("gold", 0.6, True, 300, -650.0)),  # they stay longer
        against_others_of(("iron", 1.5, True, 29, 650.0)),  # too few
        against_others_of(("iron", 1.5, True, 300, 0.0)),  # nothing to lose
        against_others_of(("iron", 1.5, True, 300, 650.0), column="channel"),
    ],
)
def test_no_advice_on_a_value_that_is_not_apart_or_has_nothing_at_stake(others):
    assert by_plan(0.049, others=others).actions == ()


def test_where_it_is_not_known_how_often_customers_pay_segments_are_described():
    found = by_plan(0.049, within=False)
    assert said(found) == (
        "How long customers stay differs by plan: after 12 months 60.0 % (55.0 to 65.0 %) of gold "
        "are still there, and 40.0 % (35.0 to 45.0 %) of iron. How often they pay is not known, so "
        "terms of different length may be all that is behind it."
    )
    assert (found.verdict, found.actions, found.at_stake) == ("watch", (), None)
    near = curve_of(point(12, 0.6, segment="gold"), point(12, 0.55, segment="iron"), by="plan")
    assert said(by_plan(0.049, near, within=False)).startswith(
        "How long customers stay differs by plan. How often"
    )


def test_a_column_that_tells_the_billing_interval_is_no_comparison():
    found = by_plan(MISSING, tells=True)
    assert said(found).startswith("Plan tells how often customers pay, and who pays for a longer")
    assert (found.verdict, found.actions, found.at_stake) == ("no signal", (), None)
