"""Where a source lies, which of its files are read, and a hash of them: found without opening
them, so that a run with nothing to do is quick.
"""

import atexit
import hashlib
import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from churnlib.errors import DataError, nearest, shown_uri
from churnlib.params.model import Params
from churnlib.params.servers import scheme_of
from churnlib.params.source import FRAMES, PACKAGE_SCHEME, TableSource
from churnlib.params.tables import TABLES
from churnlib.temporary import new_temporary_folder

SENT_AS = ".parquet"
SUFFIXES = (".parquet", ".csv", ".csv.gz", ".txt", ".tsv")


def place_of(params: Params) -> Path:
    """The folder or file that `source.uri` means; of a server, a folder to which its tables have
    been sent, gone when the process is.

    Raises
    ------
    DataError : there is none; names the nearest
    """
    uri = params.source.uri
    where = f"source.uri = {shown_uri(uri)!r}"
    if scheme_of(uri):
        return _sent(params)
    if uri == FRAMES:
        raise DataError(f"{where}: tables at hand in Python are read by from_frames alone.")
    if uri.startswith(PACKAGE_SCHEME):
        package, _, inside = uri.removeprefix(PACKAGE_SCHEME).partition("/")
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if not spec or not spec.submodule_search_locations:
            raise DataError(
                f"{where}: the package {package} is not installed (pip install {package})."
            )
        return Path(next(iter(spec.submodule_search_locations))) / inside
    place = (params.folder / _from_home(uri, where)).resolve()
    if not place.exists():
        beside = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
        hint = nearest(place.name, beside) or f". Relative paths start from {params.folder.name}/."
        raise DataError(f"{where}: no such folder or file{hint}")
    if place.is_file() and place.name.lower().endswith(SUFFIXES):
        raise DataError(
            f"{where}: one file. Give the folder it lies in, and the file under source.tables."
        )
    return place


def files_in(folder: Path) -> list[str]:
    """The names of the files of a folder that tables can be read from."""
    return sorted(path.name for path in folder.iterdir() if path.name.lower().endswith(SUFFIXES))


def named(given: Mapping[str, TableSource], there: Sequence[str]) -> dict[str, str]:
    """Which file, or table of a database, each of our tables is read from.

    Parameters
    ----------
    given : our tables and their settings; one that names no `from` may be absent
    there : what the folder or the database holds

    Returns
    -------
    {our table: name of a file or table}, of those that are there

    Raises
    ------
    DataError : a name that is not there (naming the nearest), or several that could be meant
    """
    found = {}
    for name, settings in given.items():
        wanted = settings.from_ or _own(there, name)
        if wanted and wanted not in there and f"{wanted}{SENT_AS}" in there:
            wanted += SENT_AS  # a table that a server has sent
        if wanted and wanted not in there:
            hint = nearest(wanted, there) or f". There: {', '.join(there) or 'nothing'}."
            raise DataError(f"source.tables.{name}: no {wanted!r} in the source{hint}")
        if wanted:
            found[name] = wanted
    return found


def files_fingerprint(params: Params, place: Path | None = None) -> str:
    """A hash of the bytes that a source's files hold: the same hash, the same rows.

    It reads the bytes and trusts no date of a file: copies keep old dates, and clocks jump.

    Parameters
    ----------
    params : where the source is, and which of its files are read
    place : what `place_of` gave, where that is known already: a server sends its tables once

    Raises
    ------
    DataError : there is no such source, or a file cannot be read
    """
    place = place or place_of(params)
    digest = hashlib.sha256()
    try:
        for path in _files(place, params):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            digest.update(path.name.encode() + b"\0" + content)
    except OSError as error:
        raise DataError(f"{place.name}: not readable: {error.strerror or error}.") from None
    return digest.hexdigest()


def _sent(params: Params) -> Path:
    from churnlib.input.servers import send  # drivers and Arrow: nothing for a run over files

    folder = new_temporary_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    send(params, folder)
    return folder


def _from_home(uri: str, where: str) -> Path:
    try:
        return Path(uri).expanduser()
    except RuntimeError:
        raise DataError(f"{where}: there is no such home folder.") from None


def _own(there: Sequence[str], name: str) -> str | None:
    """The file or table of a table's own name; several are one too many."""
    own = {name, *(name + suffix for suffix in SUFFIXES)}
    found = [one for one in there if one.lower() in own]
    if len(found) > 1:
        raise DataError(
            f"source.tables.{name}: {' and '.join(found)} are both there. Say which under "
            f"{name}.from."
        )
    return found[0] if found else None


def _files(place: Path, params: Params) -> list[Path]:
    """The files that tables are read from; a database with what it keeps beside itself, such as
    its log. A preset reads what it knows of a folder: all of it counts.
    """
    if not place.is_dir():
        beside = [path for path in place.parent.iterdir() if _beside(path, place)]
        return sorted([place, *beside])
    there = files_in(place)
    given = params.source.tables or {name: TableSource() for name in TABLES}
    read = there if params.source.preset else named(given, there).values()
    return sorted(path for name in read if (path := place / name).is_file())


def _beside(path: Path, database: Path) -> bool:
    return path.name.startswith(f"{database.name}.") and path.is_file()
