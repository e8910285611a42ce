"""Sentences as tests compare them, and results as hand-made frames."""

import pandas as pd

from churnlib.results.told import Finding, KeyFigure


def said(sentence: str | Finding) -> str:
    """The sentence with plain spaces and signs in place of those that keep a line from breaking."""
    text = str(sentence)
    return text.replace("\u00a0", " ").replace("\u2060", "").replace("\u2212", "-")


def told_of(frame: pd.DataFrame, **context: str) -> pd.DataFrame:
    """A frame made by hand that says of itself what a result does: EUR and months unless given."""
    frame.attrs = {"currency": "EUR", "grain": "month", **context}
    return frame


def changes_of(figure: KeyFigure) -> dict[str, str]:
    """What a key figure is compared with, and how far it is from it."""
    return {one.since: said(one.text) for one in figure.changes}


def noise_of(figure: KeyFigure) -> dict[str, bool]:
    """What a key figure is compared with, and whether chance could have made the difference."""
    return {one.since: one.noise for one in figure.changes}
