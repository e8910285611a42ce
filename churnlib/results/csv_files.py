"""What a result is called as a file, and the columns that its file has."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from churnlib.results.declared import Result, ResultError

MAX_FILE_NAME = 60


def csv_name(table: str) -> str:
    """The file of a report's table below tables/; a segment column in its name leads nowhere else
    and fits a disk.

    Examples
    --------
    >>> csv_name("mrr_by_channel"), csv_name("mrr_by_../x")
    ('mrr_by_channel.csv', 'mrr_by_x-64af31.csv')
    """
    plain = re.sub(r"[^\w -]+", "", table)[:MAX_FILE_NAME]
    if plain == table:
        return f"{plain}.csv"
    digest = hashlib.sha256(table.encode()).hexdigest()
    return f"{plain}-{digest[:6]}.csv"


def csv_columns(declared: Result | None, names: Sequence[str]) -> dict[str, str]:
    """The columns of a table's CSV file, in their order: {column: its head}.

    Declared columns stand in their declared order under their declared heads. What a result is
    split by comes first where several splits are stacked, and after `period_start` where it is
    one. Columns that an analyst added come last.

    Parameters
    ----------
    declared : what the table is; None = nothing that is declared: its columns stay as they are
    names : the columns that it has

    Raises
    ------
    ResultError : a declared column is missing that must be there, or two would have one head
    """
    columns = declared.columns if declared else ()
    missing = [one.name for one in columns if one.name not in names and not one.optional]
    if missing:
        raise ResultError(
            f"{declared.title} ({declared.name}) lacks the columns {', '.join(missing)}: "
            "a table is written as it is declared."
        )
    heads = {one.name: one.csv_name for one in columns if one.name in names}
    twice = [head for head, n in Counter(heads.get(name, name) for name in names).items() if n > 1]
    if twice:
        raise ResultError(f"Two columns would be called {twice[0]!r} in the file. Rename one.")
    ordered = _with_split(list(heads), names) if declared else []
    ordered += [name for name in names if name not in ordered]
    return {name: str(heads.get(name, name)) for name in ordered}


def _with_split(declared: list[str], names: Sequence[str]) -> list[str]:
    split = [one for one in ("segment_column", "segment") if one in names and one not in declared]
    place = 0
    if "segment_column" not in split and declared[:1] == ["period_start"]:
        place = 1
    return declared[:place] + split + declared[place:]
