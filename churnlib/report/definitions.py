"""The words of a report and what they mean in it: definitions in force, one click from each
figure.
"""

from typing import Literal

_BOTH = [
    (
        "As of",
        "The end of the period, exclusive. Nothing that became known on this day or later is in "
        "the report.",
    ),
    (
        "Cohort",
        "The customers whose first paid day or first purchase lies in one period. Age counts "
        "whole periods since.",
    ),
    (
        "Range",
        "The 95 % range: Wilson for rates, Greenwood for survival curves, bootstrap or simulation "
        "for values, widened to "
        "the error of earlier forecasts where that is larger.",
    ),
    (
        "No clear change",
        "The 95 % range of the difference of two rates holds 0; for amounts and counts, within "
        "0.5 %; for shares of money, "
        "within 0.5 points.",
    ),
    (
        "Small",
        "Fewer than 30 in the denominator: the row is marked, and no rate with it is told in a "
        "sentence.",
    ),
]
_SUBSCRIPTION = [
    (
        "Customer",
        "Who pays for at least one subscription: MRR above 0. Free accounts and trials are none.",
    ),
    (
        "MRR",
        "What all subscriptions bring a month; other intervals are brought to a month, rounded to "
        "the cent.",
    ),
    ("Opening and closing", "The state just before the period starts, and just before it ends."),
    (
        "Customer churn rate",
        "Customers active at opening and not at closing ÷ customers active at opening.",
    ),
    (
        "Gross MRR churn",
        "(Churn + contraction) ÷ opening MRR. Net deducts expansion, not reactivation.",
    ),
    (
        "NRR and GRR",
        "MRR today of the customers of a year ago ÷ their MRR then; in GRR each counts at most as "
        "then.",
    ),
    (
        "Lifetime",
        "From the first paid day to the first day without any subscription; a comeback is no part "
        "of it.",
    ),
    (
        "Hazard",
        "Of the customers there at the start of a month of life, the share that leaves in it.",
    ),
    (
        "Customer lifetime value",
        "Discounted margin of a customer over the stated months: share still there × ARPA × "
        "margin.",
    ),
]
_TRANSACTIONAL = [
    ("Purchase", "All orders of one customer on one day, at least one of them not a return."),
    ("Return", "A row with a negative amount: it reduces the revenue and is no purchase."),
    ("New and returning", "The first purchase lies in this period, or in an earlier one."),
    (
        "Repeat purchase rate",
        "Customers with a second purchase within so many days ÷ customers observed that long.",
    ),
    (
        "P(alive)",
        "The probability that a customer has not stopped for good, given how often and how lately "
        "they bought.",
    ),
    (
        "Customer lifetime value",
        "Expected discounted margin of today's customers over the next twelve months.",
    ),
]


def definitions(model: Literal["subscription", "transactional"]) -> list[tuple[str, str]]:
    """Terms and meanings in force for a kind of business, in reading order.

    Examples
    --------
    >>> definitions("subscription")[0][0]
    'Customer'
    """
    return [*(_SUBSCRIPTION if model == "subscription" else _TRANSACTIONAL), *_BOTH]
