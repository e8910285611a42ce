"""How a number of the first screen is made: value, changes, what chance could do, course and n."""

import pandas as pd
import pytest

from churnlib.findings import key_figures
from tests.by_hand import churn_of, dated, kept_of
from tests.reading import changes_of, noise_of, said

MISSING = float("nan")


def amount_of(*values, how="EUR", grain="month"):
    frame = dated(pd.DataFrame({"closing": list(values)}), grain)
    return key_figures.amount(frame, "closing", "MRR", how)


def rate_of(*pairs, rows=13, grain="month"):
    frame = churn_of(*pairs, rows=rows, grain=grain)
    return key_figures.rate(frame, "churned_customers", "opening_customers", "Customer churn")


def share_of(*shares, n=40):
    return key_figures.share_of_money(kept_of(*shares, n=n), "nrr", "n", "NRR")


# amounts


def test_an_amount_with_its_unit_and_its_changes():
    figure = amount_of(10000.0, *[15000.0] * 10, 15740.0, 16320.0)
    assert (figure.label, figure.value, figure.unit) == ("MRR", "€16,320", "EUR")
    assert changes_of(figure) == {"September 2026": "+3.7 %", "October 2025": "+63.2 %"}
    assert [one.amount for one in figure.changes] == pytest.approx([580 / 15740, 0.632])
    assert (figure.good, figure.n) == ("up", "")


def test_a_count_has_no_unit():
    figure = amount_of(787.0, 816.0, how="count")
    assert (figure.value, figure.unit) == ("816", "")


@pytest.mark.parametrize(
    ("now", "noise"), [(1004.0, True), (996.0, True), (1006.0, False), (994.0, False)]
)
def test_amounts_that_changed_by_less_than_half_a_per_cent_are_unchanged(now, noise):
    assert noise_of(amount_of(1000.0, now)) == {"September 2026": noise}


def test_there_is_a_change_against_what_was_there_only():
    assert changes_of(amount_of(100.0)) == {}
    assert list(changes_of(amount_of(*[100.0] * 12))) == ["September 2026"]
    assert list(changes_of(amount_of(*[100.0] * 13))) == ["September 2026", "October 2025"]


def test_a_year_are_four_quarters():
    figure = amount_of(100.0, 1.0, 1.0, 160.0, 200.0, grain="quarter")
    assert changes_of(figure) == {
        "third quarter of 2026": "+25.0 %",
        "fourth quarter of 2025": "+100.0 %",
    }


@pytest.mark.parametrize(
    ("before", "now"),
    [(0.0, 100.0), (-50.0, 100.0), (100.0, -50.0), (MISSING, 1.0), (1.0, MISSING)],
)
def test_a_share_of_nothing_of_a_loss_or_of_the_unknown_says_nothing(before, now):
    assert amount_of(before, now).changes == ()


def test_a_fall_to_nought_is_told():
    assert changes_of(amount_of(100.0, 0.0)) == {"September 2026": "-100.0 %"}


def test_the_course_is_the_reported_period_and_a_year_before_it():
    figure = amount_of(*range(20))
    assert figure.course == tuple(float(value) for value in range(7, 20))
    assert amount_of(1.0, MISSING, 3.0).course == (1.0, None, 3.0)


def test_where_there_is_no_amount_there_is_a_dash():
    none = amount_of()
    assert (none.value, none.changes, none.course) == ("–", (), ())
    unknown = amount_of(1.0, MISSING)
    assert (unknown.value, unknown.course) == ("–", (1.0, None))


# shares of customers


def test_a_rate_with_how_many_of_how_many():
    figure = rate_of((11, 439), (11, 758), (11, 787))
    assert (figure.label, said(figure.value), figure.unit) == ("Customer churn", "1.4 %", "%")
    assert (figure.n, figure.good) == ("11 of 787", "down")
    assert changes_of(figure) == {"September 2026": "-0.1 points", "October 2025": "-1.1 points"}
    assert [one.amount for one in figure.changes] == pytest.approx(
        [11 / 787 - 11 / 758, 11 / 787 - 11 / 439]
    )


