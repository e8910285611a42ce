"""First buyers as models of leaving take customers due: what happens to them is buying again."""

import pandas as pd

NEVER_DUE_AGAIN = {"interval_months": 1, "renewal": 1}
"""They are of one kind: each is asked once."""


def as_due(rows: pd.DataFrame) -> pd.DataFrame:
    """What `bought_again` gave, of complete months, in the columns of `due`: `left` is how many
    bought again.
    """
    whole = rows[rows["complete"].astype(bool)]
    named = whole.rename(columns={"first_buyers": "due", "again": "left"})
    return named.assign(customers=named["due"], **NEVER_DUE_AGAIN)
