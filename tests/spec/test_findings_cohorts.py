"""What is said of cohorts: pooled, one beside the other, the newest, and by a column."""

import pandas as pd
import pytest

from churnlib.findings.cohorts import (
    say_cohorts,
    say_cohorts_by,
    say_cohorts_newest,
    say_cohorts_pooled,
    say_cohorts_revenue,
)
from tests.by_hand import cohort_money, newest_of, rated
from tests.reading import said, told_of


def test_retention_at_the_greatest_telling_age_with_enough_customers():
    pooled = rated([(0, 100, 100), (1, 90, 100), (6, 50, 60), (12, 20, 29)], ["age"])
    found = say_cohorts_pooled(pooled)
    assert said(found) == (
        "83.3 % (72.0 to 90.7 %) are customers 6 months after the month they began in, of the 60 "
        "observed that long."
    )
    assert (found.n, round(found.low, 3), round(found.high, 3)) == (60, 0.720, 0.907)
    young = pooled.head(2)
    assert "are customers 1 month after" in said(say_cohorts_pooled(young))
    shop = told_of(young.copy(), grain="quarter", model="transactional")
    assert "bought 1 quarter after the quarter" in said(say_cohorts_pooled(shop))
    none = say_cohorts_pooled(pooled.head(1))
    assert said(none).startswith("No cohort with enough customers")


def test_how_far_single_cohorts_lie_apart():
    rows = [("2026-01", 1, 28, 40), ("2026-02", 1, 36, 40), ("2026-03", 1, 1, 29)]
    keys = ["cohort", "age"]
    found = say_cohorts(rated(rows, keys))
    assert said(found) == (
        "From cohort to cohort, 70.0 to 90.0 % are customers 1 month after the month they began "
        "in (2 cohorts of 30 or more)."
    )
    assert (found.low, found.high) == (0.7, 0.9)
    near = say_cohorts(rated([("2026-01", 1, 31, 40), *rows[1:]], keys))
    assert said(near).endswith("(2 cohorts of 30 or more): no further apart than by chance.")
    shop = say_cohorts(rated(rows, keys, model="transactional"))
    assert "90.0 % bought 1 month after" in said(shop)
    alone = say_cohorts(rated(rows[1:], keys))
    assert said(alone).startswith("Fewer than two cohorts with enough customers")


def test_revenue_of_cohorts_against_what_they_began_with():
    table = cohort_money()
    assert said(say_cohorts_revenue(table)) == (
        "1 month after the month they began in, cohorts bring 90.0 % of what they brought in it."
    )
    few = say_cohorts_revenue(table.assign(size=10))
    assert said(few).startswith("No cohort with enough customers")


def test_new_cohorts_against_earlier_ones_with_the_numbers_of_customers():
    worse = say_cohorts_newest(newest_of((48, 80), (560, 700)))
    assert said(worse) == (
        "Retention of the newest cohorts is below that of earlier ones: 60.0 % of 80 customers "
        "after 2 months, against "
        "80.0 % of 700 (-20.0 points)."
    )
    assert worse.low < -0.2 < worse.high < 0, "the range of the difference"
    better = say_cohorts_newest(newest_of((76, 80), (560, 700)))
    assert said(better).startswith("Retention of the newest cohorts is above that of earlier ones")
    same = say_cohorts_newest(newest_of((62, 80), (560, 700)))
    assert said(same).startswith(
        "No clear difference between the newest cohorts and earlier ones: 77.5 % of 80 customers"
    )
    ages = [newest_of((62, 80), (560, 700), age=1), newest_of((20, 40), (560, 700))]
    oldest = say_cohorts_newest(told_of(pd.concat(ages)))
    assert "50.0 % of 40 customers after 2 months" in said(oldest)
    few = say_cohorts_newest(newest_of((20, 29), (560, 700)))
    assert said(few).endswith("too small to compare with earlier ones.")
    unborn = say_cohorts_newest(newest_of((48, 80), (560, 700), age=0))
    assert said(unborn).endswith("too small to compare with earlier ones.")


@pytest.mark.parametrize(
    ("new", "verdict"),
    [((48, 80), "watch"), ((76, 80), "watch"), ((62, 80), "no signal"), ((1, 29), "no signal")],
)
def test_newest_cohorts_are_worth_watching_where_they_clearly_differ(new, verdict):
    found = say_cohorts_newest(newest_of(new, (560, 700)))
    assert (found.verdict, found.place) == (verdict, "")


def by_first_plan(*rows):
    return say_cohorts_by(rated(rows, ["cohort", "age"], by="first_plan"))


def test_the_extremes_of_a_column_were_picked_and_must_differ_by_more_than_one_pair_would():
    """20 of 40 against 30 of 40 would be clear as one pair; as the extremes of six values it is
    not.
    """
    pair = [("ads", 12, 20, 40), ("fairs", 12, 30, 40)]
    two = by_first_plan(*pair)
    six = by_first_plan(*pair, *((name, 12, 25, 40) for name in "wxyz"), ("tiny", 12, 1, 29))
    ends = "By first plan, retention after 12 months runs from 50.0 % of ads to 75.0 % of fairs"
    assert (said(two), two.verdict, two.n) == (f"{ends}.", "watch", 80)
    assert (said(six), six.verdict) == (f"{ends}: no clear difference.", "no signal")
    few = by_first_plan(("ads", 12, 20, 29), ("fairs", 12, 30, 40))
    assert said(few) == "Too few customers to compare the values of first plan."
    assert few.verdict == "no signal"