def test_a_rate_changes_only_where_chance_would_not_do_it():
    """11 of 787 against 11 of 439 is less, but not clearly; against 22 of 439 it is."""
    assert noise_of(rate_of((11, 439), (11, 758), (11, 787))) == {
        "September 2026": True,
        "October 2025": True,
    }
    assert noise_of(rate_of((22, 439), (11, 758), (11, 787))) == {
        "September 2026": True,
        "October 2025": False,
    }


@pytest.mark.parametrize(
    ("months", "since"),
    [
        ([(1, 100), (1, 100), (1, 29)], []),  # too few now
        ([(1, 100), (1, 29), (1, 100)], ["October 2025"]),  # too few the month before
        ([(1, 29), (1, 100), (1, 100)], ["September 2026"]),  # too few the year before
        ([(1, 30), (1, 30), (1, 30)], ["September 2026", "October 2025"]),
    ],
)
def test_a_rate_is_compared_where_both_rest_on_enough(months, since):
    assert list(changes_of(rate_of(*months))) == since


def test_the_course_of_a_rate_leaves_out_periods_of_too_few():
    figure = rate_of((1, 29), (3, 30), (1, 10), (4, 40))
    assert figure.course == (0.1, 0.1)
    long = rate_of(*((n, 100) for n in range(20)), rows=20)
    assert long.course == tuple(n / 100 for n in range(7, 20))


def test_too_few_give_a_fact_and_no_rate_to_go_by():
    assert rate_of((1, 29)).n == "1 of 29: too few to say"
    assert rate_of((1, 30)).n == "1 of 30"


def test_a_rate_of_nobody():
    figure = rate_of((0, 0))
    assert (figure.value, figure.n) == ("–", "nobody at opening")
    assert (figure.changes, figure.course) == ((), ())
    none = key_figures.rate(
        churn_of((0, 0)).head(0), "churned_customers", "opening_customers", "Customer churn"
    )
    assert (none.value, none.n, none.changes) == ("–", "nobody at opening", ())


# shares of money


def test_a_share_of_money_is_over_twelve_months():
    figure = share_of(0.90, *[0.95] * 10, 0.93, 0.94)
    assert (said(figure.value), figure.unit, figure.good) == ("94.0 %", "%", "up")
    assert figure.n == "over twelve months"
    assert changes_of(figure) == {"September 2026": "+1.0 points", "October 2025": "+4.0 points"}
    assert len(figure.course) == 13


@pytest.mark.parametrize(
    ("now", "noise"), [(0.904, True), (0.896, True), (0.906, False), (0.894, False)]
)
def test_shares_of_money_that_changed_by_less_than_half_a_point_are_unchanged(now, noise):
    assert noise_of(share_of(0.9, now)) == {"September 2026": noise}


def test_a_share_of_the_money_of_too_few():
    few = share_of(0.9, 0.94, n=29)
    assert few.n == "over twelve months: too few to say"
    assert (few.changes, few.course) == ((), ())
    assert share_of(0.94, n=0).n == "nobody observed for twelve months"
    none = key_figures.share_of_money(kept_of(0.9).head(0), "nrr", "n", "NRR")
    assert (none.value, none.n) == ("–", "nobody observed for twelve months")


# the difference in words


def test_a_difference_is_points_between_shares_and_per_cent_between_amounts():
    points = key_figures.change(0.034, 0.030, "percent", since="May")
    assert (said(points.text), points.noise) == ("+0.4 points", False)
    share = key_figures.change(110, 100, "EUR", since="May", noise=True)
    assert (said(share.text), share.noise, share.since) == ("+10.0 %", True, "May")
    assert key_figures.change(pd.NA, 100, "EUR", since="May") is None
    assert key_figures.change(0.034, None, "percent", since="May") is None


@pytest.mark.parametrize(("people", "told"), [(0, "all"), (1, "all: too few to say"), (30, "all")])
def test_small_populations_are_marked(people, told):
    assert key_figures.small_marked("all", people) == told
