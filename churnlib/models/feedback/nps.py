"""The net promoter score with its range, and leaving by what was answered."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.results.columns import QUARTER_FROM, SCORE_COUNTS, SCORE_GROUPS, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate
from churnlib.statistics.rules import LEVEL

__all__ = ["net_promoter_score", "score_and_leaving"]

WORDS = (Term("Net promoter score", "Promoters less detractors, in per cent of the answers."),)
NPS = Result(
    "nps",
    title="the net promoter score",
    grain="one row a quarter in which somebody answered",
    columns=(
        QUARTER_FROM,
        *SCORE_COUNTS,
        Column(
            "nps",
            "share",
            "NPS",
            "(Promoters - detractors) ÷ answers.",
            denominator="answered",
            low="nps_low",
            high="nps_high",
            signed=True,
            decimals=0,
        ),
        Column("nps_low", "share", "from", "The low end, 95 %.", signed=True, decimals=0),
        Column("nps_high", "share", "to", "The high end.", signed=True, decimals=0),
    ),
)
LEAVING = Result(
    "nps_churn",
    title="leaving by what was answered",
    grain="one row a group of scores",
    columns=(*SCORE_GROUPS, *rate("share", "Share", "Left ÷ answers.", "answers")),
)


@gives(NPS)
def net_promoter_score(scores: pd.DataFrame) -> pd.DataFrame:
    """The net promoter score of each quarter, with its range.

    Grain: one row a quarter in which somebody answered.

    Parameters
    ----------
    scores : frame
        What `scores` gave.

    Returns
    -------
    frame
        period_start · asked, answered, promoters, passives, detractors · nps (share: promoters -
        detractors of the answers) with nps_low, nps_high (95 %)

    Notes
    -----
    Range: adjusted Wald for a difference of two shares of one sample: three answers are added,
    three quarters of one to promoters and to detractors (Rocks 2016).

    Examples
    --------
    >>> rows = pd.DataFrame({"promoters": [50], "detractors": [20], "answered": [100]})
    >>> rows = rows.assign(period_start=pd.Timestamp("2026-01-01"), asked=400, passives=30)
    >>> net_promoter_score(rows)[["nps", "nps_low", "nps_high"]].round(3).values.tolist()
    [[0.3, 0.141, 0.442]]
    """
    n = scores["answered"] + 3
    up, down = ((scores[name] + 0.75) / n for name in ("promoters", "detractors"))
    middle = up - down
    reach = norm.ppf((1 + LEVEL) / 2) * np.sqrt((up + down - middle**2) / n)
    found = scores.assign(
        nps=(scores["promoters"] - scores["detractors"]) / scores["answered"],
        nps_low=middle - reach,
        nps_high=middle + reach,
    )
    return found[[column.name for column in NPS.columns]]


@gives(LEAVING)
def score_and_leaving(left: pd.DataFrame) -> pd.DataFrame:
    """The share that left within ninety days after an answer, by what it was.

    Grain: one row a group of scores.

    Parameters
    ----------
    left : frame
        What `left_after_score` gave.

    Returns
    -------
    frame
        group · answers, left (customers) · share (left / answers) with share_low, share_high
        (Wilson)

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["promoter"], "answers": [100], "left": [5]})
    >>> score_and_leaving(rows)["share"].tolist()
    [0.05]
    """
    found = with_rate(left, "left", "answers", "share")
    return found[[column.name for column in LEAVING.columns]]
