"""YAML as people mean it: text stays text, keys appear once, every value knows its line.

Scalars follow YAML 1.2's core schema (NO is a text, not False; 1.10 in quotes stays), keys must be unique, and
anchors with aliases are refused, so that a small file cannot unfold into a huge one.
"""

from pathlib import Path
from typing import Any

import yaml

from churnlib.errors import ParamsError

MAX_BYTES = 1_000_000
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def read_with_extends(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a file and what it extends.

    Returns
    -------
    (values, lines) : the merged mapping without `extends`, and the line of each dotted key of `path` itself.
    """
    values, lines = _read(path)
    seen = [path.resolve()]
    while "extends" in values:
        base = (seen[-1].parent / str(values.pop("extends"))).resolve()
        if base in seen:
            raise ParamsError(f"{path.name}: extends goes round in a circle: {base.name} is read twice.")
        below, _ = _read(base)
        values = merged(below, values)
        seen.append(base)
    return values, lines


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`: mappings merge key by key, anything else replaces."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        out[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out


def _read(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    text = _text(path)
    try:
        if any(isinstance(event, yaml.events.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise ParamsError(f"{path.name}: aliases (*name) are not read; use extends for shared settings.")
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ParamsError(f"{path.name}{line}: not readable as YAML: {problem}.") from None
    if not isinstance(node, yaml.MappingNode):
        raise ParamsError(f"{path.name}: a parameter file is a list of `key: value` lines; this one is not.")
    lines: dict[str, int] = {}
    return _value(node, path, lines, ""), lines


def _text(path: Path) -> str:
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        raise ParamsError(f"{path}: no such parameter file. There: {', '.join(beside) or 'none'}.")
    if path.stat().st_size > MAX_BYTES:
        raise ParamsError(f"{path.name}: larger than a parameter file can be ({MAX_BYTES:,} bytes).")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path.name}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _value(node: yaml.Node, path: Path, lines: dict[str, int], key: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, path, lines, f"{key}.{n}") for n, one in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name, line = str(name_node.value), name_node.start_mark.line + 1
            inner = f"{key}.{name}" if key else name
            if name in out:
                raise ParamsError(f"{path.name}, line {line}: {inner} is given twice (first on line {lines[inner]}).")
            lines[inner] = line
            out[name] = _value(value_node, path, lines, inner)
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
    digits = text.lstrip("+-")
    if digits.isdigit() and (digits == "0" or not digits.startswith("0")):
        return int(text)
    plain_number = digits.replace(".", "", 1).replace("e-", "", 1).replace("e+", "", 1).replace("e", "", 1)
    if plain_number.isdigit() and "." in digits:
        return float(text)
    return text
