"""The rules by which a number may be told: each stands here once."""

from churnlib.results.terms import Term

LEVEL = 0.95
"""Confidence level of every interval of the kit."""
MIN_N = 30
"""The smallest denominator that a rate is told on; rows below it are marked as small."""
CLEAR = 0.05
"""Share of false discoveries allowed: an adjusted p-value below it is called clear."""
BEYOND = 3.1
"""A month whose score lies beyond this is named: where nothing changed about one business in 20 has
such a month in a year (benchmarks/alarm_rates.py).
"""
WORDS = (
    Term(
        "Small",
        "Fewer than 30 in the denominator: the row is marked, and no rate with it is told in a "
        "sentence.",
    ),
    Term(
        "No clear change",
        "The 95 % range of the difference of two rates, adjusted where a rate is compared with "
        "several, holds 0; for amounts and counts, within 0.5 %; for shares of money, within 0.5 "
        "points.",
    ),
)
