"""Paid terms: from when to when each customer has paid, and in which months that ends.

A customer in the middle of a term cannot leave, so the months in which a term ends are those in
which it can. They are counted by steps of the billing interval from the start of the stay.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import period_number
from churnlib.measures.ledger import paid_spans
from churnlib.results.terms import Term
from churnlib.statistics.rules import MIN_N

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

NEVER = "9999-12-31"
OPEN = 12 * 9999
"""The day and the month in which what is open ends."""
ORDER = ["starts_on", "_until"]
LONGER = (12, 6, 3)
"""Terms, in months, that are looked for where no interval is given; the longest first."""
ON_TERM = 0.95
"""The share of ends that must fall on multiples of a term for it to be taken as the term."""
WORDS = (
    Term(
        "Term",
        "The time that a payment covers. A customer cannot leave in the middle of it; who pays by "
        "the month has one every month.",
    ),
)


def paid_terms(snapshot: "Snapshot") -> ir.Table:
    """Stretches of a customer's life under one billing interval, as whole months on the engine.

    Grain: one row a customer and stretch. Months are numbers, see `by_period.period_number`. A
    customer is active at the opening of a month m where after < m <= until; its terms end in the
    months `first` + `shift`, and every `interval` months from there. Of several subscriptions at
    once all must end for the customer to leave: the longest interval rules, and where their terms
    never end together the stretch is not `together`, and nobody is due in it.

    Returns
    -------
    ir.Table
        customer_id; after, until (`OPEN`: no end known); interval (whole months, at least 1);
        first (month in which the stay under this interval began); shift (months from there to a
        month in which a term ends, below the interval; not 0 only where renews_on says so); day
        (of the month, on which terms end);
        together; next_after (the `after` of the customer's next stretch, `OPEN` where there is
        none: the customer left in the month `until` unless it is that month)
    """
    return snapshot.once("paid terms", lambda: _stretches(_stays(snapshot)))


def inferred_terms(snapshot: "Snapshot") -> dict[str, int]:
    """{plan: months} of the plans for which no interval is given and whose ends fall on the
    multiples of one; other plans without an interval are taken to be paid by the month.
    """
    return (
        snapshot.once("inferred terms", lambda: _inferred(snapshot))
        .set_index("plan")["months"]
        .to_dict()
    )


def _inferred(snapshot: "Snapshot") -> pd.DataFrame:
    spans = paid_spans(snapshot)
    unknown = spans.filter(spans.interval_months.fill_null(0.0) == 0)
    whole = _islands(unknown.mutate(interval=ibis.literal(1)), ["customer_id", "plan"])
    ended = whole.filter(whole.ends_on < snapshot.as_of)
    months = _month(ended.ends_on) - _month(ended.starts_on)
    counts = collect(ended.group_by("plan", months=months).agg(n=ended.count()))
    plans = [(plan, _longest(rows)) for plan, rows in counts.groupby("plan")]
    frame = pd.DataFrame(plans, columns=["plan", "months"])
    return frame[frame["months"] > 1].reset_index(drop=True)


def _longest(ends: pd.DataFrame) -> int:
    """The longest term of which nearly all ends are multiples."""
    if ends["n"].sum() < MIN_N:
        return 1
    for months in LONGER:
        on_term = (ends["months"] % months == 0) & (ends["months"] > 0)
        if ends["n"][on_term].sum() >= ON_TERM * ends["n"].sum():
            return months
    return 1


def _stays(snapshot: "Snapshot") -> ir.Table:
    """Unbroken stays under one interval: customer_id, interval, begins, until, first, shift."""
    spans = paid_spans(snapshot)
    spans = spans.mutate(interval=_interval(spans, inferred_terms(snapshot)))
    several = _several_at_once(spans)
    own = ibis.ifelse(several.is_several, several.subscription_id.fill_null(""), "")
    stays = _islands(several.mutate(own=own), ["customer_id", "interval", "own"])
    begins, renews = _month(stays.starts_on), _month(stays.renews_on)
    shift = (renews - begins) % stays.interval + stays.interval
    return stays.select(
        "customer_id",
        "interval",
        begins=begins,
        until=_month(stays.ends_on).fill_null(OPEN),
        shift=(shift % stays.interval).fill_null(0),
        day=stays.renews_on.day().fill_null(stays.starts_on.day()).cast("int64"),
    )


def _interval(spans: ir.Table, plans: dict[str, int]) -> ir.IntegerValue:
    """Whole months, at least 1; of the plan's inferred term where none is given."""
    cases = [(spans.plan == plan, ibis.literal(months)) for plan, months in plans.items()]
    unknown = ibis.cases(*cases, else_=1) if cases else ibis.literal(1)
    whole = spans.interval_months.round().cast("int64").fill_null(unknown.cast("int64"))
    return ibis.ifelse(whole < 1, 1, whole).cast("int64")


