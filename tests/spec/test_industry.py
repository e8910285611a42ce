"""Annual customer retention, and what is published of the industry."""

from typing import get_args

import pandas as pd
import pytest

from churnlib.errors import ParamsError
from churnlib.findings.industry import say_industry
from churnlib.findings.published_retention import PUBLISHED
from churnlib.measures.kept import customers_kept
from churnlib.params.model import Industry
from churnlib.params.read import params_from_settings
from tests.business import frame_of, snapshot_of

LIVES = [
    ("ann", "2025-01-05", None, 10),
    ("bob", "2025-01-05", "2026-01-10", 10),  # left
    ("cat", "2025-01-05", "2025-09-01", 10),  # away for a while
    ("cat", "2025-12-01", None, 10),
    ("dan", "2025-01-05", "2025-03-31", 10),  # there until the day before the year began
    ("eve", "2025-04-01", None, 10),  # joined since
    ("fay", "2025-01-05", "2025-04-01", 10),  # there just before
]


def test_kept_are_the_customers_of_a_year_ago_who_are_customers_today():
    rows = customers_kept(snapshot_of(subscriptions=LIVES))
    assert frame_of(rows, "period_start", "customers_then", "kept", "kept_rate") == [
        ("2026-03-01", 4, 2, 0.5)
    ]
    assert frame_of(customers_kept(snapshot_of(subscriptions=LIVES, period="2025-12"))) == []


def test_records_that_begin_later_than_a_year_ago_tell_nothing():
    assert customers_kept(snapshot_of(subscriptions=LIVES, data_from="2025-06-01")).empty
    assert len(customers_kept(snapshot_of(subscriptions=LIVES, data_from="2025-04-01"))) == 1


def kept_of(then: int, kept: int) -> pd.DataFrame:
    lives = [(f"c{n}", "2025-01-05", None if n < kept else "2025-10-01", 10) for n in range(then)]
    return customers_kept(snapshot_of(subscriptions=lives))


def test_published_figures_are_quoted_with_their_sources_and_that_they_contradict_each_other():
    said = say_industry(kept_of(100, 80), "technology")
    assert said.sentence == (
        "Of 100 customers of a year ago 80.0\u00a0% (71.1 to 86.7\u00a0%) are customers today. "
        "Published figures for technology: 80 to 90\u00a0% (an article of 2023 quoting several "
        "surveys), 81\u00a0% (“IT services”; paddle.com, 2021-12-13), 81\u00a0% (“IT services”; "
        "answeriq.com, 2024), 77\u00a0% (“IT and software”; answeriq.com, 2024); they contradict "
        "each other, and none states its definition."
    )
    assert (said.verdict, said.place, said.key_figures) == ("no signal", "", ())


def test_one_source_alone_is_said_and_few_customers_are_told_no_rate():
    said = say_industry(kept_of(20, 10), "insurance").sentence
    assert said.startswith("Too few customers a year ago")
    assert said.endswith("it is the one source at hand, and states no definition.")


def test_without_an_industry_nothing_is_said():
    assert say_industry(kept_of(100, 80), None).sentence == ""


def test_every_industry_has_figures_with_sources():
    assert set(PUBLISHED) == set(get_args(Industry))
    for one in (one for figures in PUBLISHED.values() for one in figures):
        assert 0 < one.low <= one.high < 1
        assert "20" in one.source


def test_an_industry_that_is_none_of_the_list_is_refused():
    settings = {"business": "b", "model": "subscription", "currency": "EUR", "source": {"uri": "."}}
    assert params_from_settings(settings | {"industry": "media"}, "test").industry == "media"
    with pytest.raises(ParamsError, match="industry"):
        params_from_settings(settings | {"industry": "mining"}, "test")
