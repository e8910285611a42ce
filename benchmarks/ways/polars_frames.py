"""Polars' way: lazy queries on the rows of the frozen snapshots, collected at the end."""

from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.contest import Place

AS_OF, NEVER = date(2026, 11, 1), date(9999, 12, 31)
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
WHO = "customer_id"


def bridge(place: Place) -> pl.DataFrame:
    """Changes of each customer's MRR, summed along the months in which there are any."""
    spans = _paid(place).with_columns(mrr=_cents("mrr"))
    ended = spans.filter(pl.col("ends_on") < AS_OF)
    starts = spans.select(WHO, month=_month("starts_on"), change="mrr")
    ends = ended.select(WHO, month=_month("ends_on"), change=-pl.col("mrr"))
    rows = pl.concat([starts, ends]).group_by(WHO, "month").agg(pl.col("change").sum())
    rows = rows.sort(WHO, "month").with_columns(
        closing=pl.col("change").cum_sum().over(WHO), first=pl.col("month").min().over(WHO)
    )
    opening, closing = pl.col("closing") - pl.col("change"), pl.col("closing")
    gained = (opening == 0) & (closing > 0)
    movement = (
        pl.when(gained & (pl.col("month") == pl.col("first")))
        .then(pl.lit("new"))
        .when(gained)
        .then(pl.lit("reactivation"))
        .when((opening > 0) & (closing == 0))
        .then(pl.lit("churn"))
        .when(closing > opening)
        .then(pl.lit("expansion"))
        .when(closing < opening)
        .then(pl.lit("contraction"))
    )
    of = {one: pl.col("movement") == one for one in MOVEMENTS}
    sums = {one: pl.col("change").filter(is_it).sum() for one, is_it in of.items()}
    counts = {f"n_{one}": is_it.sum().cast(pl.Int64) for one, is_it in of.items()}
    made = rows.with_columns(movement=movement).group_by("month").agg(**sums, **counts)
    made = made.sort("month").with_columns(net=pl.sum_horizontal(*MOVEMENTS))
    made = made.with_columns(closing=pl.col("net").cum_sum())
    return made.with_columns(opening=pl.col("closing") - pl.col("net")).collect()


def triangle(place: Place) -> pl.DataFrame:
    """Cohorts by the month of the first purchase."""
    each = _bought(place).select(WHO, month=_month("ordered_on")).unique()
    each = each.with_columns(first=pl.col("month").min().over(WHO))
    cells = each.group_by("first", age=pl.col("month") - pl.col("first")).agg(active=_count())
    size = pl.col("active").filter(pl.col("age") == 0).first().over("first")
    return cells.with_columns(size=size).collect()


def grouping(place: Place) -> pl.DataFrame:
    """Customers by repeat purchase days, days to the last one, and days watched."""
    days, on = _bought(place).select(WHO, "ordered_on").unique(), pl.col("ordered_on")
    each = days.group_by(WHO).agg(
        frequency=_count() - 1,
        recency_days=(on.max() - on.min()).dt.total_days(),
        age_days=(pl.lit(AS_OF) - on.min()).dt.total_days() - 1,
    )
    keys = ["frequency", "recency_days", "age_days"]
    return each.group_by(keys).agg(customers=_count()).collect()


def survival(place: Place) -> pl.DataFrame:
    """First unbroken stays, counted by month of life, and the product of what is left."""
    known = pl.when(pl.col("ends_on") < AS_OF).then("ends_on").otherwise(pl.lit(NEVER))
    spans = _paid(place).select(WHO, "starts_on", until=known).sort(WHO, "starts_on", "until")
    walked = spans.with_columns(
        ended=pl.col("until").cum_max().over(WHO),
        following=pl.col("starts_on").shift(-1).over(WHO),
        began=pl.col("starts_on").min().over(WHO),
    )
    broken = pl.col("following").is_null() | (pl.col("following") > pl.col("ended"))
    stays = walked.filter(broken).group_by(WHO).agg(pl.col("ended").min(), pl.col("began").first())
    later = (pl.col("ended").dt.day() > pl.col("began").dt.day()).cast(pl.Int64)
    counted = stays.with_columns(
        left_in=_month("ended") - _month("began") + later,
        seen=AS_OF.year * 12 + AS_OF.month - 2 - _month("began"),
    )
    event = (pl.col("ended") < AS_OF) & (pl.col("left_in") <= pl.col("seen"))
    lives = counted.select(event=event, month=pl.when(event).then("left_in").otherwise("seen"))
    table = lives.filter(pl.col("month") > 0).group_by("month")
    made = table.agg(customers=_count(), events=pl.col("event").sum().cast(pl.Int64)).sort("month")
    made = made.with_columns(at_risk=pl.col("customers").cum_sum(reverse=True))
    kept = 1 - pl.col("events") / pl.col("at_risk")
    return made.with_columns(estimate=kept.cum_prod()).collect()


def frozen(place: Place) -> Path:
    """Scan, cut, sort and write: nothing is checked."""
    rows = pl.scan_parquet(place.inputs / "source" / "subscriptions.parquet")
    recorded = pl.col("recorded_at").is_null() | (pl.col("recorded_at").dt.date() < AS_OF)
    known = rows.filter((pl.col("starts_on") < AS_OF) & recorded)
    cut = {one: pl.when(pl.col(one) < AS_OF).then(one) for one in ("ends_on", "cancelled_on")}
    mrr = pl.col("mrr").cast(pl.Decimal(18, 4))
    order = ["customer_id", "starts_on", "ends_on", "mrr", "plan", "subscription_id"]
    made = known.with_columns(**cut, mrr=mrr).drop("currency", "billing", "recorded_at")
    path = place.output / "subscriptions.parquet"
    made.sort(order, nulls_last=True).sink_parquet(path, compression="zstd")
    return path


def _paid(place: Place) -> pl.LazyFrame:
    spans = pl.scan_parquet(place.inputs / "spans" / "subscriptions.parquet")
    lasting = pl.col("ends_on").is_null() | (pl.col("ends_on") > pl.col("starts_on"))
    paid = spans.filter((pl.col("mrr") > 0) & lasting & (pl.col("starts_on") < AS_OF))
    return paid.select(WHO, "starts_on", "ends_on", "mrr")


def _bought(place: Place) -> pl.LazyFrame:
    orders = pl.scan_parquet(place.inputs / "shop" / "orders.parquet")
    return orders.filter((pl.col("amount") >= 0) & (pl.col("ordered_on") < AS_OF))


def _cents(name: str) -> pl.Expr:
    return (pl.col(name).cast(pl.Float64) * 100).round().cast(pl.Int64)


def _month(name: str) -> pl.Expr:
    day = pl.col(name).dt
    return day.year().cast(pl.Int64) * 12 + day.month().cast(pl.Int64) - 1


def _count() -> pl.Expr:
    return pl.len().cast(pl.Int64)
