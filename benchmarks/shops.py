"""Shops without contracts, invented or real, and forecasts of them as the report makes them.

The invented shops follow none of the models: rates are lognormal, lives Weibull with a scale of the
customer's own, and the market as a whole may have seasons, drift or wander.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

import churnlib as cl
from churnlib.models.purchases.choice import PurchaseModelChoice
from churnlib.models.purchases.predictive import totals_by_group

DAYS_A_WEEK = 7
ORIGINS = 5
FITS = {"BG/NBD": cl.fit_bg_nbd, "MBG/NBD": cl.fit_mbg_nbd}


@dataclass(frozen=True)
class Shop:
    """How an invented shop's customers arrive, buy, stay and spend.

    Attributes
    ----------
    rate, unequal : median purchases a week while there; how unequal (sigma of the lognormal)
    life, lingering : median weeks that customers stay, times a lognormal with sigma 0.8 of their
        own; the Weibull shape (under 1: the more lately they began, the likelier they leave)
    never_again : share of customers who leave at once
    regular : shape of the waits between purchases: 1 is Poisson, 3 is regular
    season : amplitude over the year
    drift : monthly change of everybody's rate
    wander : standard deviation of the market's weekly step
    growth : monthly growth of arrivals
    panel : weeks in which all customers arrive; None = throughout
    free : share of repeat purchases that bring no money
    tail : Pareto index of customers' spending; 0 = lognormal
    """

    rate: float = 0.05
    unequal: float = 1.0
    life: float = 40.0
    lingering: float = 0.8
    never_again: float = 0.0
    regular: float = 1.0
    season: float = 0.0
    drift: float = 0.0
    wander: float = 0.0
    growth: float = 0.0
    panel: int | None = None
    free: float = 0.0
    tail: float = 0.0

    def log(self, rng: np.random.Generator, customers: int, weeks: int) -> pd.DataFrame:
        """customer, day, amount: one row a purchase day in so many weeks."""
        first = self._arrivals(rng, customers, weeks)
        rate = self.rate * np.exp(rng.normal(0, self.unequal, customers))
        own = self.life * np.exp(rng.normal(0, 0.8, customers))
        life = own * rng.weibull(self.lingering, customers)
        life[rng.random(customers) < self.never_again] = 0.0
        market = self._market(rng, weeks)
        who, when = [np.arange(customers)], [first.copy()]
        here, now = np.arange(customers), first.copy()
        while len(here):
            now = now + rng.gamma(self.regular, 1 / self.regular, len(here)) / (
                rate[here] * market.max()
            )
            stays = (now < weeks) & (now < first[here] + life[here])
            here, now = here[stays], now[stays]
            bought = rng.random(len(here)) < market[now.astype(int)] / market.max()
            who.append(here[bought])
            when.append(now[bought])
        day = np.floor(np.concatenate(when) * DAYS_A_WEEK).astype(int)
        log = pd.DataFrame({"customer": np.concatenate(who), "day": day}).drop_duplicates()
        log = log.sort_values(["customer", "day"], ignore_index=True)
        return log.assign(amount=self._spent(rng, log["customer"].to_numpy(), customers))

    def _arrivals(self, rng: np.random.Generator, customers: int, weeks: int) -> np.ndarray:
        last = self.panel or weeks
        week = np.arange(last)
        density = np.exp(self.growth / 4.345 * week)
        return rng.choice(week, customers, p=density / density.sum()) + rng.random(customers)

    def _market(self, rng: np.random.Generator, weeks: int) -> np.ndarray:
        week = np.arange(weeks + 1)
        wave = self.season * np.sin(2 * np.pi * (week + rng.integers(52)) / 52)
        walk = np.cumsum(rng.normal(0, self.wander, weeks + 1)) if self.wander else 0.0
        return (1 + wave) * np.exp(self.drift / 4.345 * week + walk)

    def _spent(self, rng: np.random.Generator, who: np.ndarray, customers: int) -> np.ndarray:
        level = np.exp(rng.normal(3, 0.6, customers))
        if self.tail:
            level = 20 * (1 + rng.pareto(self.tail, customers))
        amount = level[who] * np.exp(rng.normal(0, 0.4, len(who)))
        repeat = np.r_[False, who[1:] == who[:-1]] if len(who) else np.zeros(0, bool)
        return np.where(repeat & (rng.random(len(who)) < self.free), 0.0, amount)


def known_at(log: pd.DataFrame, day: int) -> pd.DataFrame:
    """One row a customer known then: frequency, recency, age (weeks), spend_frequency, value,
    customers (1); by customer.
    """
    seen = log[log["day"] < day]
    each = seen.groupby("customer")["day"].agg(["min", "max", "size"])
    again = seen[seen["customer"].duplicated() & (seen["amount"] > 0)]
    money = again.groupby("customer")["amount"].agg(["size", "mean"]).reindex(each.index).fillna(0)
    return pd.DataFrame(
        {
            "frequency": each["size"] - 1,
            "recency": (each["max"] - each["min"]) / DAYS_A_WEEK,
            "age": (day - 1 - each["min"]) / DAYS_A_WEEK,
            "spend_frequency": money["size"],
            "value": money["mean"],
            "customers": 1,
        }
    )


def spend_of(known: pd.DataFrame) -> pd.DataFrame:
    """The money of repeat purchases, as the measure `spend` gives it."""
    again = known[known["frequency"] > 0]
    keys = {"frequency": again["spend_frequency"], "value": again["value"]}
    return pd.DataFrame({**keys, "customers": 1, "purchases": again["frequency"], "unpaid": 0.0})


def came(log: pd.DataFrame, start: int, end: int, who: pd.Index) -> pd.DataFrame:
    """What these customers bought in the days from start to end: purchases, amount."""
    later = log[(log["day"] >= start) & (log["day"] < end)]
    each = later.groupby("customer")["amount"].agg(["size", "sum"]).reindex(who).fillna(0)
    return each.rename(columns={"size": "purchases", "sum": "amount"})


def origins_of(log: pd.DataFrame, first: int, as_of: int) -> pd.DataFrame:
    """The past dates of a back-test, as the measure `rolling_origins` gives them."""
    weeks = (as_of - first) // DAYS_A_WEEK
    horizon = min(weeks // 4, 52)
    back = np.linspace(weeks - weeks // 2, horizon, ORIGINS).round().astype(int)
    parts = []
    for weeks_ago in dict.fromkeys(back):
        origin = as_of - DAYS_A_WEEK * int(weeks_ago)
        known = known_at(log, origin)
        after = came(log, origin, origin + DAYS_A_WEEK * horizon, known.index)
        spent = known["spend_frequency"] * known["value"]
        known = known.assign(
            actual=after["purchases"],
            previous=0.0,
            horizon=horizon,
            spent=spent,
            brought=after["amount"],
        )
        known.iloc[0, known.columns.get_loc("previous")] = previous(log, origin, horizon)
        parts.append(known.assign(origin=pd.Timestamp("2020-01-01") + pd.Timedelta(origin, "D")))
    return pd.concat(parts, ignore_index=True)


def previous(log: pd.DataFrame, day: int, weeks: int) -> int:
    """Repeat purchases of the weeks before a day."""
    repeats = log[log["customer"].duplicated()]
    return int(repeats["day"].between(day - DAYS_A_WEEK * weeks, day - 1).sum())


@dataclass(frozen=True)
class Forecast:
    """A forecast of one shop: of everybody, by model alone and as told, and of each cohort.

    `totals` and `told` are frames of predicted, low and high, a row a quantity; `cohorts` the same
    of purchases, a row a cohort, with `cohort` numbering the cohort of each known customer.
    """

    choice: PurchaseModelChoice
    known: pd.DataFrame
    totals: pd.DataFrame
    told: pd.DataFrame
    cohorts: pd.DataFrame
    cohort: np.ndarray


def forecast(log: pd.DataFrame, first: int, as_of: int, weeks: int) -> Forecast:
    """Back-test, choose, fit and predict, as the chapter does."""
    origins, known = origins_of(log, first, as_of), known_at(log, as_of)
    horizon = int(origins["horizon"].iloc[0])
    scored = cl.purchase_backtest(origins, horizon=horizon)
    choice = cl.choose_purchase_model(scored, horizon=horizon)
    fit = FITS[choice.model or "BG/NBD"](known)
    choice = cl.at_baseline(choice, fit, known, previous=previous(log, as_of, horizon))
    money = cl.Money(cl.fit_gamma_gamma(spend_of(known)), discount_rate=0.0)
    totals = cl.predict_totals(fit, known, horizon=weeks, money=money)
    told = cl.widen_to_band(totals, choice, horizon=weeks)
    earlier = cl.cohort_backtest(origins, fit.model, horizon=horizon, grain="quarter")
    stretch = cl.cohort_stretch(earlier, horizon=horizon, weeks=weeks)
    cohort = pd.factorize((as_of - 1 - (known["age"] * DAYS_A_WEEK).round()) // 91, sort=True)[0]
    limits = totals_by_group(fit, None, known, cohort, horizon=weeks)[:, :, 0]
    cohorts = pd.DataFrame(dict(zip(("predicted", "low", "high"), limits, strict=True)))
    return Forecast(
        choice, known, totals, told, _stretched(cohorts, stretch, choice, weeks), cohort
    )


def _stretched(
    cohorts: pd.DataFrame, stretch: float, choice: PurchaseModelChoice, weeks: int
) -> pd.DataFrame:
    if np.isnan(stretch):
        return cl.widen_to_band(cohorts, choice, horizon=weeks)
    low = cohorts["predicted"] - stretch * (cohorts["predicted"] - cohorts["low"])
    high = cohorts["predicted"] + stretch * (cohorts["high"] - cohorts["predicted"])
    return cohorts.assign(low=low.clip(lower=0), high=high) * choice.level
