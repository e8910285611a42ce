"""The back-test of the retention models: fitted on what was known earlier, scored on the months
since.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from churnlib.models.retention.fits import NAMES, Model
from churnlib.models.retention.strata import Stratum, strata_of
from churnlib.models.survival.intervals import INTERVAL
from churnlib.models.survival.life_table import life_table
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

SMALLEST_HAZARD = 1e-12
FREEDOM = 3
"""Of the t distribution of errors: the months held out of four past dates overlap."""
PER_MONTHS = 1000
"""Customer-months that a score is told for."""
PROJECTION_BACKTEST = Result(
    "projection_backtest",
    title="the back-test of the projection",
    grain="one row a past date and model that could be fitted",
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
        Column("months_ago", "count", "Known then", "Months back to the past date.", unit="months"),
    ),
)


@dataclass(frozen=True)
class HeldOut:
    """By month of life 1, 2, ...: customers watched since a past date, those who left, and the
    hazard that each model expected.
    """

    at_risk: np.ndarray
    events: np.ndarray
    hazard: dict[Model, np.ndarray]


@gives(PROJECTION_BACKTEST)
def backtest(lifetimes: pd.DataFrame, earlier: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Score both models, fitted on what was known at past dates, on the months since.

    Grain: one row a past date and model that could be fitted.

    Parameters
    ----------
    lifetimes : frame
        [interval_months], entry, duration (months), event_observed, customers, as of now.
    earlier : dict of int to frame
        Months ago, and the same as of then: the customers known then, cut at that date.

    Returns
    -------
    frame
        model · customer_months (watched since then) · events (customers who left in them) ·
        predicted (by the model, from each customer's month of life) · relative_error (predicted /
        events - 1) · log_score (log likelihood of what happened, per 1,000 customer-months; higher
        is better) · months_ago.

    Notes
    -----
    The months held out are the difference of the two life tables: the customers at risk in each
    month of life now, less those already counted then. Both models are asked about the same
    customers in the same months, within billing intervals.

    Examples
    --------
    >>> left, stayed = [True] * 2, [False]
    >>> earlier = pd.DataFrame({"entry": 0, "duration": [1, 2, 2], "customers": [100, 60, 840]})
    >>> earlier = earlier.assign(event_observed=left + stayed)
    >>> now = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3], "customers": [100, 60, 40, 800]})
    >>> now = now.assign(event_observed=[True, *left, *stayed])
    >>> backtest(now, {1: earlier})[["model", "events", "predicted"]].round(1).to_numpy().tolist()
    [['sbg', 40, 42.0]]
    """
    rows = []
    for months, known in sorted(earlier.items()):
        parts = strata_of(known)
        held_out = [_held_out(part, parts, lifetimes) for part in parts]
        for model in NAMES:
            if all(model in one.hazard for one in held_out):
                rows += _scored(months, model, held_out)
    return pd.DataFrame(rows, columns=[column.name for column in PROJECTION_BACKTEST.columns])


def error_spread(scores: pd.DataFrame, model: Model | None) -> float:
    """How far off hazards may be one month ahead, as a logarithm, 95 % of the time.

    Notes
    -----
    An error grows with the square root of the distance, which is half of the months held out on
    average. The root mean square of the errors so scaled, times the quantile of Student's t with
    three degrees of freedom (simulated: docs/opinions.md).
    """
    rows = scores[scores["model"] == model]
    if rows.empty:
        return 0.0
    # Half a customer is added to both, so that a count of none gives an error too.
    error = np.log((rows["events"] + 0.5) / (rows["predicted"] + 0.5))
    scaled = error / np.sqrt(rows["months_ago"] / 2)
    quantile = student.ppf((1 + LEVEL) / 2, FREEDOM)
    return float(quantile * np.sqrt((scaled**2).mean()))


def _held_out(part: Stratum, parts: list[Stratum], lifetimes: pd.DataFrame) -> HeldOut:
    """What happened since to the customers of a stratum known then."""
    now, then = life_table(_same(part, parts, lifetimes)), part.table
    months = max(now.months, then.months)

    def since(name: str) -> np.ndarray:
        counts = [getattr(table, name) for table in (now, then)]
        grown = [np.pad(one, (0, months - len(one))) for one in counts]
        return grown[0] - grown[1]

    # A correction of old rows could make a count fall: never below none.
    at_risk = np.maximum(since("at_risk"), 0)
    events = np.minimum(np.maximum(since("events"), 0), at_risk)
    hazard = {}
    for model in NAMES:
        fit = part.fit(model)
        if fit is not None and (fit.model == model or len(parts) > 1):
            steps = np.diff(part.model_survival(np.log(fit.estimates)[None, :], months)[0])
            hazard[model] = np.clip(-np.expm1(steps), SMALLEST_HAZARD, 1 - SMALLEST_HAZARD)
    return HeldOut(at_risk, events, hazard)


def _same(part: Stratum, parts: list[Stratum], lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The rows of now that belong to a stratum of then."""
    if len(parts) == 1 or INTERVAL not in lifetimes:
        return lifetimes
    others = [other.interval for other in parts if other.interval != part.interval]
    if part.interval:
        return lifetimes[lifetimes[INTERVAL] == part.interval]
    return lifetimes[~lifetimes[INTERVAL].isin(others)]


def _scored(months: int, model: Model, held_out: list[HeldOut]) -> list[tuple]:
    at_risk = sum(one.at_risk.sum() for one in held_out)
    if not at_risk:
        return []
    events = sum(one.events.sum() for one in held_out)
    predicted = sum((one.at_risk * one.hazard[model]).sum() for one in held_out)
    score = sum(
        (
            one.events * np.log(one.hazard[model])
            + (one.at_risk - one.events) * np.log1p(-one.hazard[model])
        ).sum()
        for one in held_out
    )
    error = predicted / events - 1 if events else np.nan
    told = (int(at_risk), int(events), float(predicted), error, PER_MONTHS * score / at_risk)
    return [(model, *told, months)]
