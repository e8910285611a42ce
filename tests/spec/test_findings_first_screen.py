"""The first screen of either kind of business: which numbers it shows, and who tells its story."""

import pytest

from churnlib.findings.kinds import say_kinds
from churnlib.findings.mix import say_mix
from churnlib.findings.months_of_life import say_hazard
from churnlib.findings.renewals import say_due_next
from churnlib.findings.repurchase import say_second_purchase, say_waits_by_segment
from churnlib.findings.revenue import (
    say_churn,
    say_mrr_bridge,
    say_retention_12m,
    say_unit_figures,
)
from churnlib.findings.sales import (
    say_buyers,
    say_repeat_purchases,
    say_revenue_per_purchase,
    say_sales,
)
from churnlib.findings.segments import say_segments
from churnlib.findings.trend import say_trend
from churnlib.models.leaving.ahead import expected_leavers
from churnlib.models.leaving.mix import decomposition
from churnlib.models.leaving.trend import leaving_trend, new_levels
from tests.by_hand import (
    base_of,
    bridge_of,
    bridge_row,
    churn_of,
    curve_of,
    hazard_of,
    kept_of,
    log_rank_of,
    paid_of,
    point,
    repeat_cohorts,
    repeat_of,
    sale,
    sales_of,
    waits_of,
)
from tests.reading import changes_of, noise_of, said
from tests.spec.test_findings_leaving import where
from tests.spec.test_kinds import kinds_of
from tests.spec.test_leaving import STEADY, ahead_of, due_of

MISSING = float("nan")
STORY = ["result", "", "", "", "how", ""]
CURVE = curve_of(point(12, 0.6), point(90, 0.5))
SPLIT = curve_of(
    *(point(months, 0.6, segment="gold") for months in (12, 90)),
    *(point(months, 0.4, segment="iron") for months in (12, 90)),
    by="plan",
)
DIFFERENT = log_rank_of("plan", 0.01, within_intervals=True)


# a subscription business

MONTHS = [bridge_row(9360.0, 800.0, 0, -220.0)] * 11
BRIDGE = bridge_of(
    *MONTHS, bridge_row(15160.0, 800.0, 0, -220.0), bridge_row(15740.0, 800.0, 0, -220.0)
)
CHURN = churn_of((11, 439), (11, 758), (11, 787)).assign(
    closing_customers=[468.0] * 11 + [787.0, 816.0]
)


def subscription_figures():
    found = [
        say_mrr_bridge(BRIDGE),
        say_churn(CHURN),
        say_retention_12m(kept_of(0.93, 0.94)),
        say_unit_figures(paid_of(*[20.0] * 13)),
    ]
    return {figure.label: figure for one in found for figure in one.key_figures}


def test_key_figures_of_a_subscription_business():
    figures = subscription_figures()
    assert {label: said(figure.value) for label, figure in figures.items()} == {
        "MRR": "€16,320",
        "Customers": "816",
        "Customer churn": "1.4 %",
        "Net revenue retention": "94.0 %",
        "Revenue per customer": "€20.00",
    }
    assert [figure.good for figure in figures.values()] == ["up", "up", "down", "up", "up"]
    assert figures["Customer churn"].n == "11 of 787"
    assert len(figures["MRR"].course) == 13


def test_what_changed_in_a_subscription_business():
    figures = subscription_figures()
    assert noise_of(figures["MRR"])["September 2026"] is False
    assert noise_of(figures["Revenue per customer"]) == {
        "September 2026": True,
        "October 2025": True,
    }
    assert changes_of(figures["Customers"])["September 2026"] == "+3.7 %"


def test_churn_without_customers_at_closing_is_told_alone():
    found = say_churn(churn_of((11, 787)))
    assert [figure.label for figure in found.key_figures] == ["Customer churn"]


def test_who_tells_the_story_of_a_subscription_business():
    rows = due_of(*STEADY)
    trend, ahead = leaving_trend(rows), ahead_of(("2025-09-01", 1, 6, 900, 90.0, 0))
    told = [
        say_mrr_bridge(BRIDGE),
        say_trend(trend, CHURN, new_levels(trend)),
        say_mix(decomposition(rows, {}), trend),
        say_kinds(kinds_of(("voluntary", "no", 60))),
        say_segments(where(0.09, *[0.03] * 11)),
        say_due_next(expected_leavers(ahead, rows), ahead, trend),
    ]
    assert [one.place for one in told] == ["result", "real", "why", "how", "where", "next"]
    assert [one.verdict for one in told] == ["no signal"] * 4 + ["act", "no signal"]
    assert all(len(one.sentence.split()) <= 40 for one in told)


