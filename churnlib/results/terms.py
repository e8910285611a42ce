"""Words and what they mean: each is defined once, in the module of the measure or model that it
names.

The glossary page, the notebooks and the pages take a definition from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from churnlib.errors import ChurnlibError, nearest


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


def terms(words: Iterable[str]) -> list[Term]:
    """The terms of these words, in this order.

    Raises
    ------
    ChurnlibError : a word that nobody has defined; names the nearest
    """
    from churnlib.results.registry import import_declarations  # which imports this module

    import_declarations()
    wanted = [word.lower() for word in words]
    for word in wanted:
        if word not in TERMS:
            raise ChurnlibError(f"No definition of {word!r}{nearest(word, TERMS) or '.'}")
    return [TERMS[word] for word in wanted]
