"""What a preset is: the files of one system, and how they become our tables.

A further system is one more file in this folder with a `PRESET` of its own.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import ibis.expr.types as ir

from churnlib.errors import DataError, nearest
from churnlib.input import presets
from churnlib.params.model import Params
from churnlib.params.source import TableSource


@dataclass(frozen=True)
class Made:
    """One of our tables, made of an export.

    rows : our columns, typed or as text; dates as `reading.moment` gives them
    remarks : for the data box, what the user of this export has to know
    settings : how the rows are to be taken, such as TableSource(shape="invoices")
    warnings : the same as remarks, for the first page too
    anonymous : whether sales without a customer are ordinary: kept apart, and no error
    """

    rows: ir.Table
    remarks: Sequence[str] = ()
    settings: TableSource = field(default_factory=TableSource)
    warnings: Sequence[str] = ()
    anonymous: bool = False


@dataclass(frozen=True)
class Export:
    """The tables of one export, by the names that its layout gives them."""

    tables: Mapping[str, ir.Table]
    params: Params

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]

    def get(self, name: str) -> ir.Table | None:
        """A table that may be absent."""
        return self.tables.get(name)

    def option(self, name: str) -> str:
        """What `source.options` says, or the first value that the preset declares."""
        preset = preset_of(self.params)
        return self.params.source.options.get(name, preset.options[name][0])


@dataclass(frozen=True)
class Layout:
    """One kind of export of a system.

    name : what it is called in messages
    needs : {our name of a table: pattern of a file's or table's name without its suffix}
    may_have : the same of those that may be absent
    read : the export as {our table: Made}
    """

    name: str
    needs: Mapping[str, str]
    read: Callable[[Export], dict[str, Made]]
    may_have: Mapping[str, str] = field(default_factory=dict)

    def files(self, there: Sequence[str]) -> dict[str, list[str]] | None:
        """{our name: files} of all that is there, or None where one that is needed is absent.

        Several files are one table only where the pattern numbers them (`orders_export_\\d+`); of
        patterns divided by | the first that is there holds.
        """
        found = {}
        for name, patterns in {**self.needs, **self.may_have}.items():
            fitting, pattern = [], ""
            for pattern in patterns.split("|"):
                fitting = [one for one in there if re.fullmatch(pattern, stem(one))]
                if fitting:
                    break
            if len(fitting) > 1 and r"\d" not in pattern:
                raise DataError(
                    f"source.preset: {' and '.join(fitting)} are both there; leave one in the "
                    "folder."
                )
            if fitting:
                found[name] = fitting
        return found if self.needs.keys() <= found.keys() else None


@dataclass(frozen=True)
class Preset:
    """The exports of one system.

    name : what `source.preset` says
    system : what people call it
    model : subscription or transactional
    layouts : looked for in this order
    options : {key of source.options: its values, the first holds where none is given}
    """

    name: str
    system: str
    model: str
    layouts: Sequence[Layout]
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def layout(self, there: Sequence[str]) -> tuple[Layout, dict[str, list[str]]]:
        """The first layout that fits what is there, and the files of its tables."""
        for layout in self.layouts:
            if files := layout.files(there):
                return layout, files
        wanted = "; ".join(f"{one.name}: {', '.join(one.needs)}" for one in self.layouts)
        raise DataError(
            f"source.preset = {self.name!r}: the source holds no export of {self.system} that is "
            f"known. It needs {wanted}. There: {', '.join(there) or 'nothing'}."
        )


def presets_there() -> dict[str, Preset]:
    """Every preset, by its name."""
    found = {}
    for module in pkgutil.iter_modules(presets.__path__):
        imported = importlib.import_module(f"{presets.__name__}.{module.name}")
        if preset := getattr(imported, "PRESET", None):
            found[preset.name] = preset
    return found


def preset_of(params: Params) -> Preset:
    """The preset that a parameter file names.

    Raises
    ------
    DataError : no such preset, one of another model, or an option that it does not have
    """
    name, known = params.source.preset or "", presets_there()
    if name not in known:
        hint = nearest(name, known) or "."
        raise DataError(
            f"source.preset = {name!r}: no such preset{hint} There are: {', '.join(known)}."
        )
    preset = known[name]
    if preset.model != params.model:
        raise DataError(
            f"source.preset = {name!r}: gives a {preset.model} business; model says {params.model}."
        )
    for key, value in params.source.options.items():
        if key not in preset.options:
            told = ", ".join(preset.options) or "none"
            raise DataError(f"source.options.{key}: {name} has no such option; it has: {told}.")
        if value not in preset.options[key]:
            told = ", ".join(preset.options[key])
            raise DataError(f"source.options.{key} = {value!r}: is one of {told}.")
    return preset


def stem(file: str) -> str:
    """The name of a file without its suffix, in small letters."""
    return re.sub(r"\.(parquet|csv|csv\.gz|txt|tsv)$", "", file.lower())
