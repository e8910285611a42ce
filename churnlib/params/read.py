"""Read a parameter file, or the same keys as papermill or Python hands them over.

All fail with file, line, key, value and what would be right, as far as they are known.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from churnlib.errors import ParamsError, nearest, shown_uri
from churnlib.params import yaml_file
from churnlib.params.model import PROJECT, Params, Policies
from churnlib.params.source import Source, TableSource

__all__ = ["read_params"]

FOLDER = PROJECT / "params"
MAX_QUOTED = 100
_ONE_VALUE = ("str", "bool", "int", "float")
_OF_THE_DATA = ("columns", "constants", "expressions", "filter", "only")
_PLAINLY = {  # types of a validation error, and what would be right
    "string_type": "is a text; put it in quotes",
    "float_type": "is a number",
    "list_type": "is a list, such as [a, b]",
    "tuple_type": "is a list, such as [a, b]",
    "dict_type": "is a mapping, such as {key: value}",
    "model_type": "is a mapping, such as {key: value}",
    "literal_error": "is one of {expected}",
    "string_pattern_mismatch": "is made of small letters, digits, - and _, "
    "and begins with a letter or digit",
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
    try:
        values, places = yaml_file.read_with_extends(path)
        return _validated(values, path.resolve().parent, path.name, places)
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError, OSError) as error:
        # Nothing known ends here: the net names the file, whatever is wrong in it.
        kind = f"{type(error).__name__}: {error}"
        raise ParamsError(f"{path.name}: a value cannot be read ({kind}).") from error


def find_params(name: Path | str) -> Path:
    """A parameter file by its path, or by its name in the project's params/ folder.

    A path counts from the working directory first, then from params/, then from the project: in
    JupyterLab a notebook works in its own folder, papermill in the one it was called from.

    Raises
    ------
    ParamsError : there is no such file; names the nearest

    Examples
    --------
    >>> find_params("demo.yml").parent.name
    'params'
    """
    if not isinstance(name, Path | str) or not str(name).strip():
        raise ParamsError(
            f"params = {name!r}: is the path of a parameter file, or its name in params/."
        )
    for folder in (Path(), FOLDER, PROJECT):
        file = folder / Path(name).expanduser()
        if file.is_file():
            return file
    there = sorted(file.name for file in FOLDER.glob("*.y*ml"))
    hint = nearest(Path(name).name, there) or f". In params/: {', '.join(there) or 'none'}."
    raise ParamsError(
        f"params = {shown_uri(str(name))!r}: no such parameter file, here or in params/{hint}"
    )


def params_from_values(values: Mapping[str, Any]) -> Params:
    """The parameters of a business from keys already read.

    Keys that are None or not a parameter's are passed over; `extends` and relative paths start from
    the project's params/ folder.
    """
    given = {key: values[key] for key in Params.model_fields if values.get(key) is not None}
    return _from_keys(given, values.get("extends"), "parameters")


def params_from_settings(settings: Mapping[str, Any], said_by: str) -> Params:
    """The same from settings written in Python: one that is no parameter is refused.

    `said_by` is what messages begin with.
    """
    given = {key: value for key, value in settings.items() if key != "extends"}
    return _from_keys(given, settings.get("extends"), said_by)


def handed_over(values: Mapping[str, Any]) -> bool:
    """Whether a notebook's variables are the keys of a parameter file, as `papermill -f` gives
    them.
    """
    return values.get("business") is not None or values.get("extends") is not None


def params_from_papermill(values: Mapping[str, Any]) -> Params:
    """The parameters that `papermill -f FILE` hands a notebook as variables.

    papermill reads YAML 1.1, in which NO, no and off are not text: a flag among the values of
    `only` or of a `filter` may have been a country, and is refused.
    """
    for key, wanted in _lists_of_values(values):
        if any(isinstance(value, bool) for value in wanted):
            raise ParamsError(
                f"parameters: {key} = {wanted!r}: papermill -f reads NO, off, yes and the like "
                "as true or false; "
                'hand the file over with -p params FILE, or put the value in quotes ("NO").'
            )
    return params_from_values(values)


def _lists_of_values(values: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """What `only`, the filters and `changes` compare with, each with its dotted key."""
    compared = {"only": values.get("only")}
    for n, change in enumerate(_listed(values.get("changes"))):
        compared[f"changes.{n}.reach"] = _mapping(change).get("reach")
    for name, table in _mapping(_mapping(values.get("source")).get("tables")).items():
        compared[f"source.tables.{name}.filter"] = _mapping(table).get("filter")
    for key, columns in compared.items():
        for column, wanted in _mapping(columns).items():
            yield f"{key}.{column}", wanted if isinstance(wanted, list) else [wanted]


def _mapping(value: Any) -> Mapping[str, Any]:
    """What is no mapping is found wrong when the parameters are validated."""
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _from_keys(given: dict[str, Any], extends: Any, said_by: str) -> Params:
    if extends:
        base, _ = yaml_file.read_with_extends(FOLDER / str(extends))
        given = yaml_file.merged(base, given)
    return _validated(given, FOLDER, said_by, {})


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
    one_value = len(keys) > 1 and keys[-1] in _ONE_VALUE and keys[-2] not in _OF_THE_DATA
    if one_value:
        keys = keys[:-1]
    key = ".".join(keys)
    where = next((places[k] for k in _prefixes(keys) if k in places), file)
    if error["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        hint = nearest(keys[-1], known) or "."
        return f"{where}: {key} is not a parameter{hint} Known here: {', '.join(known)}."
    if error["type"] == "missing":
        return f"{where}: {key} is missing: add it."
    message = _what_would_be_right(error, one_value)
    if not key:
        return f"{where}: {message}."
    return f"{where}: {key} = {_quoted(error['input'])}: {message}."


def _what_would_be_right(error: Any, one_value: bool) -> str:
    if one_value:
        return "is one value: text, number, true or false"
    plain = _PLAINLY.get(error["type"], error["msg"])
    expected = str(error.get("ctx", {}).get("expected"))
    message = plain.replace("{expected}", expected).removeprefix("Value error, ")
    return message.replace("Input should be", "must be")


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "..."


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
