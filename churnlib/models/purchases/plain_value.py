"""The plain figure of a shop: order value x frequency x lifespan."""

import pandas as pd

WEEKS_PER_YEAR = 365.25 / 7


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
    from the first purchase to
        the last); plain_value (currency a customer); NaN where there is nothing to divide by

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [1], "recency": [26.0], "age": [52.18], "customers": [10]})
    >>> figure = plain_purchase_value(one, average_order_value=10.0, margin=0.5)
    >>> round(figure["frequency"], 2), round(figure["lifespan"], 2), round(figure["plain_value"], 2)
    (2.0, 0.5, 4.98)
    """
    n = buyers["customers"]
    years = float((n * buyers["age"]).sum()) / WEEKS_PER_YEAR
    bought = float((n * (buyers["frequency"] + 1)).sum())
    frequency = bought / years if years > 0 else float("nan")
    lifespan = (
        float((n * buyers["recency"]).sum() / n.sum()) / WEEKS_PER_YEAR if n.sum() else float("nan")
    )
    value = average_order_value * frequency * lifespan * margin
    return {
        "average_order_value": average_order_value,
        "frequency": frequency,
        "lifespan": lifespan,
        "plain_value": value,
    }
