"""The back-test of the retention models: fitted on what was known earlier, scored on the months
since.
"""

import numpy as np
import pandas as pd

from churnlib.models.retention.fits import Model, RetentionFit, fit_table
from churnlib.models.retention.likelihood import log_survival
from churnlib.models.survival.life_table import LifeTable, life_table


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
    >>> earlier = pd.DataFrame({"entry": 0, "duration": [1, 2, 2], "event_observed": [True, True, False],
    ...                         "customers": [100, 60, 840]})
    >>> now = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3], "event_observed": [True, True, True, False],
    ...                     "customers": [100, 60, 40, 800]})
    >>> backtest(now, earlier)[["model", "events", "predicted"]].round(1).to_numpy().tolist()
    [['sbg', 40, 42.0]]
    """
    held_out, known = _held_out(life_table(lifetimes), life_table(earlier))
    fits = [fit for fit in (fit_table(known, "sbg"), fit_table(known, "bdw")) if fit.fitted]
    rows = [_scored(fit, held_out) for fit in fits if held_out.at_risk.any()]
    columns = ["model", "customer_months", "events", "predicted", "relative_error", "log_score"]
    return pd.DataFrame(rows, columns=columns)


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
    now, then = (
        [np.pad(counts, (0, months - table.months)) for counts in (table.at_risk, table.events)]
        for table in (now, earlier)
    )
    # A correction of old rows could make a count fall: never below none.
    at_risk = np.maximum(now[0] - then[0], 0)
    events = np.minimum(np.maximum(now[1] - then[1], 0), at_risk)
    return LifeTable(np.zeros(()), at_risk, events), earlier


def _scored(fit: RetentionFit, held_out: LifeTable) -> tuple:
    steps = np.diff(
        log_survival(np.log(fit.estimates)[None, :], np.arange(held_out.months + 1.0))[0]
    )
    hazard = np.clip(-np.expm1(steps), 1e-12, 1.0)
    stayed = held_out.at_risk - held_out.events
    score = float(np.sum(held_out.events * np.log(hazard) + stayed * steps))
    months, events = int(held_out.at_risk.sum()), int(held_out.events.sum())
    predicted = float(np.sum(held_out.at_risk * hazard))
    error = predicted / events - 1 if events else np.nan
    return fit.model, months, events, predicted, error, 1000 * score / months
