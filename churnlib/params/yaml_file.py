"""YAML as people mean it: text stays text, keys appear once, every value knows its line.

Scalars follow YAML 1.2's core schema (NO is a text, not False; 1.10 in quotes stays), keys must be
unique, and aliases and tags are refused, so that a small file cannot unfold into a huge one.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from churnlib.errors import ParamsError

MAX_BYTES = 1_000_000
MAX_EVENTS = 20_000
SUFFIXES = (".yml", ".yaml")
_NULLS = {"", "~", "null", "Null", "NULL"}
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,300})")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def read_with_extends(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a file and what it extends.

    Returns
    -------
    (values, places) : the merged mapping without `extends`; and where each dotted key stands, as
    `acme.yml, line 6`.
    """
    values, places = _read(path)
    seen = [path.resolve()]
    while "extends" in values:
        where, name = places.pop("extends"), values.pop("extends")
        if not isinstance(name, str) or not name.endswith(SUFFIXES):
            raise ParamsError(
                f"{where}: extends = {name!r}: is the name of one parameter file, such as base.yml."
            )
        base = (seen[-1].parent / name).resolve()
        if base in seen:
            raise ParamsError(
                f"{where}: extends goes round in a circle: {base.name} is read twice."
            )
        below, further = _read(base, f"{where}: extends: ")
        values, places = merged(below, values), further | places
        seen.append(base)
    return values, places


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`: mappings merge key by key, anything else replaces."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        out[key] = (
            merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return out


def _read(path: Path, asked: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    text = _text(path, asked)
    try:
        _refuse_what_unfolds(text, path.name)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ParamsError(f"{path.name}{line}: not readable as YAML: {problem}.") from None
    except RecursionError:
        raise ParamsError(
            f"{path.name}: brackets within brackets, deeper than a parameter file can be."
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise ParamsError(
            f"{path.name}: a parameter file is a list of `key: value` lines; this one is not."
        )
    places: dict[str, str] = {}
    return _value(node, path.name, places, ""), places


def _refuse_what_unfolds(text: str, file: str) -> None:
    """Aliases can unfold a small file into a huge one, tags can name anything; neither is needed
    here.
    """
    for n, event in enumerate(yaml.parse(text, yaml.SafeLoader)):
        where = f"{file}, line {event.start_mark.line + 1}"
        if isinstance(event, yaml.events.AliasEvent):
            raise ParamsError(
                f"{where}: aliases (*{event.anchor}) are not read; use extends for shared settings."
            )
        if getattr(event, "tag", None):
            raise ParamsError(f"{where}: tags ({event.tag}) are not read; write the value itself.")
        if n > MAX_EVENTS:
            raise ParamsError(
                f"{where}: more than a parameter file can hold ({MAX_EVENTS:,} keys and values)."
            )


def _text(path: Path, asked: str) -> str:
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        raise ParamsError(
            f"{asked}{path.name}: no such parameter file. There: {', '.join(beside) or 'none'}."
        )
    if path.stat().st_size > MAX_BYTES:
        raise ParamsError(
            f"{path.name}: larger than a parameter file can be ({MAX_BYTES:,} bytes)."
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParamsError(
            f"{path.name}: not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from None


def _value(node: yaml.Node, file: str, places: dict[str, str], key: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, file, places, f"{key}.{n}") for n, one in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for name_node, value_node in node.value:
            where = f"{file}, line {name_node.start_mark.line + 1}"
            if not isinstance(name_node, yaml.ScalarNode) or not name_node.value:
                raise ParamsError(f"{where}: a key is one word before a colon.")
            name = str(name_node.value)
            inner = f"{key}.{name}" if key else name
            if name in out:
                first = places[inner].rpartition(" ")[2]
                raise ParamsError(f"{where}: {inner} is given twice (first on line {first}).")
            places[inner] = where
            out[name] = _value(value_node, file, places, inner)
        return out
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    text = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
