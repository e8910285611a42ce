"""What a subscriber is worth, on tables small enough to check by hand."""

import numpy as np
import pandas as pd
import pytest

from churnlib.models.retention.plain_value import STEPS, plain_value_steps
from churnlib.models.retention.projection import project
from churnlib.models.retention.remaining_value import remaining_value
from churnlib.models.retention.subscription_value import acquisition, subscription_value
from churnlib.models.retention.value_range import ValueTerms
from churnlib.results.declared import table_name

# Of 100 customers 50 leave in month 1, and the others are seen through month 2: S = 1, 0.5, 0.5.
HALF = pd.DataFrame(
    {"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [50, 50]}
)
TEN_EACH = pd.DataFrame({"customers": [50], "mrr": [500.0]})
PLAIN = {"margin": 1.0, "discount_rate": 0.0}


def value(lifetimes=HALF, arpa=TEN_EACH, **terms) -> pd.DataFrame:
    everybody = lifetimes.drop(columns="segment", errors="ignore")
    terms = ValueTerms(**{**PLAIN, **terms})
    return subscription_value(lifetimes, arpa, project(everybody), terms=terms)


def by_plan(*frames: pd.DataFrame) -> pd.DataFrame:
    """Frames of the plans a, b, ... as a measure gives them, split by plan."""
    named = zip("ab", frames, strict=False)
    split = pd.concat([frame.assign(segment=name) for name, frame in named], ignore_index=True)
    split.attrs["by"] = "plan"
    return split


def test_value_adds_up_the_payments_of_those_still_there():
    assert value(horizon=3)["value"].tolist() == [10 + 5 + 5]


def test_margin_scales_and_discounting_starts_with_the_second_payment():
    assert value(horizon=3, margin=0.5)["value"].tolist() == [10]
    assert value(horizon=1, discount_rate=0.21)["value"].tolist() == [10]
    # A yearly rate of 1.21^12 - 1 takes off 21 % a month.
    assert value(horizon=2, discount_rate=1.21**12 - 1)["value"].iloc[0] == pytest.approx(
        10 + 5 / 1.21
    )


def test_observed_and_projected_part_make_up_the_value():
    row = value(horizon=12).iloc[0]
    assert row["observed_value"] == 20  # payments 0, 1 and 2: the data reach tenure 2
    assert 0 < row["projected_value"] < 9 * 5
    assert row["value"] == pytest.approx(row["observed_value"] + row["projected_value"])
    assert row["value_low"] < row["value"] < row["value_high"]


def test_the_range_within_the_data_is_that_of_a_share():
    # value = 10 + 20 x share that stays, with a standard error of 20 x 0.05.
    row = value(horizon=3, draws=2000).iloc[0]
    assert row["value_low"] == pytest.approx(20 - 1.96, abs=0.25)
    assert row["value_high"] == pytest.approx(20 + 1.96, abs=0.25)


def test_plain_value_is_arpa_over_churn_and_the_steps_lead_to_the_value():
    values = value(horizon=3)
    assert values["plain_value"].tolist() == [30]  # 50 left in 150 customer-months: churn 1/3
    steps = plain_value_steps(HALF, values, terms=ValueTerms(**PLAIN, horizon=3)).iloc[0]
    assert steps["from_horizon"] == pytest.approx(10 * (1 + 2 / 3 + 4 / 9) - 30)
    assert steps["from_discount"] == 0
    assert 30 + steps[["from_horizon", "from_discount", "from_survival"]].sum() == pytest.approx(
        steps["value"]
    )
    assert "for ever" in steps["why"]


def test_a_cost_gives_the_ratio_and_the_payment_that_covers_it():
    assert "cac" not in value(horizon=3)
    row = value(horizon=3, acquisition_cost=15.0).iloc[0]
    assert (row["cac"], row["ltv_to_cac"], row["payback_months"]) == (
        15.0,
        pytest.approx(20 / 15),
        2,
    )
    assert np.isnan(value(horizon=3, acquisition_cost=20.5)["payback_months"].iloc[0])


def test_each_segment_has_its_own_survival_money_and_cost():
    everybody_stays = pd.DataFrame(
        {"entry": 0, "duration": [2], "event_observed": [False], "customers": [40]}
    )
    rows = by_plan(HALF, everybody_stays)
    arpa = by_plan(
        pd.DataFrame({"customers": [50], "mrr": [500.0], "acquisition_cost": [5]}),
        pd.DataFrame({"customers": [40], "mrr": [800.0], "acquisition_cost": [40]}),
    )
    values = value(rows, arpa, horizon=3)
    found = values.set_index("segment")
    assert found["segment_column"].tolist() == ["plan", "plan"]
    assert found["customers"].tolist() == [100, 40]
    assert found["value"].tolist() == [20, 60]
    assert found["ltv_to_cac"].tolist() == [4, 1.5]
    assert np.isnan(found.loc["b", "plain_value"])  # nobody left: no churn to divide by
    costs = acquisition(values)
    assert costs["payback_months"].tolist() == [1, 2]
    assert acquisition(value(horizon=3)).empty


def test_splits_that_are_stacked_keep_apart_and_say_what_they_are():
    split, arpa = by_plan(HALF, HALF), by_plan(TEN_EACH, TEN_EACH)
    for frame in (split, arpa):
        frame.attrs |= {"currency": "EUR"}
    everybody = HALF.copy()
    everybody.attrs["currency"] = "EUR"
    values = pd.concat([value(everybody, horizon=3), value(split, arpa, horizon=3)])
    assert values["segment_column"].tolist() == ["all", "plan", "plan"]
    # Concatenation keeps what the parts say of themselves only where they say the same.
    assert values.attrs == {"currency": "EUR", "result": "clv"}
    steps = plain_value_steps(split, values, terms=ValueTerms(**PLAIN, horizon=3))
    assert steps["segment"].tolist() == ["a", "b"]
    assert table_name(steps) == "plain_value"


def test_a_split_without_a_name_is_called_segment():
    rows, arpa = by_plan(HALF, HALF), by_plan(TEN_EACH, TEN_EACH)
    rows.attrs.clear()
    assert value(rows, arpa, horizon=3)["segment_column"].unique().tolist() == ["segment"]


def test_a_segment_does_not_change_with_the_company_it_is_in():
    both = by_plan(HALF, HALF.assign(customers=[20, 80]))
    arpa = by_plan(TEN_EACH, pd.DataFrame({"customers": [80], "mrr": [800.0]}))
    projection, terms = project(HALF), ValueTerms(horizon=12)
    together = subscription_value(both, arpa, projection, terms=terms).iloc[[0]]
    alone = subscription_value(both[both["segment"] == "a"], arpa, projection, terms=terms)
    pd.testing.assert_frame_equal(together, alone)


def test_what_cannot_be_valued_says_why():
    nobody_left = pd.DataFrame(
        {"entry": 0, "duration": [2], "event_observed": [False], "customers": [40]}
    )
    row = value(nobody_left, horizon=12).iloc[0]
    assert np.isnan(row["value"])
    assert row["observed_value"] == 30
    assert "Nobody has left" in row["reason"]
    too_few = value(HALF.assign(customers=[5, 5]), horizon=12).iloc[0]
    assert "Fewer than 20" in too_few["reason"]
    idle = value(arpa=TEN_EACH.assign(customers=0, mrr=0.0), horizon=3).iloc[0]
    assert "Nobody is active" in idle["reason"]


def test_where_everybody_left_nothing_more_is_to_come():
    gone = pd.DataFrame({"entry": 0, "duration": [1], "event_observed": [True], "customers": [40]})
    row = value(gone, horizon=12).iloc[0]
    assert (row["value"], row["projected_value"], row["reason"]) == (10, 0, "")


def test_todays_base_pays_by_how_long_it_has_stayed():
    active = pd.DataFrame({"tenure": [0, 1], "customers": [2, 3], "mrr": [20.0, 30.0]})
    rows = HALF.assign(duration=[1, 3])  # S = 1, 0.5, 0.5, 0.5
    terms = ValueTerms(**PLAIN, horizon=2)
    found = remaining_value(rows, active, project(rows), terms=terms).iloc[0]
    # The two new ones have paid; half of them pay twice more. The three others stay and pay twice
    # more.
    assert found["value"] == 20 * (0.5 + 0.5) + 30 * (1 + 1)
    assert (found["customers"], found["mrr"], found["value_per_customer"]) == (5, 50, 16)
    assert found["value_low"] < found["value"] < found["value_high"]


def test_the_next_payment_of_todays_base_is_not_discounted():
    active = pd.DataFrame({"tenure": [1], "customers": [1], "mrr": [10.0]})
    rows = HALF.assign(duration=[1, 3])
    terms = ValueTerms(margin=1.0, discount_rate=1.21**12 - 1, horizon=2)
    found = remaining_value(rows, active, project(rows), terms=terms)
    assert found["value"].iloc[0] == pytest.approx(10 + 10 / 1.21)


def test_a_backtest_that_was_off_widens_the_projected_range():
    now = pd.DataFrame(
        {"entry": 0, "duration": [1, 2, 3, 9, 9], "event_observed": [True] * 4 + [False]}
    )
    now["customers"] = [5000, 3000, 1500, 9000, 30_000]
    earlier = pd.DataFrame(
        {"entry": 0, "duration": [1, 2, 3, 3], "event_observed": [True] * 3 + [False]}
    )
    earlier["customers"] = [5000, 3000, 1500, 39_000]
    with_test, without = project(now, {6: earlier}), project(now)
    assert with_test.spread > 0.05
    width = (with_test.curve["high"] - with_test.curve["low"]).iloc[-1]
    assert width > 1.5 * (without.curve["high"] - without.curve["low"]).iloc[-1]


def test_a_step_the_other_way_is_no_reason_for_the_difference():
    """All leave after 20 months: survival adds more than either other step takes, and yet the
    value is the smaller one.
    """
    rows = pd.DataFrame(
        {"entry": [0], "duration": [20], "event_observed": [True], "customers": [100]}
    )
    active = pd.DataFrame({"customers": [10], "mrr": [10.0]})
    terms = ValueTerms(margin=1.0, discount_rate=0.05, horizon=60)
    values = subscription_value(rows, active, project(rows), terms=terms)
    step = plain_value_steps(rows, values, terms=terms).iloc[0]
    assert step["from_survival"] > -step["from_discount"] > -step["from_horizon"] > 0
    assert step["value"] < step["plain_value"]
    assert step["why"] == STEPS["from_discount"]
