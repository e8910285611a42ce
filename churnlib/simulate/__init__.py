"""Businesses whose truth is known: for the demo, for tests, and in any size for benchmarks.

Of subscriptions `truth` holds every number that the business is made from, `lives` lets customers
live by it, `write` brings them to Parquet in chunks; of a shop `shop_truth` and `shop` do so.
docs/simulated_business.md says in tables what is true and where a report should show it.
"""

from churnlib.simulate.shop import simulate_shop
from churnlib.simulate.truth import (
    CHANNELS,
    INDUSTRIES,
    PLANS,
    list_price,
    mix_of_channels,
    true_hazard,
)
from churnlib.simulate.write import simulate

__all__ = [
    "CHANNELS",
    "INDUSTRIES",
    "PLANS",
    "list_price",
    "mix_of_channels",
    "simulate",
    "simulate_shop",
    "true_hazard",
]
