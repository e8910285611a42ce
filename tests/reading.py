"""Sentences as tests compare them."""


def said(sentence: str) -> str:
    """The sentence with plain spaces and signs in place of those that keep a line from breaking."""
    return sentence.replace("\u00a0", " ").replace("\u2060", "").replace("\u2212", "-")
