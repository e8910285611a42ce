"""A subscription business whose true churn is known: for the demo, for tests, and in any size for
benchmarks.

`truth` holds every number that the business is made from, `lives` lets customers live by it,
`write` brings them to Parquet in chunks. docs/simulated_business.md says in tables what is true and
where a report should show it.
"""

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
    "true_hazard",
]
