"""What tests of bad input share: a business over a folder of files, and what is said of it."""

from pathlib import Path
from typing import Any

from churnlib.errors import ChurnlibError
from churnlib.input.checked import Checked, check
from churnlib.params.model import Params
from churnlib.params.read import params_from_values, read_params

ORDERS = "customer_id,ordered_at,amount\n"
SOME_ORDERS = ORDERS + "a,2026-01-01,1\nb,2026-01-02,2\nc,2026-02-01,3\n"
PARAMETERS = "business: acme\nmodel: subscription\ncurrency: EUR\nsource: {uri: ../data/acme}\n"


def shop(folder: Path, **more: Any) -> Params:
    """A transactional business over a folder; `orders` holds the settings of its one table."""
    orders = more.pop("orders", None)
    tables = {"orders": orders} if orders is not None else {}
    values = {"business": "acme", "model": "transactional", "currency": "EUR", **more}
    return params_from_values({**values, "source": {"uri": str(folder), "tables": tables}})


def checked_orders(
    folder: Path, content: str | bytes, name: str = "orders.csv", **more: Any
) -> Checked:
    """Check a shop with one file of orders."""
    write(folder / name, content)
    return check(shop(folder, **more))


def write(path: Path, content: str | bytes) -> None:
    """Write a file, byte for byte."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def said_of_parameters(folder: Path, text: str | bytes, name: str = "acme.yml") -> str:
    """What reading a parameter file says when it refuses it."""
    write(folder / name, text)
    return said(folder, lambda: read_params(folder / name))


def said_of_orders(
    folder: Path, content: str | bytes, name: str = "orders.csv", **more: Any
) -> str:
    """What checking a shop says when it refuses it."""
    return said(folder, lambda: checked_orders(folder, content, name, **more))


def said(folder: Path, attempt: Any) -> str:
    """The message of a refusal: one that names no path of this machine and ends as a sentence."""
    try:
        attempt()
    except ChurnlibError as error:
        message = str(error)
    else:
        raise AssertionError("nothing was refused")
    assert str(folder) not in message
    assert "/tmp" not in message
    assert "Traceback" not in message
    assert message.endswith((".", "?", "'"))
    return message


def reasons(checked: Checked) -> dict[str, int]:
    """{reason: rows} of the first table."""
    return {one["reason"]: one["rows"] for one in checked.data_box[0]["reasons"]}
