"""First buyers as models of leaving take customers due: what happens to them is buying again."""

import pandas as pd

OF_ONE_KIND = {"interval_months": 1, "renewal": 1}
"""In the columns that tell customers due apart: first buyers are compared as one stratum."""


def as_due(rows: pd.DataFrame) -> pd.DataFrame:
    """What `bought_again` gave, of complete months, in the columns of `due`: `left` is how many
    bought again.
    """
    whole = rows[rows["complete"].astype(bool)]
    named = whole.rename(columns={"first_buyers": "due", "again": "left"})
    return named.assign(customers=named["due"], **OF_ONE_KIND)
