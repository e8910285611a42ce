"""Regular customers of a shop who have probably stopped, and what is said of them."""

import pandas as pd
import pytest

from churnlib.findings.purchases import say_slipping
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.slipping import slipping_customers
from tests.reading import said, told_of

FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
OTHER = PurchaseFit(**{**vars(FIT), "model": "MBG/NBD"})
ALL_STAY = PurchaseFit(
    **{**vars(FIT), "status": "no drop-out identified", "a": 0.0, "b": float("nan")}
)


def buyers() -> pd.DataFrame:
    """Who bought last 95 weeks ago has stopped, who bought now has not."""
    rows = [(4, 5.0, 100.0, 10), (4, 100.0, 100.0, 20), (2, 5.0, 100.0, 40), (3, 5.0, 100.0, 25)]
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "age", "customers"])
    return told_of(frame.assign(spend_frequency=frame["frequency"], value=10.0))


def test_regulars_who_have_been_away_for_long():
    row = slipping_customers(buyers(), [FIT, OTHER]).iloc[0]
    assert (row.repeats, row.customers) == (3, 10 + 25)
    assert row.spent == 10 * 4 * 10.0 + 25 * 3 * 10.0


@pytest.mark.parametrize("fits", [[], [ALL_STAY], [FIT, ALL_STAY]])
def test_nobody_slips_where_a_model_lets_nobody_leave(fits):
    assert slipping_customers(buyers(), fits).customers.iloc[0] == 0


def test_what_is_said_of_them_and_where_they_are_listed():
    slipping = slipping_customers(buyers(), [FIT, OTHER])
    (unlisted,) = say_slipping(slipping).actions
    assert unlisted.list_file is None
    assert "customer_lists: true" in said(unlisted.sentence)
    finding = say_slipping(slipping, listed="tables/clv_customers.csv")
    assert said(finding).startswith(
        "35 customers with 3 or more repeat purchases, which brought €1,150, have more likely "
        "stopped than not"
    )
    (action,) = finding.actions
    assert said(action.sentence).startswith("Win back: 35 customers")
    assert (action.list_file, action.verdict) == ("tables/clv_customers.csv", "watch")
    few = say_slipping(slipping_customers(buyers(), []))
    assert (few.actions, few.verdict) == ((), "no signal")
