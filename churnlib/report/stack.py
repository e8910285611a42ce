"""Several blocks as one, for a cell that shows the same thing for each segment column."""

from collections.abc import Iterable

from churnlib.report.markup import Block, paragraph


def stack_block(blocks: Iterable[Block], *, otherwise: str = "Nothing to show.") -> Block:
    """Blocks below one another; a sentence where there are none.

    Examples
    --------
    >>> stack_block([], otherwise="The parameter file names no segments.")
    The parameter file names no segments.
    """
    parts = list(blocks)
    if not parts:
        return Block(paragraph(otherwise, "cl-note cl-nothing"), otherwise)
    return Block("".join(part.html for part in parts), "\n".join(part.summary for part in parts))
