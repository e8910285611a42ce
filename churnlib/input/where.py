"""Where a source lies and a hash of its files: found without opening it, so that a run with nothing
to do is quick.
"""

import hashlib
import importlib.util
from pathlib import Path

from churnlib.errors import DataError, nearest, shown_uri
from churnlib.params.model import FRAMES, PACKAGE_SCHEME, Params

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".txt", ".tsv")


def place_of(params: Params) -> Path:
    """The folder or file that `source.uri` means.

    Raises
    ------
    DataError : there is none; names the nearest
    """
    uri = params.source.uri
    where = f"source.uri = {shown_uri(uri)!r}"
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
    place = (params.folder / Path(uri).expanduser()).resolve()
    if not place.exists():
        beside = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
        hint = nearest(place.name, beside) or f". Relative paths start from {params.folder.name}/."
        raise DataError(f"{where}: no such folder or file{hint}")
    if place.is_file() and place.name.lower().endswith(SUFFIXES):
        raise DataError(
            f"{where}: one file. Give the folder it lies in, and the file under source.tables."
        )
    return place


def files_fingerprint(params: Params) -> str:
    """A hash of the bytes that a source's files hold: the same hash, the same rows.

    It reads the bytes and trusts no date of a file: copies keep old dates, and clocks jump.

    Raises
    ------
    DataError : there is no such source, or a file cannot be read
    """
    place = place_of(params)
    digest = hashlib.sha256()
    try:
        for path in _files(place, params):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            digest.update(path.name.encode() + b"\0" + content)
    except OSError as error:
        raise DataError(f"{place.name}: not readable: {error.strerror or error}.") from None
    return digest.hexdigest()


def _files(place: Path, params: Params) -> list[Path]:
    """The files that tables are read from; a database with what it keeps beside itself, such as
    its log.
    """
    if not place.is_dir():
        beside = [path for path in place.parent.iterdir() if _beside(path, place)]
        return sorted([place, *beside])
    named = {table.from_ for table in params.source.tables.values()}
    there = [path for path in place.iterdir() if path.name.lower().endswith(SUFFIXES)]
    files = [path for path in there if path.is_file()]
    if not named or None in named:
        return sorted(files)
    return sorted(path for path in files if path.name in named)


def _beside(path: Path, database: Path) -> bool:
    return path.name.startswith(f"{database.name}.") and path.is_file()
