"""The rules by which a number may be told: each stands here once."""

LEVEL = 0.95
"""Confidence level of every interval of the kit."""
MIN_N = 30
"""The smallest denominator that a rate is told on; rows below it are marked as small."""
CLEAR = 0.05
"""Share of false discoveries allowed: an adjusted p-value below it is called clear."""
