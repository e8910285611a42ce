"""Words and what they mean: each is defined once, in the module of the measure or model that it
names.

The glossary page, the notebooks and the pages take a definition from here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One word of a report.

    Parameters
    ----------
    word : as readers see it: "Customer churn rate"
    meaning : one or two sentences
    """

    word: str
    meaning: str

    def __post_init__(self) -> None:
        TERMS[self.word.lower()] = self


TERMS: dict[str, Term] = {}
"""Every term declared so far, by its word in small letters."""
