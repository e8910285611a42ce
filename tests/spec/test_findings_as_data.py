"""Every finding travels to the first page as strict JSON, whatever result it is made of."""

import json
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from churnlib.findings import (
    cohorts,
    months_of_life,
    purchase_record,
    purchases,
    repurchase,
    revenue,
    sales,
    segments,
    survival,
    value,
)
from churnlib.models.purchases.choice import PurchaseModelChoice
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.value import Money
from churnlib.models.retention.projection import project
from churnlib.models.retention.value_range import ValueTerms
from churnlib.results.told import Action, Change, Finding, KeyFigure
from tests import by_hand
from tests.by_hand import bridge_row, outlook, point, sale, worth
from tests.reading import told_of

ROW = bridge_row(1000.0, 60.0, 10.0, -20.0)
BRIDGE = by_hand.bridge_of(*[ROW] * 13).assign(n_closing=40)
CHURN = by_hand.churn_of((20, 1000), (48, 1000), (50, 1000)).assign(closing_customers=950)
STEPS = told_of(pd.DataFrame({"movement": ["new"], "customers": [3], "amount": [60.0]}))
FAILING = told_of(pd.DataFrame({"difference": [0.01, -2.5]}))
TRIANGLE = by_hand.rated(
    [("ads", 12, 20, 40), ("fairs", 12, 30, 40)], ["cohort", "age"], by="channel"
)
POOLED = by_hand.rated([(0, 100, 100), (12, 90, 100)], ["age"])
CURVE = by_hand.curve_of(point(12, 0.6), point(24, 0.5))
PLANS = by_hand.curve_of(
    *(point(months, 0.6, segment="gold") for months in (12, 90)),
    *(point(months, 0.4, segment="iron") for months in (12, 90)),
    by="plan",
)
TESTS = by_hand.log_rank_of("plan", 0.01)
SALES = by_hand.sales_of(*[sale(100.0, 40.0)] * 13)
REPEAT = by_hand.repeat_of((90, 0.3, 100), ("ever", 0.5, 100))
REPEAT_COHORTS = by_hand.repeat_cohorts(("2026-05", 0.3, 40, 40), ("2026-06", float("nan"), 0, 40))
WAITS = by_hand.waits_of((10, False, 60))
MEAN_WAIT = told_of(pd.DataFrame([{"horizon": 90, "mean": 59.5, "low": 59.2, "high": 59.8}]))
TERMS = ValueTerms(margin=0.8, discount_rate=0.1, horizon=60)
COSTS = {"cac": 100.0, "ltv_to_cac": 3.0, "payback_months": 1.0, "reason": "Nobody has left."}
EVERYBODY = by_hand.worth_of({**worth("all", 300.0, column="all"), **COSTS})
COHORT_VALUE = by_hand.worth_of(
    worth("2026-01", 12.0, column="cohort"), worth("2026-02", 8.0, column="cohort")
)
PLAIN = by_hand.worth_of({"customers": 30, "plain_value": 40.0, "value": 22.0, "why": "it ends"})
TOTALS = pd.DataFrame({"quantity": ["purchases", "discounted_value"], "predicted": [90.0, 500.0]})
TOTALS = told_of(TOTALS.assign(low=[80.0, 400.0], high=[100.0, 600.0]))
BUYERS = told_of(pd.DataFrame({"frequency": [0, 1], "customers": [700, 300]}))
WEEKS = told_of(
    pd.DataFrame({"predicted": [9.0, 6.0], "actual": [9.0, 5.0], "held_out": [False, True]})
)
FREQUENCIES = pd.DataFrame({"frequency": ["0", "1"], "customers": [100, 30]})
FREQUENCIES = told_of(FREQUENCIES.assign(predicted=[0.1, 0.4], actual=[0.1, 0.5]))
SLIPPING = told_of(pd.DataFrame([{"repeats": 3, "customers": 1166, "spent": 265566.2}]))
CHOICE = PurchaseModelChoice(
    *("BG/NBD", "BG/NBD", 5, 19, 39.0, 0.069, 0.069, -0.121, float("nan"), 0.2, 0.08, "")
)
FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
EARLIER = told_of(pd.DataFrame({"covered": [True] * 18 + [False] * 2}))
MONEY = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.08, 946)
FIGURE = {"plain_value": 4.98, "average_order_value": 10.0, "frequency": 2.0, "lifespan": 0.5}
STAYS = pd.DataFrame({"duration": [1, 2, 2], "event_observed": [True, True, False]})
RECENT = pd.DataFrame({"months": [3], "events": [90], "expected": [60.0], "changed": [True]})
RECENT = told_of(RECENT.assign(ratio=1.5, low=1.2, high=1.8))
PROJECTION = project(STAYS.assign(entry=0, customers=[300, 100, 400]), horizon=3)

