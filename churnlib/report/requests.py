"""From the command line's words to the reports to make, and those that need not be made."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from churnlib.errors import DataError, ParamsError
from churnlib.input.where import files_fingerprint, place_of
from churnlib.params.model import Params
from churnlib.params.read import read_params
from churnlib.report.chapters import Chapter
from churnlib.report.plan import Plan, Source, When, plan_report, read_chapters
from churnlib.report.published.standing import is_up_to_date, known_source

if TYPE_CHECKING:
    from churnlib.input.checked import Checked


def plan_reports(
    files: Sequence[Path],
    when: When,
    wanted: Sequence[str] = (),
    *,
    output: Path,
    force: bool = False,
) -> "list[tuple[Plan, Checked | None]]":
    """Every report that is asked for, business by business.

    Each source is read once, however many periods.

    Returns
    -------
    (plan, checked source) of each report; None in place of the source where the report is up to
    date. Where that is so for every period of a business, its source is not even opened.

    Raises
    ------
    ChurnlibError : parameters, data or chapter names that cannot be used; nothing has been run by
    then
    """
    businesses = [(file, read_params(file)) for file in files]
    _one_file_each(businesses)
    chapters, requests = read_chapters(), []
    for file, params in businesses:
        requests += _of_business(
            file, params, when, wanted, chapters=chapters, output=output, force=force
        )
    return requests


def _of_business(
    file: Path,
    params: Params,
    when: When,
    wanted: Sequence[str],
    *,
    chapters: Sequence[Chapter],
    output: Path,
    force: bool,
) -> "list[tuple[Plan, Checked | None]]":
    place, checked = place_of(params), None
    fingerprint = files_fingerprint(params, place)
    source = None if force else known_source(output / params.business, params, fingerprint)
    if source is None:
        checked, source = _read(params, place, fingerprint)
    periods = when.periods(source.latest)
    plans = [
        plan_report(file, params, one, source, chapters=chapters, wanted=wanted) for one in periods
    ]
    done = [not force and is_up_to_date(plan, output) for plan in plans]
    if checked is None and not all(done):
        checked, _ = _read(params, place, fingerprint)
    return [
        (plan, None if up_to_date else checked)
        for plan, up_to_date in zip(plans, done, strict=True)
    ]


def _read(params: Params, place: Path, fingerprint: str) -> "tuple[Checked, Source]":
    """Read and check a source; the hash of its files, taken before, must still hold after."""
    from churnlib.input.checked import check

    checked = check(params, place)
    if files_fingerprint(params, place) != fingerprint:
        raise DataError(
            f"source.uri = {params.source.uri!r}: it changed while it was read. Run again."
        )
    return checked, Source(fingerprint, tuple(checked.holds), checked.latest_period())


def _one_file_each(businesses: Sequence[tuple[Path, Params]]) -> None:
    """Two files of one business would publish to the same place."""
    first: dict[str, Path] = {}
    for file, params in businesses:
        other = first.setdefault(params.business, file)
        if other is not file:
            raise ParamsError(
                f"business: {other} and {file} are both of business {params.business!r}."
            )
