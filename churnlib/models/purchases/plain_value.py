"""The plain figure of a shop: order value x frequency x lifespan."""

import pandas as pd

from churnlib.periods import WEEKS_A_YEAR

__all__ = ["plain_purchase_value"]


def plain_purchase_value(
    buyers: pd.DataFrame, *, average_order_value: float, margin: float
) -> dict[str, float]:
    """What order value x frequency x lifespan x margin gives, for comparison.

    Parameters
    ----------
    buyers : frame with frequency (repeat purchases), recency, age (weeks) and customers
    average_order_value : currency, over all purchases
    margin : share of the money that is earned

    Returns
    -------
    dict : average_order_value; frequency (purchases a year of observation); lifespan (mean years
        from the first purchase to the last); plain_value (currency a customer); NaN where there
        is nothing to divide by

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [1], "recency": [26.0], "age": [52.18], "customers": [10]})
    >>> figure = plain_purchase_value(one, average_order_value=10.0, margin=0.5)
    >>> [round(figure[name], 2) for name in ("frequency", "lifespan", "plain_value")]
    [2.0, 0.5, 4.98]
    """
    n = buyers["customers"]
    years = float((n * buyers["age"]).sum()) / WEEKS_A_YEAR
    bought = float((n * (buyers["frequency"] + 1)).sum())
    frequency = lifespan = float("nan")
    if years > 0:
        frequency = bought / years
    if n.sum():
        lifespan = float((n * buyers["recency"]).sum() / n.sum()) / WEEKS_A_YEAR
    value = average_order_value * frequency * lifespan * margin
    return {
        "average_order_value": average_order_value,
        "frequency": frequency,
        "lifespan": lifespan,
        "plain_value": value,
    }
