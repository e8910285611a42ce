"""How a notebook begins: its parameters become a snapshot, whoever runs it."""

from collections.abc import Mapping
from typing import Any, Literal

from IPython.display import display

from churnlib.errors import ChurnlibError
from churnlib.figures import theme
from churnlib.input.checked import check
from churnlib.page.blocks import style_block
from churnlib.params.read import find_params, handed_over, params_from_papermill, read_params
from churnlib.snapshot.freeze import freeze, open_frozen
from churnlib.snapshot.snapshot import Snapshot

__all__ = ["start"]


def start(
    values: Mapping[str, Any], *, needs: Literal["subscriptions", "orders"] | None = None
) -> Snapshot:
    """The snapshot that a notebook's parameters ask for; sets the charts' theme.

    Parameters
    ----------
    values : the notebook's `globals()`. Of them
        frozen : folder of a snapshot, as `churnlib report` gives it; else
        business, model, source, ... : the keys of a parameter file, as `papermill -f FILE` gives
        them; else
        params : a parameter file: its path, or its name in params/;
        period : a period's label; None = the last complete one.
    needs : the table without which the notebook has nothing to say

    Returns
    -------
    Snapshot

    Raises
    ------
    ChurnlibError : what is wrong with the parameters or the data
    """
    theme.apply()
    if not values.get("frozen"):
        display(style_block())  # a page brings its own style, JupyterLab does not
    snapshot = _opened(values)
    if needs and needs not in snapshot.tables:
        raise ChurnlibError(
            f"This notebook needs the table {needs!r}; "
            f"{snapshot.params.business} (model {snapshot.params.model}) has none."
        )
    return snapshot


def _opened(values: Mapping[str, Any]) -> Snapshot:
    if values.get("frozen"):
        return open_frozen(values["frozen"])
    if handed_over(values):
        params = params_from_papermill(values)
    else:
        params = read_params(find_params(values.get("params")))
    return freeze(check(params), values.get("period"))
