"""The truth about the simulated shop: every number it is made from, and a function to ask it.

A buyer has a rate of buying and a chance of never coming back after each purchase. Both differ from
buyer to buyer; the channel moves the chance alone.
"""

from typing import NamedTuple

import numpy as np

from churnlib.simulate.truth import END, FIRST_DAY, MIX_SHIFT

__all__ = ["CATEGORIES", "CHANNELS", "END", "FIRST_DAY", "MIX_SHIFT", "true_repeat_share"]

MONTHLY_GROWTH = 0.015
SEASON = (0.90, 0.85, 0.95, 1.00, 1.00, 0.95, 0.85, 0.80, 0.95, 1.05, 1.35, 1.60)
"""January to December: of first purchases and of everybody's rate of buying."""


class Channel(NamedTuple):
    """Share of first buyers before and after the shift, and the mean chance of never coming back
    after a purchase.
    """

    share: float
    share_shifted: float
    never_again: float


class Category(NamedTuple):
    """Share of purchases, and mean amount in EUR."""

    share: float
    amount: float


CHANNELS = {
    "search": Channel(0.40, 0.30, 0.30),
    "newsletter": Channel(0.25, 0.20, 0.30),
    "marketplace": Channel(0.20, 0.15, 0.30),
    "coupon site": Channel(0.15, 0.35, 0.50),
}
CATEGORIES = {
    "books": Category(0.50, 18.0),
    "games": Category(0.30, 34.0),
    "garden": Category(0.20, 52.0),
}
"""No effect on whether or when a buyer comes back."""
COUNTRIES = {"DE": 0.6, "AT": 0.25, "CH": 0.15}
"""No effect on anything."""

RATE_SHAPE, RATE_SCALE_DAYS = 0.9, 105.0
"""A buyer's purchases a day while it buys: gamma, of this shape, with mean shape / scale."""
NEVER_SPREAD = 4.0
"""Concentration of the beta distribution of the chance of never coming back: the larger, the more
alike are buyers.
"""
SPEND_SPREAD, AMOUNT_SPREAD = 0.4, 0.35
"""Standard deviations of the logarithm: of a buyer's level of spending, and of each amount."""
RETURN_SHARE, RETURN_DAYS = 0.03, (5, 20)
"""Of purchases, the share that is sent back whole, and after how many days, both included."""
FREE_SHARE = 0.01
"""Of purchases, those of amount 0."""


def true_repeat_share(days: int, channel: str) -> float:
    """The share of a channel's first buyers who buy again within so many days, in a year without a
    season.

    Who comes back at all (1 - the mean chance of never) times the chance that a gamma-Poisson rate
    brings a purchase by then: 1 - (scale / (scale + days)) ** shape.

    Examples
    --------
    >>> [round(true_repeat_share(90, name), 3) for name in ("search", "coupon site")]
    [0.299, 0.214]
    """
    bought = 1 - (RATE_SCALE_DAYS / (RATE_SCALE_DAYS + days)) ** RATE_SHAPE
    return float((1 - CHANNELS[channel].never_again) * bought)


def season_by_day() -> np.ndarray:
    """The season's weight of each day of the data."""
    days = np.arange(FIRST_DAY, END)
    month = days.astype("datetime64[M]").astype(int) % 12
    return np.array(SEASON)[month]
