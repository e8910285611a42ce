"""The truth about the simulated business: every number it is made from, and functions to ask it.

A customer can leave only at a renewal. The hazard of month of life k is the probability that a
customer who has stayed k - 1 months does not renew at the end of the k-th, so that its tenure at
leaving is k whole months.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FIRST_DAY = np.datetime64("2023-11-01", "D")
END = np.datetime64("2026-11-01", "D")
"""Exclusive: the data say what was known on the evening of 2026-10-31."""

# Sign-ups: how many a day, up to a constant.
MONTHLY_GROWTH = 0.02
SEASON = (1.08, 1.04, 1.06, 1.00, 0.98, 0.97, 0.88, 0.84, 1.10, 1.08, 1.05, 0.92)
"""January to December."""
WEEKDAY = (1.15, 1.20, 1.15, 1.10, 1.00, 0.65, 0.75)
"""Monday to Sunday."""
MONTH_NOISE, DAY_NOISE = 0.04, 0.15
"""Standard deviations of the logarithm."""


class Channel(NamedTuple):
    """Share of new customers before and after the shift, hazard ratio, mean acquisition cost in
    EUR.
    """

    share: float
    share_shifted: float
    hazard_ratio: float
    cost: float


class Industry(NamedTuple):
    """Share of new customers and hazard ratio."""

    share: float
    hazard_ratio: float


class Plan(NamedTuple):
    """List price per month in EUR before and after the rise, hazard ratio, share that bills
    annually.
    """

    price: float
    price_raised: float
    hazard_ratio: float
    annual_share: float


class Moves(NamedTuple):
    """Probability, at a renewal that is made, of moving one plan up or one plan down."""

    up: tuple[float, float, float]
    down: tuple[float, float, float]


MIX_SHIFT = np.datetime64("2026-01-01", "D")
CHANNELS = {
    "referral": Channel(0.20, 0.10, 0.80, 180.0),
    "organic search": Channel(0.30, 0.22, 0.90, 260.0),
    "partner": Channel(0.15, 0.08, 0.90, 640.0),
    "paid search": Channel(0.20, 0.18, 1.05, 520.0),
    "paid social": Channel(0.15, 0.42, 1.45, 610.0),
}
COST_SPREAD = 0.25
"""Standard deviation of the logarithm of a customer's acquisition cost; the mean is the
channel's.
"""
INDUSTRIES = {
    "software": Industry(0.28, 0.90),
    "professional services": Industry(0.22, 0.95),
    "retail": Industry(0.20, 1.05),
    "manufacturing": Industry(0.17, 0.90),
    "hospitality": Industry(0.13, 1.50),
}
COUNTRIES = {"DE": 0.45, "FR": 0.20, "NL": 0.15, "AT": 0.12, "ES": 0.08}
"""No effect on anything: what a report finds here is chance."""
SIZES = {
    "1-9": (0.48, (0.66, 0.29, 0.05)),
    "10-49": (0.30, (0.34, 0.50, 0.16)),
    "50-249": (0.16, (0.08, 0.50, 0.42)),
    "250+": (0.06, (0.02, 0.28, 0.70)),
}
"""Company size: share of new customers, and the shares of first plans. It acts through the plan
alone.
"""

PRICE_RISE = np.datetime64("2026-03-01", "D")
PRICE_RISE_HAZARD_RATIO = 1.4
"""At the one renewal that brings a customer the new price."""
PLANS = {
    "Starter": Plan(49.0, 53.0, 1.25, 0.20),
    "Team": Plan(129.0, 139.0, 0.90, 0.32),
    "Business": Plan(349.0, 379.0, 0.60, 0.45),
}
ANNUAL_PRICE_FACTOR = 10 / 12
"""Two months are free to those who pay by the year."""
DISCOUNTS = {1.0: 0.70, 0.9: 0.20, 0.8: 0.10}
"""Negotiated factor on the list price, for life, and its share."""
MONTHLY_MOVES = Moves(up=(0.028, 0.018, 0.0), down=(0.0, 0.004, 0.004))
ANNUAL_MOVES = Moves(up=(0.24, 0.16, 0.0), down=(0.0, 0.04, 0.04))

# Hazard by month of life, before the ratios. Monthly billing: falling to a floor, with a bump.
HAZARD_FLOOR, HAZARD_START, HAZARD_DECAY = 0.028, 0.034, 5.0
BUMP_MONTH, BUMP_RATIO = 5, 2.0
ANNUAL_HAZARDS = (0.24, 0.17, 0.13)
"""At the first, second and third yearly renewal (and after); annual customers never leave in
between.
"""
HIGHEST_HAZARD = 0.95

RETURN_SHARE = 0.12
"""Of the monthly customers who leave, the share that comes back, once (in the data where that is
before the end).
"""
RETURN_GAP = (10, 90)
"""Days away, each equally likely, both included."""
RETURN_MONTH = 12
"""Months of life a customer who returned is treated as having behind it: its first month back is
the thirteenth.
"""
NOTICE_DAYS, NOTICE_SHARE = 60, 0.15
"""Of the annual customers who will leave within so many days after the end, the share whose end
date is known.
"""

# How customers ended and what they said of it: beside their lives, which do not depend on it.
END_REASONS = {
    "voluntary": 0.66,
    "payment_failed": 0.24,
    "fixed_term": 0.04,
    "disputed": 0.02,
    "account_or_plan_change": 0.04,
}
"""Shares of those who leave."""
PAST_DUE_CANCELS = 0.104
"""Of the monthly customers who leave by their own decision, the share that does so while a payment
has failed: 8% of failed charges."""
ANSWER_SHARES = ((3, 0.08), (12, 0.12), (np.inf, 0.18))
"""Of those who leave by their own decision within so many months of life, the share that says
why."""
FEEDBACK = {
    "too_expensive": 0.30,
    "unused": 0.20,
    "missing_features": 0.18,
    "switched_service": 0.12,
    "too_complex": 0.08,
    "customer_service": 0.06,
    "low_quality": 0.04,
    "other": 0.02,
}
DEARER_FROM, DEARER_SHARE = PRICE_RISE, 0.45
"""From this day on so many of the answers are `too_expensive`; the others keep their parts."""
UNUSED_MORE = 2.0
"""How much likelier hospitality is to say `unused`."""


class Group(NamedTuple):
    """Share of answers, how many times as often it leaves within ninety days as passives, and the
    lowest and highest score.
    """

    share: float
    hazard_ratio: float
    low: int
    high: int


NPS_ASKED, NPS_ANSWERS = 0.10, 0.20
"""Of the customers of a quarter, the share that is asked; of these, the share that answers."""
NPS_GROUPS = {
    "promoter": Group(0.40, 0.7, 9, 10),
    "passive": Group(0.35, 1.0, 7, 8),
    "detractor": Group(0.25, 1.6, 0, 6),
}
NPS_LATER_DAYS, NPS_LEAVE = 90, 0.09
"""Days after an answer, and the share of passives that leaves within them."""

# Payments of monthly customers: 4% of charges fail at first, 64% of these come back.
FAILS_AND_RECOVERS = 0.0264
"""Of the charges of paid terms, the share that fails at first and is paid later."""
RECOVERY_DAYS = {3: 0.36, 7: 0.28, 14: 0.22, 21: 0.06, 30: 0.05, 45: 0.03}
"""Days from the due day to the payment, of those that come back: 86, 97 and 100% of 64 are 55, 62
and 64% by day 14, 30 and 45."""
EXPIRED_SHARE = 1 / 3
"""Of failed charges, those whose card has expired."""

Text = ArrayLike
Flag = ArrayLike


def true_hazard(
    month_of_life: ArrayLike,
    *,
    billing: Text = "monthly",
    channel: Text | None = None,
    industry: Text | None = None,
    plan: Text | None = None,
    price_rise: Flag = False,
) -> NDArray[np.float64]:
    """The probability of leaving at the end of a month of life, for one who is there during it.

    Parameters
    ----------
    month_of_life : int or array of int
        1 is the first month. For a customer who returned, count from `RETURN_MONTH` + 1.
    billing : {"monthly", "annual"} or array of it
    channel, industry, plan : str or array of str, optional
        The plan is the one held during that month. Left out: hazard ratio 1, which is no actual
        customer's.
    price_rise : bool or array of bool
        Whether the renewal at the end of that month is the one that brings the customer the price
        rise.

    Returns
    -------
    array of float
        Broadcast over all arguments. Base hazard of the month x channel x industry x plan (x price
        rise), at most 0.95.

    Examples
    --------
    >>> true_hazard([4, 5, 6]).round(3)
    array([0.047, 0.087, 0.041])
    >>> float(true_hazard(12, billing="annual", channel="referral"))
    0.192
    """
    annual = np.asarray(billing) == "annual"
    if not np.all(annual | (np.asarray(billing) == "monthly")):
        raise ValueError(f"billing must be monthly or annual, not {billing!r}")
    ratio = _ratio(CHANNELS, channel) * _ratio(INDUSTRIES, industry) * _ratio(PLANS, plan)
    return hazard(np.asarray(month_of_life), annual, ratio, np.asarray(price_rise))


def hazard(
    month: NDArray, annual: NDArray, ratio: NDArray, price_rise: NDArray
) -> NDArray[np.float64]:
    """`true_hazard` for those who have the product of the hazard ratios at hand, as the
    simulation has.
    """
    falling = HAZARD_FLOOR + HAZARD_START * np.exp(-(month - 1) / HAZARD_DECAY)
    monthly = falling * np.where(month == BUMP_MONTH, BUMP_RATIO, 1.0)
    year = np.minimum(month // 12, len(ANNUAL_HAZARDS))
    yearly = np.where(month % 12 == 0, np.asarray(ANNUAL_HAZARDS)[year - 1], 0.0)
    base = np.where(annual, yearly, monthly) * np.where(price_rise, PRICE_RISE_HAZARD_RATIO, 1.0)
    return np.minimum(base * ratio, HIGHEST_HAZARD)


def list_price(
    plan: Text, *, billing: Text = "monthly", renewed_on: ArrayLike
) -> NDArray[np.float64]:
    """EUR a month, before a negotiated discount, of a term that begins on `renewed_on`.

    Examples
    --------
    >>> list_price("Team", renewed_on=["2026-02-28", "2026-03-01"])
    array([129., 139.])
    """
    raised = np.asarray(renewed_on, dtype="datetime64[D]") >= PRICE_RISE
    price = np.where(raised, _lookup(PLANS, plan, "price_raised"), _lookup(PLANS, plan, "price"))
    return price * np.where(np.asarray(billing) == "annual", ANNUAL_PRICE_FACTOR, 1.0)


def mix_of_channels(signed_up_on: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """For each channel, its share of the customers who sign up on these days.

    Examples
    --------
    >>> mix_of_channels(["2025-12-31", "2026-01-01"])["paid social"]
    array([0.15, 0.42])
    """
    shifted = np.asarray(signed_up_on, dtype="datetime64[D]") >= MIX_SHIFT
    return {name: np.where(shifted, c.share_shifted, c.share) for name, c in CHANNELS.items()}


def _ratio(table: Mapping[str, tuple], names: Text | None) -> NDArray[np.float64]:
    return np.ones(()) if names is None else _lookup(table, names, "hazard_ratio")


def _lookup(table: Mapping[str, tuple], names: Text, field: str) -> NDArray[np.float64]:
    """The field of each name; `ValueError` names the first that is not in the table."""
    distinct, position = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    unknown = [name for name in distinct.tolist() if name not in table]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(table)}")
    values = np.array([getattr(table[name], field) for name in distinct.tolist()])
    return values[position].reshape(np.shape(names))
