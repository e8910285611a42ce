"""What is said of months of life that stand out, and to whom it is said to speak."""

import pytest

from churnlib.findings.months_of_life import say_hazard
from tests.by_hand import base_of, hazard_of
from tests.reading import said

PEAK = hazard_of((5, 0.09, 0.03, True))


def test_months_that_stand_out_with_what_is_around_them():
    hazard = hazard_of((4, 0.03, 0.06, False), (5, 0.09, 0.03, True))
    base = base_of((4, 100, 5000.0))
    found = say_hazard(hazard, base)
    assert said(found) == (
        "Leaving is clearly likelier in month 5 of customers paying by the month (9.0 % leave, "
        "against 3.0 % around it)."
    )
    assert (found.verdict, found.place) == ("watch", "")
    even = say_hazard(hazard.head(1), base)
    assert said(even).startswith("No month of life stands out")
    few = say_hazard(hazard.assign(at_risk=29, stands_out=False), base)
    assert said(few).startswith("Too few customers")
    none = say_hazard(hazard.head(0), base)
    assert said(none).startswith("Too few customers")
    for unclear in (even, few, none):
        assert (unclear.verdict, unclear.place, unclear.actions) == ("no signal", "", ())


def test_where_to_act_in_the_life_of_a_customer():
    """Month of life 5 is that of those who have been customers for 4 months; 6 % of their 5,000
    goes beyond the usual.
    """
    found = say_hazard(PEAK, base_of((4, 100, 5000.0), (5, 900, 9.0)))
    (action,) = found.actions
    assert said(action.sentence) == (
        "Speak to customers paying by the month before their month of life 5 ends: 9.0 % leave in "
        "it, against 3.0 % around it. 100 customers with €5,000 of MRR are in it now: about 9 of "
        "them leave at the one rate, 3 at the other, which is €300 of MRR more."
    )
    assert action.who == "customers paying by the month in their month of life 5"
    assert (action.customers, action.money, action.verdict) == (100, "€300 of MRR", "watch")


def test_only_those_who_pay_as_often_are_meant():
    base = base_of((4, 100, 5000.0), interval_months=12)
    found = say_hazard(PEAK, base)
    assert (found.at_stake, found.actions, found.verdict) == (0, (), "watch")


def test_a_renewal_that_stands_out_among_renewals_is_a_place_to_act():
    """Among those who pay by the year month 24 is set against months 12 and 36."""
    hazard = hazard_of((24, 0.3, 0.1, True), interval_months=12)
    (action,) = say_hazard(hazard, base_of((23, 100, 1000.0), interval_months=12)).actions
    assert "customers paying by the year before their month of life 24 ends" in action.sentence
    assert "against 10.0\u00a0% at the renewals around it" in action.sentence


def test_months_in_which_contracts_may_end_are_no_ground_for_advice():
    """Where it is not known how often customers pay, yearly contracts make months 12 and 24 stand
    out, and quarterly ones all multiples of 3.
    """
    rows = [(month, 0.2, 0.02, True) for month in (3, 12, 24)]
    hazard = hazard_of(*rows, interval_months=0)
    found = say_hazard(hazard, base_of((11, 500, 5000.0), interval_months=0))
    assert (found.verdict, found.actions, found.at_stake) == ("no signal", (), 0)
    assert said(found).startswith("More leave in month 3 (20.0 % leave, against 2.0 % around it),")
    assert "no more than that they cannot leave before" in said(found)
    both = hazard_of((5, 0.09, 0.03, True), *rows, interval_months=0)
    mixed = say_hazard(both, base_of((4, 100, 5000.0), (11, 500, 9.0), interval_months=0))
    assert said(mixed).startswith("Leaving is clearly likelier in month 5 (9.0 %")
    assert [action.who for action in mixed.actions] == ["customers in their month of life 5"]


def test_what_is_at_stake_is_the_mrr_that_leaves_beyond_the_usual():
    """6 % of 5,000 and 10 % of 200."""
    hazard = hazard_of((5, 0.09, 0.03, True), (13, 0.2, 0.1, True), (14, 0.9, 0.9, False))
    found = say_hazard(hazard, base_of((4, 100, 5000.0), (12, 2, 200.0), (13, 50, 7000.0)))
    assert found.at_stake == pytest.approx(320.0)


@pytest.mark.parametrize(
    ("in_it_now", "told"),
    [
        (30, 1),
        (29, 0),  # too few to speak of a rate
    ],
)
def test_a_month_needs_enough_customers_to_act_on(in_it_now, told):
    assert len(say_hazard(PEAK, base_of((4, in_it_now, 500.0))).actions) == told


def test_a_month_that_brings_less_than_one_leaver_more_is_no_place_to_act():
    less = say_hazard(hazard_of((5, 0.04, 0.01, True)), base_of((4, 33, 500.0)))
    more = say_hazard(hazard_of((5, 0.04, 0.01, True)), base_of((4, 34, 500.0)))
    assert (len(less.actions), len(more.actions)) == (0, 1)


def test_at_most_two_months_are_told_the_heaviest_first():
    hazard = hazard_of((2, 0.05, 0.02, True), (5, 0.09, 0.03, True), (9, 0.2, 0.1, True))
    base = base_of((1, 100, 100.0), (4, 100, 100.0), (8, 100, 100.0))
    found = say_hazard(hazard, base)
    assert [action.who.split()[-1] for action in found.actions] == ["9", "5"]
    assert said(found).startswith("Leaving is clearly likelier in month 2 of")
