"""Whether first buyers come back more or less since the shop changed something."""

import pandas as pd

from churnlib.models.again.cohorts import as_due
from churnlib.models.leaving.changes import ESTIMATES, LESS, MORE, change_estimates
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["again_changes"]

COMES_BACK = {MORE: "come back more", LESS: "come back less"}
AGAIN_CHANGES = Result(
    "again_changes",
    title="what each change did to buying again",
    grain="one row a change and method",
    columns=(
        *ESTIMATES.columns[:2],
        Column("first_buyers", "count", "First buyers", "Since the change, as far as compared."),
        Column("again", "count", "Bought again", "Of them, within ninety days."),
        *ESTIMATES.columns[4:8],
        Column(
            "verdict",
            "text",
            "Verdict",
            "come back more, come back less, no signal, cannot be separated, before and after (no "
            "second estimate), too early.",
        ),
    ),
)


@gives(AGAIN_CHANGES)
def again_changes(known: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """How many times as often first buyers came back since each change.

    Grain: one row a change and method.

    Parameters
    ----------
    known : frame
        What `known_changes` gave; of a shop each comes at once.
    rows : frame
        What `first_buyers_by_change` gave.

    Returns
    -------
    frame
        label · method (own past; those not reached; both) · first_buyers, again (customers),
        expected (customers, without the change) · effect with effect_low, effect_high (95 %) ·
        verdict

    Notes
    -----
    As `change_estimates`, on first buyers in place of customers due.

    Examples
    --------
    >>> day = pd.Timestamp("2026-01-01")
    >>> known = pd.DataFrame({"label": ["ads"], "kind": "campaign", "starts_on": day})
    >>> start = pd.date_range("2025-07-01", periods=7, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "label": "ads", "reached": True})
    >>> rows = rows.assign(first_buyers=1000, again=[300] * 6 + [150], complete=True)
    >>> again_changes(known.assign(known_on=day), rows)["effect"].round(1).tolist()
    [0.5]
    """
    names = [column.name for column in AGAIN_CHANGES.columns]
    at_once = known.assign(at_renewal=False)
    found = change_estimates(at_once, as_due(rows).assign(since=0))
    found = found.rename(columns={"due": "first_buyers", "left": "again"})
    return found.assign(verdict=found["verdict"].replace(COMES_BACK))[names]
