"""DuckDB's way: SQL written by hand, on the rows of the frozen snapshots; and a month spine."""

from pathlib import Path

import duckdb

from benchmarks.contest import Place

AS_OF = "DATE '2026-11-01'"
PAID = "mrr > 0 AND (ends_on IS NULL OR ends_on > starts_on)"
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
MONEY = ", ".join(
    f"coalesce((100 * sum(closing - opening) FILTER (movement = '{one}'))::BIGINT, 0) AS {one}"
    for one in MOVEMENTS
)
COUNTS = ", ".join(f"count(*) FILTER (movement = '{one}') AS n_{one}" for one in MOVEMENTS)
MOVEMENT = """CASE
    WHEN opening = 0 AND closing > 0 THEN if(month = first, 'new', 'reactivation')
    WHEN opening > 0 AND closing = 0 THEN 'churn'
    WHEN closing > opening THEN 'expansion' WHEN closing < opening THEN 'contraction' END"""
TOTALS = f"""
    by_month AS (SELECT month, {MONEY}, {COUNTS} FROM moved GROUP BY month),
    summed AS (
        SELECT *, (sum(new + reactivation + expansion + contraction + churn) OVER w)::BIGINT AS
            closing FROM by_month WINDOW w AS (ORDER BY month)
    )
    SELECT month, closing - (new + reactivation + expansion + contraction + churn), new,
        reactivation, expansion, contraction, churn, closing, n_new, n_reactivation, n_expansion,
        n_contraction, n_churn FROM summed"""


def bridge(place: Place) -> list[tuple]:
    """Changes of each customer's MRR, summed along the months in which there are any."""
    return _asked(f"""
    WITH spans AS (
        SELECT customer_id, starts_on, ends_on, mrr FROM '{_spans(place)}'
        WHERE {PAID} AND starts_on < {AS_OF}
    ), changes AS (
        SELECT customer_id, {_month("starts_on")} AS month, mrr AS change FROM spans
        UNION ALL
        SELECT customer_id, {_month("ends_on")}, -mrr FROM spans WHERE ends_on < {AS_OF}
    ), netted AS (
        SELECT customer_id, month, sum(change) AS change FROM changes GROUP BY ALL
    ), closed AS (
        SELECT *, sum(change) OVER w AS closing, min(month) OVER w AS first FROM netted
        WINDOW w AS (PARTITION BY customer_id ORDER BY month)
    ), opened AS (SELECT *, closing - change AS opening FROM closed),
    moved AS (SELECT *, {MOVEMENT} AS movement FROM opened), {TOTALS}""")


def spine(place: Place) -> list[tuple]:
    """A row a customer and month from the first on, as packages of SQL models build it."""
    return _asked(f"""
    WITH spans AS (
        SELECT customer_id, starts_on, coalesce(ends_on, DATE '9999-12-31') AS ends_on, mrr
        FROM '{_spans(place)}' WHERE {PAID} AND starts_on < {AS_OF}
    ), months AS (
        SELECT unnest(range((SELECT min({_month("starts_on")}) FROM spans),
            {_month(AS_OF)})) AS month
    ), firsts AS (
        SELECT customer_id, min({_month("starts_on")}) AS first FROM spans GROUP BY ALL
    ), spined AS (
        SELECT customer_id, first, month, make_date((month + 1) // 12, (month + 1) % 12 + 1, 1)
            AS month_end FROM firsts JOIN months ON month >= first
    ), held AS (
        SELECT s.customer_id, s.first, s.month, coalesce(sum(mrr), 0) AS closing
        FROM spined s LEFT JOIN spans p ON p.customer_id = s.customer_id
            AND p.starts_on < month_end AND p.ends_on >= month_end
        GROUP BY ALL
    ), opened AS (
        SELECT *, coalesce(lag(closing) OVER (PARTITION BY customer_id ORDER BY month), 0) AS
            opening FROM held
    ), moved AS (SELECT *, {MOVEMENT} AS movement FROM opened), {TOTALS}""")


