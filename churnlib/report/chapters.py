"""A chapter is one notebook; a page is one HTML file, which may hold several chapters."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SUMMARY = "summary"
FRONT_PAGE = "index"
_WHOLE = "chapter"  # the id of a chapter's section, where its page holds others too


@dataclass(frozen=True)
class Chapter:
    """One notebook, as its `metadata.churnlib` describes it.

    Parameters
    ----------
    name, title : what commands and readers call it
    order : where it stands in the report, the smallest number first
    models : the kinds of business that it fits
    tables : without which it has nothing to say; also columns, as `subscriptions.end_reason`, and
        alternatives, joined with " or "
    path : the notebook
    page : the page that it stands on; none given = one of its own, and the summary is the front
        page
    page_title : what a page with several chapters is called; its first chapter that says so wins
    customers : how many there must have been for it to tell anything
    changes : whether it needs a change of the business that has begun
    """

    name: str
    title: str
    order: int
    models: tuple[str, ...]
    tables: tuple[str, ...]
    path: Path
    page: str = ""
    page_title: str = ""
    customers: int = 0
    changes: bool = False

    def __post_init__(self) -> None:
        own = FRONT_PAGE if self.name == SUMMARY else self.name
        object.__setattr__(self, "page", self.page or own)

    @property
    def href(self) -> str:
        """The file of its page."""
        return f"{self.page}.html"


@dataclass(frozen=True)
class Page:
    """One file of a report, and its chapters in reading order."""

    name: str
    chapters: tuple[Chapter, ...]

    @property
    def href(self) -> str:
        """The file."""
        return f"{self.name}.html"

    @property
    def is_joint(self) -> bool:
        """Whether it holds several chapters: then ids carry the chapter's name."""
        return len(self.chapters) > 1

    @property
    def title(self) -> str:
        """That of its chapter; of several, the `page_title` that one gives, else the page's
        name in words.
        """
        if not self.is_joint:
            return self.chapters[0].title
        given = [one.page_title for one in self.chapters if one.page_title]
        words = self.name.replace("-", " ").replace("_", " ")
        return given[0] if given else words[:1].upper() + words[1:]

    def section(self, chapter: Chapter) -> str:
        """The id of the part of the page that is this chapter; none where that is all of it."""
        return led(chapter.name, _WHOLE) if self.is_joint else ""

    def anchor(self, chapter: Chapter, identifier: str) -> str:
        """The id on this page of what the chapter itself calls `identifier`."""
        if not identifier:
            return self.section(chapter)
        return led(chapter.name, identifier) if self.is_joint else identifier

    def link(self, chapter: Chapter, identifier: str) -> str:
        """The way there from any other page of the report.

        Examples
        --------
        >>> one = Chapter("clv", "Value", 50, (), (), Path("clv.ipynb"))
        >>> Page("clv", (one,)).link(one, "value")
        'clv.html#value'
        """
        anchor = self.anchor(chapter, identifier)
        return f"{self.href}#{anchor}" if anchor else self.href


def led(name: str, identifier: str) -> str:
    """An id led by a name, unique where others of the same word stand beside it.

    Examples
    --------
    >>> led("survival", "curve")
    'survival--curve'
    """
    return f"{name}--{identifier}"


def pages_of(chapters: Iterable[Chapter]) -> tuple[Page, ...]:
    """The pages that chapters make up, in the order of the first chapter of each."""
    found: dict[str, list[Chapter]] = {}
    for chapter in chapters:
        found.setdefault(chapter.page, []).append(chapter)
    return tuple(Page(name, tuple(held)) for name, held in found.items())
