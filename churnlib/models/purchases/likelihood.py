"""Log-likelihood and gradient of the BG/NBD and MBG/NBD models on grouped counts.

Both say: while a customer stays, purchases are Poisson with a rate that is Gamma(r, alpha) over
customers; after a purchase the customer leaves for good with a probability that is Beta(a, b) over
customers. They differ in one thing: in the MBG/NBD a customer may also leave right after the first
purchase. With `chance` = 0 (BG) or 1 (MBG) further occasion to leave, both are one formula.

References: Fader, Hardie and Lee (2005), Marketing Science 24(2), equation 6; Batislam, Denizel and
Filiztekin (2007), International Journal of Research in Marketing 24(3).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln, psi

COLUMNS = ("frequency", "recency", "age", "customers")


@dataclass(frozen=True)
class Counts:
    """Customers grouped by what the likelihood needs of them, one entry a distinct (frequency,
    recency, age).

    `level` points into `levels` (the distinct frequencies), whose customers are `level_customers`;
    `ages` are the distinct ages, with their customers and purchases: functions of frequency or age
    alone are computed once for each.
    """

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    customers: np.ndarray
    levels: np.ndarray
    level: np.ndarray
    level_customers: np.ndarray
    ages: np.ndarray
    age_customers: np.ndarray
    age_purchases: np.ndarray

    @classmethod
    def of(
        cls, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray, customers: np.ndarray
    ) -> "Counts":
        """With what follows from the four."""
        levels, level = np.unique(frequency, return_inverse=True)
        ages, place = np.unique(age, return_inverse=True)
        return cls(
            frequency, recency, age, customers, levels, level,
            level_customers=np.bincount(level, weights=customers),
            ages=ages,
            age_customers=np.bincount(place, weights=customers),
            age_purchases=np.bincount(place, weights=customers * frequency),
        )  # fmt: skip

    @property
    def n(self) -> float:
        return float(self.customers.sum())

    @property
    def n_repeat(self) -> float:
        return float(self.customers[self.frequency > 0].sum())


def counts(grouped: pd.DataFrame) -> Counts:
    """Check, merge and sort a recency_frequency frame, so that neither row order nor splitting
    changes a bit.
    """
    missing = ", ".join(column for column in COLUMNS if column not in grouped)
    if missing:
        needed = ", ".join(COLUMNS)
        raise ValueError(f"recency_frequency needs the columns {needed}; missing: {missing}")
    frame = grouped.loc[grouped["customers"] > 0, list(COLUMNS)].astype(float)
    _refuse_impossible(frame)
    merged = frame.groupby(list(COLUMNS[:3]), as_index=False, sort=True)["customers"].sum()
    return Counts.of(*(merged[column].to_numpy() for column in COLUMNS))


def _refuse_impossible(frame: pd.DataFrame) -> None:
    if not np.isfinite(frame.to_numpy()).all():
        raise ValueError("recency_frequency has a value that is missing or infinite")
    wrong = (frame["frequency"] < 0) | (frame["recency"] < 0) | (frame["recency"] > frame["age"])
    if wrong.any():
        row = frame[wrong].iloc[0].to_dict()
        raise ValueError(
            f"recency_frequency needs frequency >= 0 and 0 <= recency <= age; found {row}"
        )


def log_likelihood(position: np.ndarray, data: Counts, chance: int) -> tuple[float, np.ndarray]:
    """Total log-likelihood and its gradient in the logarithms of (r, alpha, a, b)."""
    r, alpha, a, b = np.exp(position)
    x, n = data.frequency, data.customers
    stays, stays_gradient = log_likelihood_staying(position[:2], data)

    # Beside "still here at the end", the customer may have left after the last purchase seen.
    before = data.levels + b + chance - 1
    may_leave = data.levels + chance > 0
    log_odds = np.log(a) - np.log(np.where(may_leave, before, 1.0))
    gap = np.log((alpha + data.age) / (alpha + data.recency))
    odds = np.where(may_leave, log_odds, -np.inf)[data.level] + (r + x) * gap
    shrunk = np.exp(-np.abs(odds))
    left = np.where(odds > 0, 1.0, shrunk) / (1 + shrunk)
    survived, survived_gradient = _survived(a, b, data, chance)
    value = stays + survived + (n * (np.maximum(odds, 0.0) + np.log(1 + shrunk))).sum()

    weight = n * left
    by_level = np.bincount(data.level, weights=weight, minlength=len(data.levels))
    rate_shift = (r + x) * (1 / (alpha + data.age) - 1 / (alpha + data.recency))
    gradient = np.array(
        [
            stays_gradient[0] + r * (weight * gap).sum(),
            stays_gradient[1] + alpha * (weight * rate_shift).sum(),
            a * survived_gradient[0] + weight.sum(),
            b * (survived_gradient[1] - (by_level / np.where(may_leave, before, 1.0)).sum()),
        ]
    )
    return float(value), gradient


def _survived(a: float, b: float, data: Counts, chance: int) -> tuple[float, tuple[float, float]]:
    """Log-probability of having stayed at each of the frequency + chance occasions; gradient in
    (a, b).
    """
    x, n = data.levels + chance, data.level_customers
    value = gammaln(b + x) - gammaln(b) + gammaln(a + b) - gammaln(a + b + x)
    both = psi(a + b) - psi(a + b + x)
    return float((n * value).sum()), (
        float((n * both).sum()),
        float((n * (both + psi(b + x) - psi(b))).sum()),
    )


def log_likelihood_staying(position: np.ndarray, data: Counts) -> tuple[float, np.ndarray]:
    """The same where nobody ever leaves (the NBD): log-likelihood and gradient in the logarithms
    of (r, alpha).
    """
    r, alpha = np.exp(position)
    exposure = np.log1p(data.ages / alpha)
    shape = r * data.age_customers + data.age_purchases
    by_level = gammaln(r + data.levels) - gammaln(r) - data.levels * np.log(alpha)
    slope = psi(r + data.levels) - psi(r)
    value = (data.level_customers * by_level).sum() - (shape * exposure).sum()
    d_r = (data.level_customers * slope).sum() - (data.age_customers * exposure).sum()
    d_alpha = (shape * data.ages / (alpha + data.ages) - data.age_purchases).sum()
    return float(value), np.array([r * d_r, d_alpha])
