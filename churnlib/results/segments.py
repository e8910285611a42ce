"""What stands in the column `segment` beside the values of the data."""

UNKNOWN = "(unknown)"
OTHER = "(other)"
ALL = "all"
"""Stands as segment_column and segment where nothing was split."""
