"""What is said of a subscriber's value, and how sure it is."""

from churnlib.findings.value import (
    say_acquisition,
    say_plain_value,
    say_remaining_value,
    say_value,
)
from churnlib.models.retention.value_range import ValueTerms
from tests.by_hand import worth, worth_of
from tests.reading import said

NOTHING = float("nan")
TERMS = ValueTerms(margin=0.8, discount_rate=0.1, horizon=60)

# a new customer


def test_the_terms_of_a_value_are_said():
    everybody = worth_of(worth("all", 200.0, column="all"))
    sentence = said(say_value(everybody, TERMS))
    assert sentence == (
        "A new customer is worth €200 (€190 to €210). Values add up 60 months of payments at "
        "today's ARPA. Value counts a margin of 80.0 %, discounted at 10.0 % a year."
    )
    unstated = said(say_value(everybody, ValueTerms()))
    assert unstated.endswith(
        "No margin is given, so value is revenue, discounted at 10.0 % a year."
    )
    few = said(say_value(everybody.assign(customers=29), TERMS))
    assert few.startswith(
        "No value can be told. Too few customers have been observed. Values add up 60 months"
    )


def test_segments_are_set_against_each_other_only_where_ranges_are_apart():
    rows = [worth("gold", 200.0), worth("iron", 100.0), worth("tin", 10.0, customers=29)]
    apart = said(say_value(worth_of(*rows)))
    assert apart == (
        "A new customer of gold is worth €200 (€190 to €210), one of iron €100 (€90 to €110), 2.0 "
        "times as much."
    )
    wide = said(say_value(worth_of(worth("gold", 200.0, 60.0), worth("iron", 100.0, 60.0))))
    assert wide.endswith("€100 (€40 to €160): the ranges overlap.")
    nought = said(say_value(worth_of(worth("gold", 200.0), worth("iron", 0.0))))
    assert nought.endswith("one of iron €0 (-€10 to €10).")
    one = said(say_value(worth_of(worth("gold", 200.0))))
    assert one == "A new customer of gold is worth €200 (€190 to €210)."


def test_the_extremes_of_many_segments_answer_for_all_pairs():
    """200 ± 60 and 320 ± 59 are apart as two; as the ends of twelve they are not."""
    ends = [worth("iron", 200.0, 59.0), worth("gold", 320.0, 59.0)]
    between = [worth(f"plan {n}", 260.0, 59.0) for n in range(10)]
    assert said(say_value(worth_of(*ends))).endswith("1.6 times as much.")
    many = said(say_value(worth_of(*ends, *between)))
    assert many.endswith(": no clear difference, as the extremes of 12.")


def test_everybodys_value_needs_enough_customers_and_a_reason_where_there_is_none():
    alone = worth_of(worth("all", 200.0, column="all"))
    found = say_value(alone)
    assert said(found) == "A new customer is worth €200 (€190 to €210)."
    assert (found.n, found.low, found.high) == (100, 190, 210)
    few = say_value(alone.assign(customers=29))
    assert said(few) == "No value can be told. Too few customers have been observed."
    none = say_value(alone.assign(value=NOTHING, reason="Nobody has left."))
    assert said(none) == "No value can be told. Nobody has left."
    assert (none.n, none.low, none.high) == (None, None, None)


# today's customers


def test_what_todays_customers_will_bring_is_an_expectation():
    left = worth_of({**worth("all", 5000.0, 100.0, column="all"), "reason": ""})
    assert said(say_remaining_value(left, TERMS)) == (
        "Today's 100 customers can be expected to bring €5,000 of discounted margin over the next "
        "60 months (€4,900 to €5,100)."
    )
    none = left.assign(value=NOTHING, reason="Nobody has left.")
    assert said(say_remaining_value(none, TERMS)).endswith("cannot be told. Nobody has left.")
    few = said(say_remaining_value(left.assign(customers=1), TERMS))
    assert few == "1 customer today: too few to tell what they will still bring."
    nobody = said(say_remaining_value(left.head(0), TERMS))
    assert nobody.startswith("Nobody is a customer")


# what winning a customer costs


def test_value_against_cost_and_when_it_is_paid_back():
    costs = {"cac": 100.0, "ltv_to_cac": 3.0, "payback_months": 1.0}
    table = worth_of({**worth("all", 300.0, column="all"), **costs})
    assert said(say_acquisition(table)) == (
        "A new customer is worth 3.0 times its cost of €100, which is paid back after 1 monthly "
        "payment."
    )
    late = said(say_acquisition(table.assign(payback_months=NOTHING)))
    assert late.endswith("which is not paid back within the horizon.")
    free = said(say_acquisition(table.assign(cac=0.0, ltv_to_cac=NOTHING)))
    assert free.startswith("The cost of winning a customer is given as nought")
    unknown = said(say_acquisition(worth_of(worth("all", 300.0))))
    assert unknown.startswith("No cost of winning")


# the plain figure


def test_the_plain_figure_and_why_it_differs():
    row = {"customers": 30, "plain_value": 40.0, "value": 22.0, "why": "it never ends"}
    steps = worth_of(row)
    assert said(say_plain_value(steps)) == (
        "ARPA × margin ÷ churn would say €40, against €22; mostly because it never ends."
    )
    none = said(say_plain_value(steps.assign(plain_value=NOTHING)))
    assert none.startswith("Without customers and churn")
    alone = said(say_plain_value(steps.assign(value=NOTHING)))
    assert alone.endswith("would say €40; there is no value to set beside it.")
    few = said(say_plain_value(steps.assign(customers=29)))
    assert few.startswith("Too few customers")
