"""pandas' way: money as whole cents, months as whole numbers, no Python object in a loop."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.contest import Place

AS_OF = np.datetime64("2026-11-01")
NEVER = np.datetime64("9999-12-31")
YEAR_0 = 1970 * 12
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


def bridge(place: Place) -> pd.DataFrame:
    """Changes of each customer's MRR, summed along the months in which there are any."""
    spans = _paid(place, "mrr")
    ended = spans[spans["ends_on"] < AS_OF]
    starts = {"who": spans["who"], "month": _month(spans["starts_on"]), "change": spans["mrr"]}
    ends = {"who": ended["who"], "month": _month(ended["ends_on"]), "change": -ended["mrr"]}
    changes = pd.concat([pd.DataFrame(starts), pd.DataFrame(ends)])
    rows = changes.groupby(["who", "month"], as_index=False)["change"].sum()
    closing = rows.groupby("who")["change"].cumsum()
    opening = closing - rows["change"]
    is_first = ~rows["who"].duplicated()
    gained = (opening == 0) & (closing > 0)
    lost = (opening > 0) & (closing == 0)
    kinds = [gained & is_first, gained, lost, closing > opening, closing < opening]
    names = ["new", "reactivation", "churn", "expansion", "contraction"]
    rows["movement"] = np.select(kinds, names, "")
    moved = rows[rows["movement"] != ""]
    both = [
        moved.pivot_table("change", "month", "movement", aggfunc=how, fill_value=0)
        for how in ("sum", "count")
    ]
    money, counts = (one.reindex(columns=list(MOVEMENTS), fill_value=0) for one in both)
    made = money.join(counts.add_prefix("n_"))
    net = made[list(MOVEMENTS)].sum(axis=1)
    made["closing"] = net.cumsum()
    made["opening"] = made["closing"] - net
    return made.reset_index()


def triangle(place: Place) -> pd.DataFrame:
    """Cohorts by the month of the first purchase."""
    orders = bought(place)
    orders["month"] = _month(orders["ordered_on"])
    each = orders[["who", "month"]].drop_duplicates()
    first = each.groupby("who")["month"].transform("min")
    each = each.assign(first=first, age=each["month"] - first)
    cells = each.groupby(["first", "age"], as_index=False).agg(active=("who", "size"))
    sizes = cells[cells["age"] == 0].set_index("first")["active"]
    return cells.assign(size=cells["first"].map(sizes))


def grouping(place: Place) -> pd.DataFrame:
    """Customers by repeat purchase days, days to the last one, and days watched."""
    days = bought(place).drop_duplicates()
    each = days.groupby("who")["ordered_on"].agg(["min", "max", "size"])
    age = (AS_OF - each["min"]).dt.days - 1
    return grouped(each["size"] - 1, (each["max"] - each["min"]).dt.days, age)


def survival(place: Place) -> pd.DataFrame:
    """First stays, counted by month of life, and the product of what is left."""
    month, event = first_stays(place)
    table = pd.crosstab(month, event).reindex(columns=[False, True], fill_value=0)
    at_risk = table.sum(axis=1)[::-1].cumsum()[::-1]
    estimate = (1 - table[True] / at_risk).cumprod()
    counts = {"month": table.index, "at_risk": at_risk, "events": table[True]}
    return pd.DataFrame(counts | {"estimate": estimate})


def frozen(place: Place) -> Path:
    """Read, cut, sort and write: nothing is checked."""
    rows = pq.read_table(place.inputs / "source" / "subscriptions.parquet")
    frame = rows.drop_columns(["mrr", "currency", "billing"]).to_pandas()
    frame["mrr"] = _cents(rows["mrr"])
    dates = ["starts_on", "ends_on", "cancelled_on"]
    frame[dates] = frame[dates].apply(pd.to_datetime)
    known = frame["recorded_at"].isna() | (frame["recorded_at"] < AS_OF)
    frame = frame[known & (frame["starts_on"] < AS_OF)].drop(columns="recorded_at")
    for name in ("ends_on", "cancelled_on"):
        frame[name] = frame[name].where(frame[name] < AS_OF)
    order = ["customer_id", "starts_on", "ends_on", "mrr", "plan", "subscription_id"]
    frame = frame.sort_values(order, ignore_index=True)
    made = pa.Table.from_pandas(frame, preserve_index=False)
    exact = pc.divide(made["mrr"].cast(pa.float64()), 100.0)
    place_of = made.schema.get_field_index("mrr")
    path = place.output / "subscriptions.parquet"
    pq.write_table(
        made.set_column(place_of, "mrr", exact.cast(pa.decimal128(18, 4))),
        path,
        compression="zstd",
    )
    return path