def triangle(place: Place) -> list[tuple]:
    """Cohorts by the month of the first purchase."""
    return _asked(f"""
    WITH bought AS (
        SELECT DISTINCT customer_id, {_month("ordered_on")} AS month FROM '{_orders(place)}'
        WHERE amount >= 0 AND ordered_on < {AS_OF}
    ), aged AS (
        SELECT month, min(month) OVER (PARTITION BY customer_id) AS first FROM bought
    ), cells AS (SELECT first, month - first AS age, count(*) AS active FROM aged GROUP BY ALL)
    SELECT first, age, max(active) FILTER (age = 0) OVER (PARTITION BY first), active FROM cells""")


def grouping(place: Place) -> list[tuple]:
    """Customers by repeat purchase days, days to the last one, and days watched."""
    return _asked(f"""
    WITH days AS (
        SELECT DISTINCT customer_id, ordered_on FROM '{_orders(place)}'
        WHERE amount >= 0 AND ordered_on < {AS_OF}
    ), each AS (
        SELECT count(*) - 1 AS frequency, max(ordered_on) - min(ordered_on) AS recency_days,
            {AS_OF} - 1 - min(ordered_on) AS age_days FROM days GROUP BY customer_id
    ) SELECT frequency, recency_days, age_days, count(*) FROM each GROUP BY ALL""")


def survival(place: Place) -> list[tuple]:
    """First unbroken stays, counted by month of life, and the product of what is left."""
    return _asked(f"""
    WITH spans AS (
        SELECT customer_id, starts_on, CASE WHEN ends_on < {AS_OF} THEN ends_on
            ELSE DATE '9999-12-31' END AS until
        FROM '{_spans(place)}' WHERE {PAID} AND starts_on < {AS_OF}
    ), walked AS (
        SELECT customer_id, starts_on, max(until) OVER w AS ended_on, lead(starts_on) OVER w AS
            next_on FROM spans WINDOW w AS (PARTITION BY customer_id ORDER BY starts_on, until)
    ), stays AS (
        SELECT min(starts_on) AS began, min(ended_on) FILTER (next_on IS NULL OR
            next_on > ended_on) AS ended FROM walked GROUP BY customer_id
    ), counted AS (
        SELECT ended < {AS_OF} AS is_over, {_month("ended")} - {_month("began")}
            + (day(ended) > day(began))::INT AS left_in,
            {_month(AS_OF)} - {_month("began")} - 1 AS seen FROM stays
    ), lives AS (
        SELECT is_over AND left_in <= seen AS event, if(event, left_in, seen) AS month
        FROM counted
    ), by_month AS (
        SELECT month, count(*) AS customers, count(*) FILTER (event) AS events FROM lives
        WHERE month > 0 GROUP BY ALL
    ), risks AS (
        SELECT month, events, (sum(customers) OVER (ORDER BY month DESC))::BIGINT AS at_risk
        FROM by_month
    )
    SELECT month, at_risk, events, product(1 - events / at_risk) OVER (ORDER BY month)
    FROM risks""")


def frozen(place: Place) -> Path:
    """Scan, cut, sort and write: nothing is checked."""
    path = place.output / "subscriptions.parquet"
    duckdb.sql(f"""COPY (
        SELECT customer_id, starts_on, CASE WHEN ends_on < {AS_OF} THEN ends_on END AS ends_on,
            mrr::DECIMAL(18, 4) AS mrr, plan, subscription_id,
            CASE WHEN cancelled_on < {AS_OF} THEN cancelled_on END AS cancelled_on, end_reason,
            cancel_feedback
        FROM '{place.inputs / "source" / "subscriptions.parquet"}'
        WHERE starts_on < {AS_OF} AND (recorded_at IS NULL OR recorded_at < {AS_OF}) ORDER BY ALL
    ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)""")
    return path


def _asked(query: str) -> list[tuple]:
    return duckdb.sql(query).fetchall()


def _month(day: str) -> str:
    return f"(year({day}) * 12 + month({day}) - 1)"


def _spans(place: Place) -> Path:
    return place.inputs / "spans" / "subscriptions.parquet"


def _orders(place: Place) -> Path:
    return place.inputs / "shop" / "orders.parquet"
