"""The first screen: key figures, what happened and where to act, of a small business of either
kind.
"""

import json
import re
from dataclasses import replace

import pytest

from churnlib.page.markup import slug
from churnlib.params.model import PROJECT
from churnlib.report.headlines import headlines
from tests.business import day_after, snapshot_of
from tests.reading import said

MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)]
# Every month from 2024-01 to 2026-03 forty customers begin on the 10th. Of those from "fairs" half
# leave after exactly three months, of the others one in twenty does.
BEGUN = MONTHS[: MONTHS.index("2026-03") + 1]


def lives():
    for k, month in enumerate(BEGUN):
        for n in range(40):
            fair, start = n % 2 == 1, f"{month}-10"
            leaves = n % 4 == 1 if fair else n == 0
            end = f"{MONTHS[k + 3]}-10" if leaves and k + 3 < len(MONTHS) else None
            yield f"{month}-{n}", start, end, 20, fair


@pytest.fixture(scope="module")
def subscription():
    rows = list(lives())
    people = [
        {"customer_id": one, "channel": "fairs" if fair else "search"} for one, *_, fair in rows
    ]
    return snapshot_of(
        subscriptions=[row[:4] for row in rows], customers=people, segments=["channel"]
    )


@pytest.fixture(scope="module")
def transactional():
    """Forty buyers begin on the 1st of each month; half buy again after 30 days, a quarter after
    60 too.
    """
    orders = []
    for month in BEGUN:
        for n in range(40):
            days = [0, *([30] if n % 2 else []), *([60] if n % 4 == 1 else [])]
            orders += [(f"{month}-{n}", day_after(f"{month}-01", k), 10 + n % 7) for k in days]
    return snapshot_of(orders=orders)


@pytest.fixture(scope="module")
def subscribers(subscription):
    return headlines(subscription)


@pytest.fixture(scope="module")
def buyers(transactional):
    return headlines(transactional)


def by_label(found):
    return {figure.label: figure for figure in found.figures}


def test_key_figures_of_a_subscription_business(subscribers):
    """March 2026: 27 x 40 began; of 11 in 40 the third month was over for 24 cohorts: 1,080 -
    264 = 816.
    """
    figures = by_label(subscribers)
    assert list(figures) == [
        "MRR",
        "Customers",
        "Customer churn",
        "Net revenue retention",
        "Revenue per customer",
    ]
    assert (figures["MRR"].value, figures["Customers"].value) == ("€16,320", "816")
    assert said(figures["Customer churn"].value) == "1.4 %"
    assert figures["Customer churn"].n == "11 of 787"
    assert figures["Revenue per customer"].value == "€20.00"
    assert [figure.good for figure in figures.values()] == ["up", "up", "down", "up", "up"]
    assert len(figures["MRR"].spark) == 13


def test_a_rate_changes_only_where_chance_would_not_do_it(subscribers):
    figures = by_label(subscribers)
    assert figures["Customer churn"].change_previous.noise, "11 of 787 against 11 of 758"
    assert figures["Customer churn"].change_year.noise, "against 11 of 439: less, but not clearly"
    assert figures["Revenue per customer"].change_year.noise
    assert not figures["MRR"].change_previous.noise


def test_what_happened_in_a_subscription_business(subscribers):
    found = [said(one.text) for one in subscribers.findings]
    assert (
        found[0]
        == "MRR rose by €580 (+3.7 %) to €16,320 in March 2026: +€800 new customers and -€220 churn."
    )
    assert found[1].startswith(
        "11 customers of 787 left in March 2026, 1.4 % (0.8 to 2.5 %): no clear change on "
        "February 2026"
    )
    assert found[2].startswith(
        "Of the €9,360 of MRR of 468 customers a year ago, 92.9 % is still paid (GRR)"
    ), "435 of 468"
    assert found[3].startswith("No clear difference between the newest cohorts and earlier ones")


def test_where_a_subscription_business_can_act(subscribers):
    """On 1 April the 40 of January are in their third month of life; those of fairs leave
    sooner.
    """
    month, segment = (said(one.text) for one in subscribers.actions)
    assert month == (
        "Speak to customers before their month of life 3 ends: 27.5 % leave in it, against 0.0 % "
        "in the months around. 40 "
        "customers with €800 of MRR are in it now: about 11 of them leave at the one rate, 0 at "
        "the other."
    )
    assert segment.startswith("Look into channel “fairs” (")
    assert re.search(
        r"after 24 months 9\d\.\d % .* of search are still there, and 50\.0 % .* of fairs\.$",
        segment,
    )


