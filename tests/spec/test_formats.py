"""Numbers for people: the same decimals for the same thing, and never the word nan."""

import numpy as np
import pandas as pd
import pytest

from churnlib import formats


def test_a_sign_stays_with_its_money():
    assert formats.money(5, "EUR", signed=True) == "+\u2060\u20ac5"


@pytest.mark.parametrize(
    ("value", "how", "cell", "text"),
    [
        (0.03449, "percent", "3.4", "3.4\u00a0%"),
        (-0.0001, "+percent", "0.0", "0.0\u00a0%"),
        (1234567.891, "EUR.2", "1,234,567.89", "\u20ac1,234,567.89"),
        (-5, "+EUR", "\u22125", "\u2212\u2060\u20ac5"),
        (12.5, "JPY.2", "12", "JP\u00a512"),
        (float("nan"), "EUR", "\u2013", "\u2013"),
        (np.bool_(True), "text", "yes", "yes"),
        (pd.NaT, "day", "\u2013", "\u2013"),
        (pd.NA, "count", "\u2013", "\u2013"),
        (float("inf"), "number", "\u2013", "\u2013"),
        (pd.Timestamp("2026-09-01"), "month", "Sep 2026", "Sep 2026"),
        (pd.Timestamp("2026-07-01"), "quarter", "Q3 2026", "Q3 2026"),
    ],
)
def test_numbers_for_people(value, how, cell, text):
    assert formats.cell(value, how) == cell
    assert formats.text(value, how) == text


def test_a_format_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="is not a format"):
        formats.parse_format("euros")