EXAMPLES = {
    revenue.say_mrr_bridge: [BRIDGE],
    revenue.say_movements: [STEPS, BRIDGE],
    revenue.say_mrr_course: [BRIDGE],
    revenue.say_churn: [CHURN],
    revenue.say_churn_of_mrr: [BRIDGE],
    revenue.say_retention_12m: [by_hand.kept_of(0.93, 0.94)],
    revenue.say_unit_figures: [by_hand.paid_of(*[50.0] * 13)],
    revenue.say_identity: [FAILING],
    revenue.say_returns: [by_hand.returned_of()],
    cohorts.say_cohorts: [TRIANGLE],
    cohorts.say_cohorts_by: [TRIANGLE],
    cohorts.say_cohorts_pooled: [POOLED],
    cohorts.say_cohorts_newest: [by_hand.newest_of((48, 80), (560, 700))],
    cohorts.say_cohorts_revenue: [by_hand.cohort_money()],
    survival.say_survival: [CURVE],
    survival.say_median: [by_hand.medians_of(), CURVE],
    segments.say_survival_by_segment: [
        by_hand.log_rank_of("plan", 0.01, within_intervals=True, tells_interval=False),
        PLANS,
        by_hand.against_others_of(("iron", 1.5, True, 300, 650.0)),
    ],
    months_of_life.say_hazard: [
        by_hand.hazard_of((5, 0.09, 0.03, True)),
        by_hand.base_of((4, 100, 5000.0)),
    ],
    survival.say_conditional: [told_of(pd.DataFrame([outlook(0, 0.6), outlook(12, 0.7)]))],
    survival.say_projection: [PROJECTION],
    survival.say_assumed: [RECENT],
    survival.say_mean_lifetime: [PROJECTION],
    sales.say_sales: [SALES],
    sales.say_buyers: [SALES],
    sales.say_revenue_per_purchase: [SALES],
    sales.say_repeat_purchases: [REPEAT, REPEAT_COHORTS],
    repurchase.say_second_purchase: [CURVE, WAITS, REPEAT],
    repurchase.say_waits: [CURVE],
    repurchase.say_mean_wait: [MEAN_WAIT],
    repurchase.say_waits_by_segment: [TESTS, PLANS],
    value.say_value: [EVERYBODY, TERMS],
    value.say_remaining_value: [EVERYBODY, TERMS],
    value.say_acquisition: [EVERYBODY],
    value.say_plain_value: [PLAIN],
    purchase_record.say_backtest: [CHOICE],
    purchase_record.say_tracking: [WEEKS],
    purchase_record.say_calibration: [FREQUENCIES],
    purchases.say_totals: [TOTALS, BUYERS, Money(MONEY, margin=0.3)],
    purchases.say_value_by_cohort: [COHORT_VALUE],
    purchases.say_cohort_backtest: [EARLIER, 1.5],
    purchases.say_drop_out: [FIT],
    purchases.say_slipping: [SLIPPING],
    purchases.say_spending: [MONEY, "They go together.", "EUR"],
    purchases.say_plain_purchase_value: [FIGURE, "EUR"],
}
KEYWORDS = {
    revenue.say_identity: {"periods": 3, "columns": ["plan"]},
}
AMOUNTS = [
    *("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing"),
    *("mrr", "arpa", "amount", "opening_amount", "revenue", "revenue_new", "revenue_returning"),
    *("average_order_value", "spent", "cac", "plain_value", "value", "value_low", "value_high"),
]
"""Columns of the examples that hold money."""


