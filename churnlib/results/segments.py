"""What stands in the column `segment` of a split result, beside the values of the data."""

ALL = "all"
"""Stands as segment_column and as segment where nothing was split."""
UNKNOWN = "(unknown)"
"""A customer of whom the value is not known."""
OTHER = "(other)"
"""The smaller values of a column with many, pooled."""
UNKNOWN_HOW = "unknown"
"""A customer who left of whom it is not known how it ended."""
JOINER = " · "
"""Between the values where several columns are split by at once."""

INTERVALS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}
"""What people call a billing interval of so many months."""


def billing_name(interval_months: float) -> str:
    """A billing interval in words.

    Examples
    --------
    >>> billing_name(12), billing_name(2)
    ('year', '2 months')
    """
    months = int(interval_months)
    return INTERVALS.get(months, f"{months} months")


def in_words(name: object) -> str:
    """A column's name as readers see it.

    Examples
    --------
    >>> in_words("first_plan")
    'first plan'
    """
    return str(name).replace("_", " ")
