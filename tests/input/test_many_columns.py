"""A table of customers with a thousand columns: those that keys name are read, the rest is not."""

from pathlib import Path

import pytest

from churnlib.input.checked import check
from churnlib.input.mapping import MOST_UNNAMED
from churnlib.params.read import read_params

PARAMETERS = """\
business: wide
model: subscription
currency: EUR
source:
  uri: .
  tables:
    subscriptions: {from: subscriptions.csv}
    customers: {from: customers.csv, columns: {tier: a8}}
segments: [a7]
cohort_by: a5
only: {a6: ["1"]}
labels: {a9: {"1": one}}
"""


@pytest.mark.parametrize("columns", [MOST_UNNAMED, 1000])
def test_columns_that_no_key_names_are_read_where_they_are_few(
    tmp_path: Path, columns: int
) -> None:
    names = [f"a{n}" for n in range(columns)]
    (tmp_path / "customers.csv").write_text(
        f"customer_id,country,{','.join(names)}\nc1,DE,{','.join('1' * columns)}\n"
    )
    (tmp_path / "subscriptions.csv").write_text(
        "customer_id,starts_on,ends_on,mrr\nc1,2025-01-01,2025-03-01,5\n"
    )
    (tmp_path / "wide.yml").write_text(PARAMETERS)
    checked = check(read_params(tmp_path / "wide.yml"))
    read = set(checked.tables["customers"].columns)
    assert {"a5", "a6", "a7", "a9", "tier"} <= read
    (account,) = (one for one in checked.data_box if one["table"] == "customers")
    said = [one for one in account["remarks"] if "no key names them" in one]
    if columns == 1000:
        assert "a1" not in read
        assert said[0].startswith("996 columns are not read")
    else:
        assert {"a1", "country"} <= read
        assert said == []
