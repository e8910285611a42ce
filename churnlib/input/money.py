"""Money at the edge: one currency, its minor unit; and the months it is for."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from babel.numbers import get_currency_precision

from churnlib.engine import MONEY, collect
from churnlib.input.intervals import months_of
from churnlib.params.model import Params

MAX_INTERVALS = 1_000
"""Different names of intervals that are read; a file with more has no such column."""


def minor_units(currency: str) -> int:
    """Decimals of a currency's smallest unit (ISO 4217 as Babel has it).

    Examples
    --------
    >>> minor_units("EUR"), minor_units("JPY")
    (2, 0)
    """
    return get_currency_precision(currency)


def interval_names(interval: ir.StringColumn) -> list[str]:
    """What a column calls its intervals: a handful of words, fetched to be read one by one."""
    named = interval.name("interval").as_table().distinct().limit(MAX_INTERVALS)
    return collect(named)["interval"].dropna().tolist()


def in_months(interval: ir.StringColumn, names: Sequence[str]) -> ir.FloatingValue:
    """The length of each interval in months; NULL where its name is not understood."""
    lengths = {name: months_of(name) for name in names}
    known = [(interval == name, ibis.literal(n)) for name, n in lengths.items() if n]
    none = ibis.null("float64")
    return ibis.cases(*known, else_=none) if known else none


def is_known(currency: ir.StringValue, params: Params) -> ir.BooleanValue:
    """Whether an amount can be told in the report's currency."""
    known = [params.currency, *params.exchange_rates]
    return currency.isnull() | currency.upper().isin(known)


def factor(currency: ir.StringValue, params: Params, *, in_cents: bool = False) -> ir.FloatingValue:
    """What an amount in its row's currency is multiplied by to be one of the report's.

    Amounts in cents are divided by what their own currency counts in: 100, 1 for yen.
    """
    factors = params.exchange_rates | {params.currency: 1.0}
    if in_cents:
        factors = {code: rate / 10 ** minor_units(code) for code, rate in factors.items()}
    own = ibis.literal(factors.pop(params.currency))
    rates = [(currency.upper() == code, ibis.literal(rate)) for code, rate in factors.items()]
    return ibis.cases(*rates, else_=own) if rates else own


def in_currency(
    amount: ir.FloatingValue, currency: ir.StringValue, params: Params, *, in_cents: bool = False
) -> ir.DecimalValue:
    """An amount in the report's currency, rounded to its minor unit.

    Other currencies are multiplied by their rate in `exchange_rates`, one rate for all time, so
    that no movement is one of exchange rates. NULL where it is larger than an amount can be.
    """
    own = amount * factor(currency, params, in_cents=in_cents)
    # -0.0 would print as a return of nothing; adding zero makes it 0.0
    return (own.round(minor_units(params.currency)) + 0.0).try_cast(MONEY)
