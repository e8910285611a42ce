"""How far a server has sent its tables: a bar over the rows on a terminal, nothing elsewhere."""

import sys
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from churnlib.errors import printable


class Bar:
    """A bar for each table, one tick a row."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            disable=not sys.stderr.isatty(),
        )
        self._tasks = {
            name: self._progress.add_task(printable(name), total=size)
            for name, size in sizes.items()
        }

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def came(self, name: str, rows: int) -> None:
        """So many rows of a table are here."""
        self._progress.advance(self._tasks[name], rows)
