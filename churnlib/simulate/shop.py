"""A shop whose truth is known, as Parquet files: who buys first, when they buy again, for how much,
and what they send back.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churnlib.errors import ChurnlibError
from churnlib.simulate import shop_truth as t
from churnlib.simulate.write import SEED, ids_of, money_of, names_of

CUSTOMERS = pa.schema(
    {
        "customer_id": pa.string(),
        "signed_up_on": pa.date32(),
        "channel": pa.string(),
        "country": pa.string(),
    }
)
ORDERS = pa.schema(
    {
        "order_id": pa.string(),
        "customer_id": pa.string(),
        "ordered_at": pa.date32(),
        "amount": pa.decimal128(18, 2),
        "category": pa.string(),
    }
)
N_DUPLICATES = 12
"""The dirt: rows of orders that are there twice."""
ROWS_PER_DIRT = 200
"""A shop of few orders has fewer: one such row for so many."""
MOST_PURCHASES = 400
"""Of one buyer; more are cut off."""


@dataclass(frozen=True)
class Buyers:
    """Parallel arrays, one value a buyer: first day, and positions in the tables of the truth."""

    first_on: NDArray[np.datetime64]
    channel: NDArray[np.intp]
    country: NDArray[np.intp]


@dataclass(frozen=True)
class Purchases:
    """Parallel arrays, one value a purchase or return, by buyer and day."""

    who: NDArray[np.intp]
    on: NDArray[np.datetime64]
    category: NDArray[np.intp]
    cents: NDArray[np.int64]


def simulate_shop(folder: Path, *, customers: int = 12_000, seed: int = SEED) -> Path:
    """Write a shop whose truth is known; the same seed gives the same bytes.

    Grain: `customers.parquet` has one row a buyer, `orders.parquet` one a purchase or return.

    Parameters
    ----------
    folder : Path
        Made where it is absent; the files in it are replaced.
    customers : int
        How many buy for the first time from 2023-11-01 to 2026-10-31.
    seed : int
        0 or more.

    Returns
    -------
    Path
        The folder. The truth is in `churnlib.simulate.shop_truth` and docs/simulated_business.md.

    Examples
    --------
    >>> import tempfile
    >>> folder = simulate_shop(Path(tempfile.mkdtemp()), customers=100)
    >>> pq.read_table(folder / "customers.parquet").num_rows
    100
    """
    if customers < 1 or seed < 0:
        raise ChurnlibError(
            f"simulate: customers is {customers} and seed {seed}: at least 1 and 0 are needed."
        )
    rng = np.random.default_rng([seed, 4])
    buyers = _buyers(rng, customers)
    purchases = _with_returns(rng, _purchases(rng, buyers))
    ids = ids_of("B", np.arange(customers) + 1, max(6, len(str(customers))))
    tables = {
        "customers": _customers(buyers, ids),
        "orders": _with_dirt(rng, _orders(purchases, ids)),
    }
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, tables)
    except OSError as error:
        raise ChurnlibError(f"simulate: cannot write to {folder}: {error}") from error
    return folder


def _write(folder: Path, tables: dict[str, pa.Table]) -> None:
    """Each file is whole before the first takes the place of an old one."""
    parts = {f"{name}.parquet": folder / f".{name}.parquet.partial" for name in tables}
    try:
        for table, part in zip(tables.values(), parts.values(), strict=True):
            pq.write_table(table, part, compression="zstd")
        for name, part in parts.items():
            part.replace(folder / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _buyers(rng: np.random.Generator, n: int) -> Buyers:
    """In the order of their first purchase."""
    season = t.season_by_day()
    weight = season * (1 + t.MONTHLY_GROWTH) ** (np.arange(season.size) / 30.44)
    day = np.sort(rng.choice(season.size, size=n, p=weight / weight.sum()))
    first_on = t.FIRST_DAY + day
    shifted = first_on >= t.MIX_SHIFT
    before = [one.share for one in t.CHANNELS.values()]
    after = [one.share_shifted for one in t.CHANNELS.values()]
    draw = rng.random(n)
    places = [np.searchsorted(np.cumsum(share), draw, side="right") for share in (before, after)]
    channel = np.minimum(np.where(shifted, places[1], places[0]), len(t.CHANNELS) - 1)
    country = rng.choice(len(t.COUNTRIES), size=n, p=list(t.COUNTRIES.values()))
    return Buyers(first_on, channel, country)


def _purchases(rng: np.random.Generator, buyers: Buyers) -> Purchases:
    """Each buys at its rate, quicker in season, until it never comes back or the data end.

    Waits are drawn on a clock that runs with the season, so that a wait in spring lasts longer than
    the same wait before Christmas.
    """
    n = buyers.first_on.size
    clock = np.concatenate([[0.0], np.cumsum(t.season_by_day())])
    rate = rng.gamma(t.RATE_SHAPE, 1 / t.RATE_SCALE_DAYS, n)
    never = np.array([one.never_again for one in t.CHANNELS.values()])[buyers.channel]
    never = rng.beta(never * t.NEVER_SPREAD, (1 - never) * t.NEVER_SPREAD)
    level = np.exp(rng.normal(-(t.SPEND_SPREAD**2) / 2, t.SPEND_SPREAD, n))
    going = np.arange(n)
    day = (buyers.first_on - t.FIRST_DAY).astype(int)
    now = clock[day + 1]
    who, when = [going], [day]
    for _ in range(MOST_PURCHASES):
        going = going[rng.random(going.size) >= never[going]]
        now[going] += rng.exponential(1 / rate[going])
        later = np.searchsorted(clock, now[going], side="left")
        seen = later < clock.size
        going, later = going[seen], later[seen]
        if not going.size:
            break
        who.append(going)
        when.append(later - 1)
    return _priced(rng, np.concatenate(who), np.concatenate(when), level)


def _priced(
    rng: np.random.Generator, who: NDArray[np.intp], day: NDArray[np.intp], level: NDArray
) -> Purchases:
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    shares = [one.share for one in t.CATEGORIES.values()]
    category = rng.choice(len(shares), size=who.size, p=shares)
    amount = np.array([one.amount for one in t.CATEGORIES.values()])[category] * level[who]
    spread = rng.normal(-(t.AMOUNT_SPREAD**2) / 2, t.AMOUNT_SPREAD, who.size)
    cents = np.rint(100 * amount * np.exp(spread)).astype(np.int64)
    cents = np.where(rng.random(who.size) < t.FREE_SHARE, 0, cents)
    return Purchases(who, t.FIRST_DAY + day, category, cents)


def _with_returns(rng: np.random.Generator, bought: Purchases) -> Purchases:
    """Some are sent back whole, as rows of their own with a negative amount."""
    back = (rng.random(bought.who.size) < t.RETURN_SHARE) & (bought.cents > 0)
    on = bought.on[back] + rng.integers(*t.RETURN_DAYS, size=int(back.sum()), endpoint=True)
    known = on < t.END
    who = np.append(bought.who, bought.who[back][known])
    when = np.append(bought.on, on[known])
    order = np.lexsort((when, who))
    return Purchases(
        who[order],
        when[order],
        np.append(bought.category, bought.category[back][known])[order],
        np.append(bought.cents, -bought.cents[back][known])[order],
    )


def _customers(buyers: Buyers, ids: pa.Array) -> pa.Table:
    columns = [
        ids,
        buyers.first_on,
        names_of(t.CHANNELS, buyers.channel),
        names_of(t.COUNTRIES, buyers.country),
    ]
    return pa.table(columns, schema=CUSTOMERS)


def _orders(bought: Purchases, ids: pa.Array) -> pa.Table:
    n = bought.who.size
    columns = [
        ids_of("O", np.arange(n) + 1, max(7, len(str(n)))),
        ids.take(pa.array(bought.who)),
        bought.on,
        money_of(bought.cents),
        names_of(t.CATEGORIES, bought.category),
    ]
    return pa.table(columns, schema=ORDERS)


def _with_dirt(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    """Some rows twice; no true row is touched."""
    n = table.num_rows
    twice = rng.permutation(n)[: min(n // ROWS_PER_DIRT, N_DUPLICATES)]
    return table.take(pa.array(np.sort(np.append(np.arange(n), twice))))
