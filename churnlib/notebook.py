"""How a notebook begins: its parameters become a snapshot, whoever runs it."""

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

from IPython.display import display

from churnlib.errors import ChurnlibError
from churnlib.figures import theme
from churnlib.input.checked import check
from churnlib.page.blocks import style_block
from churnlib.params.model import PROJECT
from churnlib.params.read import params_from_values, read_params
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze, open_frozen
from churnlib.snapshot.snapshot import Snapshot


def start(values: dict[str, Any]) -> Snapshot:
    """The snapshot that a notebook's parameters ask for; sets the charts' theme.

    Parameters
    ----------
    values : the notebook's `globals()`. Of them
        frozen : folder of a snapshot, as `churnlib report` gives it; else
        business, model, source, ... : the keys of a parameter file, as `papermill -f FILE` gives
        them; else
        params : name of a file in params/;
        period : a period's label; None = the last complete one;
        needs : the table without which the notebook has nothing to say.

    Raises
    ------
    ChurnlibError : what is wrong with the parameters or the data
    """
    theme.apply()
    if not values.get("frozen"):
        display(style_block())  # a page brings its own style, JupyterLab does not
    snapshot = _opened(values)
    needs = values.get("needs")
    if needs and getattr(snapshot, needs) is None:
        raise ChurnlibError(
            f"This notebook needs the table {needs!r}; "
            f"{snapshot.params.business} (model {snapshot.params.model}) has none."
        )
    return snapshot


def _opened(values: dict[str, Any]) -> Snapshot:
    if values.get("frozen"):
        return open_frozen(Path(values["frozen"]))
    file = PROJECT / "params" / str(values["params"])
    params = params_from_values(values) if values.get("business") else read_params(file)
    checked = check(params)
    period = Period.parse(values["period"]) if values.get("period") else checked.latest_period()
    folder = Path(tempfile.mkdtemp(prefix="churnlib-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return freeze(checked, period, folder)
