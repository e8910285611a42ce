"""Sentences as tests compare them, and results as hand-made frames."""

import pandas as pd

from churnlib.results.told import Finding


def said(sentence: str | Finding) -> str:
    """The sentence with plain spaces and signs in place of those that keep a line from breaking."""
    text = str(sentence)
    return text.replace("\u00a0", " ").replace("\u2060", "").replace("\u2212", "-")


def told_of(frame: pd.DataFrame, **context: str) -> pd.DataFrame:
    """A frame made by hand that says of itself what a result does: EUR and months unless given."""
    frame.attrs = {"currency": "EUR", "grain": "month", **context}
    return frame
