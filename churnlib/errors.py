"""What can be wrong with an input, said so that the reader can mend it and nobody learns a
password from it.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath

_SECRETS = (
    (r"(?<=://)[^\s'\"]*@", "***@"),
    (r"[^\s/'\"@:]+:[^\s/'\"@]+@", "***@"),
    (
        r"(?i)([\w-]*(?:password|passwd|pwd|secret|token|key|credentials?|signature|sig)\s?=\s?)"
        r"('[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)",
        r"\1***",
    ),
)


class ChurnlibError(Exception):
    """Any problem that the user can mend: the message says what, where and how. Exit code 2."""

    def __init__(self, message: str):
        super().__init__(masked(message))


class ParamsError(ChurnlibError):
    """A parameter file that cannot be used: names file, key, value and what would be right."""


class DataError(ChurnlibError):
    """Input data that cannot be used: names file, column, row and value, as far as they are
    known.
    """


def masked(text: str) -> str:
    """A text without what a connection string keeps secret.

    Examples
    --------
    >>> masked("postgres://anna:pw@host/db?password=pw&x=1")
    'postgres://***@host/db?password=***&x=1'
    """
    for secret, cover in _SECRETS:
        text = re.sub(secret, cover, text)
    return text


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?` where something known is near enough, else nothing."""
    lowered = {str(one).lower(): str(one) for one in known}
    wanted = str(name).lower()
    found = difflib.get_close_matches(wanted, list(lowered), n=1, cutoff=0.5)
    found = found or [
        one for one in lowered if len(wanted) > 1 and (wanted in one or one in wanted)
    ]
    return f": did you mean {lowered[found[0]]!r}?" if found else ""


def shown_uri(uri: str) -> str:
    """A source as messages and manifests name it: without where on this machine it lies.

    Examples
    --------
    >>> shown_uri("../data/acme"), shown_uri("/home/anna/data/acme/")
    ('../data/acme', '.../acme')
    """
    own = (
        uri.startswith("~")
        or PurePosixPath(uri).is_absolute()
        or PureWindowsPath(uri).is_absolute()
    )
    return ".../" + re.split(r"[\\/]", uri.rstrip("\\/"))[-1] if own else uri
