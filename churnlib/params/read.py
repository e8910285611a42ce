"""Read a parameter file, or the same keys as papermill hands them to a notebook.

Both fail with file, line, key, value and what would be right.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from churnlib.errors import ParamsError, nearest
from churnlib.params import yaml_file
from churnlib.params.model import PROJECT, Params, Policies, Source, TableSource

MAX_QUOTED = 100
_ONE_VALUE = ("str", "bool", "int", "float")
_PLAINLY = {  # types of a validation error, and what would be right
    "string_type": "is a text; put it in quotes",
    "float_type": "is a number",
    "list_type": "is a list, such as [a, b]",
    "tuple_type": "is a list, such as [a, b]",
    "dict_type": "is a mapping, such as {key: value}",
    "model_type": "is a mapping, such as {key: value}",
    "literal_error": "is one of {expected}",
    "string_pattern_mismatch": "is made of small letters, digits, - and _, and begins with a letter or digit",
}


def read_params(path: Path | str) -> Params:
    """Read a parameter file, with all that it extends.

    Parameters
    ----------
    path : path of a YAML file

    Returns
    -------
    Params, whose relative paths start from the file's folder.

    Raises
    ------
    ParamsError : names the file, the line, the key, the value and what would be right.

    Examples
    --------
    >>> read_params(PROJECT / "params" / "demo.yml").model
    'subscription'
    """
    path = Path(path)
    values, places = yaml_file.read_with_extends(path)
    return _validated(values, path.resolve().parent, path.name, places)


def params_from_values(values: dict[str, Any]) -> Params:
    """The same from keys already read, as plain papermill hands a parameter file to a notebook.

    Keys that are None or not a parameter's are passed over; `extends` and relative paths start from
    the project's params/ folder.
    """
    folder = PROJECT / "params"
    given = {key: values[key] for key in Params.model_fields if values.get(key) is not None}
    if values.get("extends"):
        base, _ = yaml_file.read_with_extends(folder / str(values["extends"]))
        given = yaml_file.merged(base, given)
    return _validated(given, folder, "parameters", {})


def _validated(values: dict[str, Any], folder: Path, file: str, places: dict[str, str]) -> Params:
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        problems = [_problem(one, file, places) for one in error.errors()]
        raise ParamsError("\n".join(dict.fromkeys(problems))) from None
    params._folder = folder
    return params


def _problem(error: Any, file: str, places: dict[str, str]) -> str:
    """One sentence of a validation error: file, line, key, value, what would be right."""
    keys = [str(part) for part in error["loc"] if not str(part).startswith("function-")]
    one_value = (
        len(keys) > 1
        and keys[-1] in _ONE_VALUE
        and keys[-2] not in ("columns", "constants", "expressions")
    )
    keys = keys[:-1] if one_value else keys
    key = ".".join(keys)
    where = next((places[k] for k in _prefixes(keys) if k in places), file)
    if error["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        return f"{where}: {key} is not a parameter{nearest(keys[-1], known) or '.'} Known here: {', '.join(known)}."
    if error["type"] == "missing":
        return f"{where}: {key} is missing: add it."
    plain = (
        "is one value: text, number, true or false"
        if one_value
        else _PLAINLY.get(error["type"], error["msg"])
    )
    message = plain.replace("{expected}", str(error.get("ctx", {}).get("expected")))
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    value = repr(error["input"])
    value = value if len(value) <= MAX_QUOTED else value[:MAX_QUOTED] + "..."
    return f"{where}: {message}." if not key else f"{where}: {key} = {value}: {message}."


def _prefixes(keys: list[str]) -> list[str]:
    return [".".join(keys[:n]) for n in range(len(keys), 0, -1)]


def _known_keys(parents: list[str]) -> list[str]:
    model: type[BaseModel] = Params
    if parents[:1] == ["source"]:
        model = TableSource if len(parents) >= 3 else Source
    elif parents[:1] == ["policies"]:
        model = Policies
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [*names, "extends"] if model is Params else names