def test_without_segments_and_events_there_is_nothing_to_act_on():
    rows = [(f"c{n}", "2025-01-10", None, 20) for n in range(50)]
    found = headlines(snapshot_of(subscriptions=rows))
    assert found.actions == []
    assert said(found.findings[0].text) == "MRR stood still at €1,000 in March 2026."


def test_few_customers_give_facts_and_no_rates():
    rows = [(f"c{n}", "2025-01-10", "2026-03-15" if n == 0 else None, 20) for n in range(29)]
    found = headlines(snapshot_of(subscriptions=rows))
    texts = [one.text for one in found.findings]
    assert texts[1] == "1 customer of 29 left in March 2026: too few for a rate."
    assert texts[2].startswith("29 customers a year ago: too few")
    assert texts[3].startswith("The newest cohorts are too young or too small")
    churn = by_label(found)["Customer churn"]
    assert (churn.n, churn.change_previous, churn.change_year) == (
        "1 of 29: too few to say",
        None,
        None,
    )


def test_nobody_ever_paid():
    found = headlines(snapshot_of(subscriptions=[("ann", "2026-01-10", None, 0)]))
    assert [one.text for one in found.findings] == [
        "Nobody had a paid subscription by the end of the period."
    ]
    assert (found.figures, found.actions) == ([], [])


def test_key_figures_of_a_shop(buyers):
    """In March 2026 the 40 of March bought, the 30-day ones of January's and February's cohorts
    and the 60-day ones.
    """
    figures = by_label(buyers)
    assert list(figures)[:4] == [
        "Revenue",
        "Customers who bought",
        "New customers",
        "Revenue per purchase",
    ]
    assert figures["New customers"].value == "40"
    again = figures["Bought again within 90 days"]
    assert said(again.value) == "50.0 %"
    assert again.n == "of 960 observed that long", (
        "24 months of 40: those of 1 January were seen for 89 days"
    )
    assert (again.change_previous, again.change_year) == (None, None)


def test_what_happened_in_a_shop_and_where_it_can_act(buyers):
    texts = [said(one.text) for one in buyers.findings]
    # 515 + 257 of March's buyers, 257 of February's after 30 days, 129 of January's after 60.
    assert texts[0].startswith(
        "Revenue was €1,158 in March 2026, 33.3 % of it from returning customers: "
    )
    assert "40 of them for the first time" in texts[1]
    assert "50.0 % (46.8 to 53.2 %) bought again within 90 days of their first purchase" in texts[3]
    assert said(buyers.actions[0].text) == (
        "Win the second purchase: 60 customers bought first within the last 90 days and not again "
        "yet; of the customers "
        "before them 50.0 % bought again within 90 days."
    )


def test_a_period_that_is_not_over_is_said_first():
    snapshot = snapshot_of(subscriptions=[("ann", "2026-01-10", None, 20)])
    first = headlines(replace(snapshot, partial=True)).findings[0].text
    assert first.startswith("The data do not cover March 2026 to its end (1 April 2026)")


def test_changes_are_against_the_previous_period_and_the_year_before(subscribers):
    assert (subscribers.previous, subscribers.year) == ("February 2026", "March 2025")


def test_every_link_leads_to_a_section_that_a_notebook_makes(subscribers, buyers):
    for found in (subscribers, buyers):
        links = {one.href for one in (*found.figures, *found.findings, *found.actions)}
        assert links
        assert [link for link in links if not _leads_somewhere(link)] == []


def _leads_somewhere(link: str) -> bool:
    page, anchor = link.split("#")
    chapters = [page.removesuffix(".html")] + (["clv_transactional"] if page == "clv.html" else [])
    names = [name for chapter in chapters for name in _names(chapter)]
    return any(
        anchor == slug(name) or ("{" in name and anchor.startswith(slug(name.split("{")[0])))
        for name in names
    )


def _names(chapter: str) -> list[str]:
    book = json.loads((PROJECT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    code = "\n".join(
        "".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"
    )
    return re.findall(r'name=f?"([^"]+)"', code)
