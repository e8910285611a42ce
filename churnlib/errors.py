"""What can be wrong with an input, said so that the reader can mend it and nobody learns a
password from it.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath

_WORD = re.compile(r"[^\s'\"]+")
_NAMED = re.compile(
    r"(?i)((?:password|passphrase|passwd|pass|pwd|secret|token|key(?:[_-]id)?|credentials?|"
    r"signature|sig|sas|auth|authorization)\s?=\s?)"
    r"('[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)"
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")


class ChurnlibError(Exception):
    """Any problem that the user can mend: the message says what, where and how. Exit code 2."""

    def __init__(self, message: str):
        super().__init__(printable(masked(message)))


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
    >>> masked("jdbc:oracle:thin:anna/pw@host?auth=x"), masked("write to anna@example.org")
    ('jdbc:oracle:thin:***@host?auth=***', 'write to anna@example.org')
    """
    text = _WORD.sub(lambda word: _without_login(word.group()), text)
    return _BEARER.sub(r"\1 ***", _NAMED.sub(r"\1***", text))


def _without_login(word: str) -> str:
    """`user:password@` of an address, and `user/password@` of a JDBC one, covered."""
    login, at, rest = word.rpartition("@")
    if not at or ":" not in login:
        return word
    before, scheme, _ = login.partition("://")
    if scheme:
        return f"{before}://***@{rest}"
    # `jdbc:oracle:thin:anna/pw` ends with the login; `anna:pw` is one.
    before, _, last = login.rpartition(":")
    if "/" in last and last.partition("/")[0]:
        return f"{before}:***@{rest}"
    return f"{before.rpartition(':')[0]}***@{rest}"


def printable(text: str) -> str:
    """A text that moves nothing on a terminal: control and direction characters are written out.

    Examples
    --------
    >>> print(printable("a\x1b[2Jb"))
    a\\x1b[2Jb
    """
    return _CONTROL.sub(lambda one: ascii(one.group())[1:-1], text)


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?` where something known is near enough, else nothing."""
    lowered = {str(one).lower(): str(one) for one in known}
    wanted = str(name).lower()
    found = [one for one in lowered if len(wanted) > 2 and one.startswith(wanted)]
    found = found or difflib.get_close_matches(wanted, list(lowered), n=1, cutoff=0.5)
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
