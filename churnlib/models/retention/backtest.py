"""The back-test of the retention models: fitted on what was known earlier, scored on the months
since.
"""

import numpy as np
import pandas as pd

from churnlib.models.retention.fits import NAMES, Model, RetentionFit, fit_table
from churnlib.models.retention.likelihood import log_survival
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

SMALLEST_HAZARD = 1e-12
PER_MONTHS = 1000
"""Customer-months that a score is told for."""
PROJECTION_BACKTEST = Result(
    "projection_backtest",
    title="the back-test of the projection",
    grain="one row a model that could be fitted",
    columns=(
        Column("model", "text", "Model", "Which model was fitted on what was known earlier."),
        Column("customer_months", "count", "Customer-months", "Watched since then."),
        Column("events", "count", "Left", "Customers who left in them."),
        Column("predicted", "number", "Predicted", "How many the model said would leave."),
        Column("relative_error", "share", "Error", "Predicted ÷ left − 1.", signed=True),
        Column(
            "log_score",
            "number",
            "Score",
            "Log-likelihood of what happened, per 1,000 customer-months: higher is better.",
            decimals=2,
        ),
    ),
)


@gives(PROJECTION_BACKTEST)
def backtest(lifetimes: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Score both models, fitted on what was known earlier, on the months since.

    Grain: one row a model that could be fitted.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers, as of now.
    earlier : frame
        The same as of some months ago (six is usual): the customers known then, cut at that date.

    Returns
    -------
    frame
        model · customer_months (watched since then) · events (customers who left in them) ·
        predicted (by the model, from each customer's month of life) · relative_error (predicted /
        events - 1) · log_score (log likelihood of what happened, per 1,000 customer-months; higher
        is better).

    Notes
    -----
    The months held out are the difference of the two life tables: the customers at risk in each
    month of life now, less those already counted then. Both models are asked about the same
    customers in the same months.

    Examples
    --------
    >>> left, stayed = [True] * 2, [False]
    >>> earlier = pd.DataFrame({"entry": 0, "duration": [1, 2, 2], "customers": [100, 60, 840]})
    >>> earlier = earlier.assign(event_observed=left + stayed)
    >>> now = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3], "customers": [100, 60, 40, 800]})
    >>> now = now.assign(event_observed=[True, *left, *stayed])
    >>> backtest(now, earlier)[["model", "events", "predicted"]].round(1).to_numpy().tolist()
    [['sbg', 40, 42.0]]
    """
    held_out, known = _held_out(life_table(lifetimes), life_table(earlier))
    rows = []
    if held_out.at_risk.any():
        fits = (fit_table(known, model) for model in NAMES)
        rows = [_scored(fit, held_out) for fit in fits if fit.fitted]
    return pd.DataFrame(rows, columns=[column.name for column in PROJECTION_BACKTEST.columns])


def error_factor(scores: pd.DataFrame, model: Model | None) -> float:
    """By what factor (1 or more) the back-test's count of churned customers was off for a model,
    either way.
    """
    row = scores[scores["model"] == model]
    if row.empty:
        return 1.0
    # Half a customer is added to both, so that a count of none gives a factor too.
    ratio = (row["events"].iloc[0] + 0.5) / (row["predicted"].iloc[0] + 0.5)
    return float(max(ratio, 1 / ratio))


def _held_out(now: LifeTable, earlier: LifeTable) -> tuple[LifeTable, LifeTable]:
    months = max(now.months, earlier.months)

    def grown(table: LifeTable) -> list[np.ndarray]:
        """Counts of as many months in both tables."""
        more = (0, months - table.months)
        return [np.pad(counts, more) for counts in (table.at_risk, table.events)]

    at_risk_now, events_now = grown(now)
    at_risk_then, events_then = grown(earlier)
    # A correction of old rows could make a count fall: never below none.
    at_risk = np.maximum(at_risk_now - at_risk_then, 0)
    events = np.minimum(np.maximum(events_now - events_then, 0), at_risk)
    return LifeTable(np.zeros(()), at_risk, events), earlier


def _scored(fit: RetentionFit, held_out: LifeTable) -> tuple:
    tenures = np.arange(held_out.months + 1.0)
    steps = np.diff(log_survival(np.log(fit.estimates)[None, :], tenures)[0])
    hazard = np.clip(-np.expm1(steps), SMALLEST_HAZARD, 1.0)
    stayed = held_out.at_risk - held_out.events
    score = float(np.sum(held_out.events * np.log(hazard) + stayed * steps))
    months, events = int(held_out.at_risk.sum()), int(held_out.events.sum())
    predicted = float(np.sum(held_out.at_risk * hazard))
    error = predicted / events - 1 if events else np.nan
    return fit.model, months, events, predicted, error, PER_MONTHS * score / months