def _several_at_once(spans: ir.Table) -> ir.Table:
    """The spans, saying whether their customer ever held several of one interval at once."""
    own = ["customer_id", "interval"]
    walked = _walked(spans, own)
    over = walked.mutate(_over=(walked.starts_on < walked._so_far).fill_null(False).cast("int64"))
    return over.mutate(is_several=over._over.max().over(ibis.window(group_by=own)) > 0)


def _walked(spans: ir.Table, keys: list[str]) -> ir.Table:
    """The spans with their end (`NEVER` = open) and, as `_so_far`, the latest end before them."""
    dated = spans.mutate(_until=spans.ends_on.fill_null(ibis.date(NEVER)))
    before = ibis.window(group_by=keys, order_by=ORDER, preceding=(None, 1))
    return dated.mutate(_so_far=dated._until.max().over(before))


def _islands(spans: ir.Table, keys: list[str]) -> ir.Table:
    """Spans that touch or overlap as one: the keys, starts_on, ends_on (NULL = open), renews_on."""
    walked = _walked(spans, keys)
    new = walked.mutate(_new=(walked.starts_on > walked._so_far).fill_null(True).cast("int64"))
    so_far = ibis.cumulative_window(group_by=keys, order_by=ORDER)
    placed = new.mutate(_island=new._new.sum().over(so_far))
    whole = placed.group_by(*keys, "_island").agg(
        starts_on=placed.starts_on.min(),
        _until=placed._until.max(),
        renews_on=placed.renews_on.max(),
    )
    ends_on = whole._until.nullif(ibis.date(NEVER))
    return whole.mutate(ends_on=ends_on).drop("_until", "_island")


def _stretches(stays: ir.Table) -> ir.Table:
    """The stays of each customer without overlap: cut where one of them begins or ends."""
    begins = stays.select("customer_id", month=stays.begins)
    ends = stays.select("customer_id", month=stays.until)
    cuts = begins.union(ends, distinct=True)
    own = ibis.window(group_by="customer_id", order_by="month")
    parts = cuts.mutate(until=cuts.month.lead().over(own)).drop_null("until")
    parts, whole = parts.rename(after="month"), stays.rename(stay_until="until")
    covers = [whole.begins <= parts.after, whole.stay_until >= parts.until]
    running = parts.inner_join(whole, ["customer_id", *covers])
    key = ["customer_id", "after", "until"]
    ruled = running.mutate(longest=running.interval.max().over(ibis.window(group_by=key)))
    is_ruling = ruled.interval == ruled.longest
    end = ibis.ifelse(is_ruling, ruled.begins + ruled.shift, ibis.null("int64"))
    placed = ruled.mutate(end=end.min().over(ibis.window(group_by=key)))
    apart = ((placed.end - placed.begins - placed.shift) % placed.interval != 0).cast("int64")
    is_first = placed.interval == placed.longest
    first = ibis.ifelse(is_first, placed.begins, ibis.null("int64"))
    day = ibis.ifelse(is_first, placed.day, ibis.null("int64"))
    whole = placed.group_by(*key).agg(
        interval=placed.interval.max(),
        first=first.min(),
        day=day.min(),
        end=placed.end.min(),
        together=apart.max() == 0,
    )
    following = whole.after.lead().over(ibis.window(group_by="customer_id", order_by="after"))
    out = whole.mutate(
        shift=(whole.end - whole.first) % whole.interval, next_after=following.fill_null(OPEN)
    )
    return out.drop("end")


def _month(day: ir.DateValue) -> ir.IntegerValue:
    return period_number(day, "month")