KNOWN = [
    *("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing"),
    *("difference", "mrr", "revenue", "revenue_new", "revenue_returning", "spent"),
    *("gross_churn_rate", "net_churn_rate"),
]
"""Sums of rows, and rates of an opening that there is: never missing. Other fractions may be."""


def without_numbers(frame):
    """Nothing could be computed."""
    return frame.assign(**dict.fromkeys(_fractions(frame), np.nan))


def with_na(frame):
    """The same in the types of pandas that know NA."""
    nothing = pd.array([pd.NA] * len(frame), dtype="Float64")
    return frame.convert_dtypes().assign(**dict.fromkeys(_fractions(frame), nothing))


def _fractions(frame):
    floats = frame.select_dtypes("float").columns
    return floats.difference(KNOWN)


def with_nullable_types(frame):
    """All numbers known, in the types of pandas that know NA."""
    return frame.convert_dtypes()


def with_decimals(frame):
    """Money as engines hold it."""
    amounts = {name: _as_decimals(frame[name]) for name in AMOUNTS if name in frame}
    return frame.assign(**amounts)


def _as_decimals(amounts):
    return amounts.map(lambda amount: Decimal(str(amount))).astype(object)


def as_it_is(frame):
    return frame


def said_by(say, change=as_it_is):
    given = [change(one) if isinstance(one, pd.DataFrame) else one for one in EXAMPLES[say]]
    return say(*given, **KEYWORDS.get(say, {}))


def strict_json(finding):
    return json.dumps(finding.model_dump(mode="json"), allow_nan=False)


each = pytest.mark.parametrize("say", EXAMPLES, ids=lambda say: say.__name__)


@each
def test_a_finding_comes_back_from_strict_json_as_it_was(say):
    found = said_by(say)
    assert Finding.model_validate_json(strict_json(found)) == found


@each
def test_a_finding_is_a_sentence_that_never_asks_to_act(say):
    """What asks for acting is a rule of its own: nothing is said to be more than worth watching."""
    found = said_by(say)
    assert found.sentence[0].isupper() or found.sentence[0].isdigit()
    assert found.sentence.endswith(".")
    verdicts = {found.verdict, *(action.verdict for action in found.actions)}
    assert verdicts <= {"watch", "no signal"}


@each
@pytest.mark.parametrize("change", [without_numbers, with_na])
def test_what_is_missing_breaks_no_finding(say, change):
    found = said_by(say, change)
    assert Finding.model_validate_json(strict_json(found)) == found
    assert not re.search(r"\bnan\b|<na>", found.sentence, re.IGNORECASE)


@each
@pytest.mark.parametrize("change", [with_decimals, with_nullable_types])
def test_money_and_numbers_of_any_type_say_the_same(say, change):
    assert json.loads(strict_json(said_by(say, change))) == json.loads(strict_json(said_by(say)))


# the parts of a finding


@pytest.mark.parametrize(
    "nothing",
    [None, float("nan"), float("inf"), np.nan, np.float64("-inf"), pd.NA, pd.NaT, Decimal("NaN")],
)
def test_missing_numbers_are_null(nothing):
    figure = KeyFigure(
        label="MRR",
        value="–",
        course=(nothing, 1.0),
        changes=(Change(since="May", amount=nothing, text="–"),),
    )
    found = Finding(
        sentence="Nothing is known.",
        at_stake=nothing,
        n=nothing,
        low=nothing,
        high=nothing,
        key_figures=(figure,),
        actions=(Action(sentence="Look.", who="all", customers=nothing),),
    )
    told = json.loads(strict_json(found))
    assert [told[name] for name in ("at_stake", "n", "low", "high")] == [None] * 4
    assert told["key_figures"][0]["course"] == [None, 1.0]
    assert told["key_figures"][0]["changes"][0]["amount"] is None
    assert told["actions"][0]["customers"] is None


@pytest.mark.parametrize(
    "number", [1.5, Decimal("1.50"), np.float32(1.5), np.array(1.5), pd.array([1.5])[0]]
)
def test_numbers_of_any_library_are_plain_numbers(number):
    found = Finding(sentence="So much.", at_stake=number)
    assert json.loads(strict_json(found))["at_stake"] == 1.5
    assert type(found.at_stake) is float


def test_a_finding_reads_as_its_sentence():
    assert str(Finding(sentence="So much.")) == "So much."
