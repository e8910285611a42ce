"""Money at the edge: one currency, its minor unit, one month."""

import ibis
import ibis.expr.types as ir
from babel.numbers import get_currency_precision

from churnlib.engine import MONEY
from churnlib.params.model import Params
from churnlib.params.tables import INTERVALS


def minor_units(currency: str) -> int:
    """Decimals of a currency's smallest unit (ISO 4217 as Babel has it).

    Examples
    --------
    >>> minor_units("EUR"), minor_units("JPY")
    (2, 0)
    """
    return get_currency_precision(currency)


def monthly(
    amount: ir.FloatingValue, interval: ir.StringValue, count: ir.FloatingValue
) -> ir.FloatingValue:
    """What an amount paid every `count` intervals is a month (week x 52/12, year / 12)."""
    lengths = [
        (interval.lower() == name, ibis.literal(length)) for name, length in INTERVALS.items()
    ]
    months = ibis.cases(*lengths, else_=ibis.null("float64"))
    return amount / (months * count.fill_null(1.0))


def in_currency(
    amount: ir.FloatingValue, currency: ir.StringValue, params: Params
) -> ir.DecimalValue:
    """An amount in the report's currency, rounded to its minor unit.

    Other currencies are multiplied by their rate in `exchange_rates`, one rate for all time, so
    that no movement is one of exchange rates.
    """
    rates = [
        (currency.upper() == code, ibis.literal(rate))
        for code, rate in params.exchange_rates.items()
    ]
    rate = ibis.literal(1.0)
    if rates:
        rate = ibis.cases(*rates, else_=rate)
    # -0.0 would print as a return of nothing; adding zero makes it 0.0
    return ((amount * rate).round(minor_units(params.currency)) + 0.0).cast(MONEY)