def test_where_a_subscription_business_can_act():
    """On 1 April the 40 of January are in their third month of life; 11 in 40 leave in it."""
    found = say_hazard(hazard_of((3, 0.275, 0.0, True)), base_of((2, 40, 800.0)))
    (action,) = found.actions
    assert said(action.sentence) == (
        "Speak to customers paying by the month before their month of life 3 ends: 27.5 % leave in "
        "it, against 0.0 % around it. 40 customers with €800 of MRR are in it now: about 11 of "
        "them leave at the one rate, 0 at the other, which is €220 of MRR more."
    )
    assert found.at_stake == pytest.approx(220.0)


# a shop


def test_key_figures_of_a_shop():
    frame = sales_of(sale(1000.0, customers=90, new_customers=40), sale(1158.0, new_customers=40))
    found = [say_sales(frame), say_buyers(frame), say_revenue_per_purchase(frame)]
    figures = [figure for one in found for figure in one.key_figures]
    assert [(figure.label, figure.value, figure.good) for figure in figures] == [
        ("Revenue", "€1,158", "up"),
        ("Customers who bought", "100", "up"),
        ("New customers", "40", "up"),
        ("Revenue per purchase", "€38.87", "up"),
    ]
    assert changes_of(figures[0]) == {"September 2026": "+15.8 %"}
    assert noise_of(figures[2]) == {"September 2026": True}


def test_revenue_per_purchase_stays_a_key_figure_where_nobody_bought():
    nobody = {**sale(0.0, customers=0, new_customers=0), "average_order_value": MISSING}
    (figure,) = say_revenue_per_purchase(sales_of(sale(100.0), nobody)).key_figures
    assert (figure.value, figure.changes, figure.course) == ("–", (), (38.871, None))


def bought_again(rates, *cohorts):
    (figure,) = say_repeat_purchases(rates, repeat_cohorts(*cohorts)).key_figures
    return figure


def test_the_share_that_bought_again_runs_from_cohort_to_cohort():
    """Only those of whom every customer was observed for 90 days, and which are large enough."""
    figure = bought_again(
        repeat_of((90, 0.5, 960), (365, 0.6, 500), ("ever", 0.6, 1080)),
        ("2026-04", 0.4, 40, 40),
        ("2026-05", 0.9, 29, 29),
        ("2026-06", 0.5, 40, 40),
        ("2026-07", 0.9, 39, 40),
    )
    assert (figure.label, said(figure.value)) == ("Bought again within 90 days", "50.0 %")
    assert (figure.n, figure.unit) == ("of 960 observed that long", "%")
    assert figure.course == (0.4, 0.5)
    assert (figure.changes, figure.good) == ((), None)


def test_the_course_of_repeat_purchases_is_that_of_the_key_figures_window():
    cohorts = repeat_cohorts(("2026-04", 0.4, 40, 40), ("2026-04", 0.7, 40, 40))
    cohorts.loc[1, "window_days"] = 365
    (figure,) = say_repeat_purchases(repeat_of((90, 0.5, 960)), cohorts).key_figures
    assert figure.course == (0.4,)
    many = [(f"{n}", n / 100, 40, 40) for n in range(20)]
    assert bought_again(repeat_of((90, 0.5, 960)), *many).course == tuple(
        n / 100 for n in range(7, 20)
    )


def test_windows_seen_for_too_few_or_nobody():
    few = bought_again(repeat_of((90, 0.5, 29)))
    assert few.n == "of 29 observed that long: too few to say"
    nobody = bought_again(repeat_of((90, MISSING, 0)))
    assert (nobody.n, nobody.value) == ("nobody observed that long", "–")


def test_who_tells_the_story_of_a_shop():
    frame = sales_of(sale(1000.0), sale(1158.0))
    rates = repeat_of((90, 0.5, 960))
    told = [
        say_sales(frame),
        say_buyers(frame),
        say_repeat_purchases(rates, repeat_cohorts()),
        say_revenue_per_purchase(frame),
        say_second_purchase(CURVE, waits_of((10, False, 60)), rates),
        say_waits_by_segment(DIFFERENT, SPLIT),
    ]
    assert [one.place for one in told] == STORY
    assert [one.verdict for one in told] == ["no signal"] * 5 + ["watch"]