def _paid(place: Place, *more: str) -> pd.DataFrame:
    """Paid spans: who (a number), starts_on, ends_on, mrr in cents where asked for."""
    columns = ["customer_id", "starts_on", "ends_on", "mrr"]
    rows = pq.read_table(place.inputs / "spans" / "subscriptions.parquet", columns=columns)
    frame = pd.DataFrame({"who": _numbers(rows["customer_id"]), "mrr": _cents(rows["mrr"])})
    for name in ("starts_on", "ends_on"):
        frame[name] = rows[name].cast(pa.timestamp("s")).to_numpy()
    lasting = frame["ends_on"].isna() | (frame["ends_on"] > frame["starts_on"])
    kept = frame[(frame["mrr"] > 0) & lasting & (frame["starts_on"] < AS_OF)]
    return kept[["who", "starts_on", "ends_on", *more]]


def bought(place: Place) -> pd.DataFrame:
    """Orders that are no returns: who (a number), ordered_on."""
    columns = ["customer_id", "ordered_on", "amount"]
    rows = pq.read_table(place.inputs / "shop" / "orders.parquet", columns=columns)
    frame = pd.DataFrame({"who": _numbers(rows["customer_id"])})
    frame["ordered_on"] = rows["ordered_on"].cast(pa.timestamp("s")).to_numpy()
    return frame[(_cents(rows["amount"]) >= 0) & (frame["ordered_on"] < AS_OF)]


def _numbers(ids: pa.ChunkedArray) -> np.ndarray:
    return ids.combine_chunks().dictionary_encode().indices.to_numpy()


def _cents(money: pa.ChunkedArray) -> np.ndarray:
    return np.rint(money.cast(pa.float64()).to_numpy() * 100).astype("int64")


def _month(day: pd.Series) -> np.ndarray:
    return day.to_numpy().astype("datetime64[M]").astype("int64") + YEAR_0


def grouped(frequency: pd.Series, recency: pd.Series, age: pd.Series) -> pd.DataFrame:
    """How many customers share these."""
    each = pd.DataFrame({"frequency": frequency, "recency_days": recency, "age_days": age})
    return each.groupby(list(each.columns), as_index=False).agg(customers=("age_days", "size"))


def first_stays(place: Place) -> tuple[np.ndarray, np.ndarray]:
    """The month of life of each customer's end or last sight, from 1, and whether it is an end."""
    spans = _paid(place)
    spans["until"] = spans["ends_on"].where(spans["ends_on"] < AS_OF).astype("datetime64[s]")
    spans["until"] = spans["until"].fillna(pd.Timestamp(NEVER).as_unit("s"))
    spans = spans.sort_values(["who", "starts_on", "until"])
    by_customer = spans.groupby("who", sort=False)
    so_far = by_customer["until"].cummax()
    following = by_customer["starts_on"].shift(-1)
    broken = spans.assign(ended=so_far)[following.isna() | (following > so_far)]
    ended = broken.drop_duplicates("who").set_index("who")["ended"]
    began = by_customer["starts_on"].first().reindex(ended.index)
    late = (ended.dt.day > began.dt.day).to_numpy()
    left_in = _month(ended) - _month(began) + late
    seen = AS_OF.astype("datetime64[M]").astype("int64") + YEAR_0 - _month(began) - 1
    event = (ended < AS_OF).to_numpy() & (left_in <= seen)
    month = np.where(event, left_in, seen)
    return month[month > 0], event[month > 0]
