"""The tables of a report, moved from the chapters into tables/, and the data package that
describes them.

A chapter writes `<name>.csv` and beside it `<name>.json`, which says what its columns are (a
resource of the Frictionless standards). The descriptions are published together, as
tables/datapackage.json, so that other programs know types and units.
"""

import json
import os
import re
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churnlib.report.plan import Plan
from churnlib.report.published.publish import OutputError, writing

PACKAGE = "datapackage.json"
PROFILE = "tabular-data-package"
_NOT_A_NAME = re.compile(r"[^a-z0-9._-]+")


@dataclass
class Tables:
    """tables/ of a report that is being made; several chapters write at once."""

    folder: Path
    _described: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, written: Path) -> list[str]:
        """Move what a chapter wrote, and give the names of the files.

        Half-written files of a killed kernel are hidden and stay behind.
        """
        files = sorted(written.glob("[!.]*")) if written.exists() else []
        described = {one.with_suffix(".json") for one in files if one.suffix == ".csv"}
        taken = [one for one in files if one not in described]
        with writing(self.folder), self._lock:
            for file in taken:
                self._move(file)
                if file.suffix == ".csv":
                    self._describe(file.name, _read(file.with_suffix(".json")))
        return [file.name for file in taken]

    def keep(self, standing: Path, names: Iterable[str]) -> None:
        """Copy tables from those of the report in place, with what was said of them there."""
        package = _read(standing / PACKAGE)
        described = {one.get("path"): one for one in package.get("resources", ())}
        with writing(self.folder), self._lock:
            for name in names:
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(standing / name, self.folder / name)
                if name.endswith(".csv"):
                    self._describe(name, described.get(name, {}))

    def write_package(self, plan: Plan) -> None:
        """Write datapackage.json, if there is anything to describe."""
        if not self._described:
            return
        package = {
            "profile": PROFILE,
            "name": _as_name(f"{plan.params.business}-{plan.period.label}"),
            "title": f"{plan.params.display_title}, {plan.period.name}",
            "resources": [self._described[name] for name in sorted(self._described)],
        }
        text = json.dumps(package, indent=1, ensure_ascii=False, allow_nan=False)
        (self.folder / PACKAGE).write_text(text + "\n", encoding="utf-8", newline="\n")

    def _move(self, file: Path) -> None:
        target = self.folder / file.name
        if target.exists() and target.read_bytes() != file.read_bytes():
            raise OutputError(
                f"tables/{file.name}: another chapter writes a different table of this name."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)

    def _describe(self, name: str, told: dict[str, Any]) -> None:
        """A table of which nothing is said is at least named."""
        least = {"name": _as_name(Path(name).stem), "format": "csv"}
        self._described[name] = least | told | {"path": name}


def _read(path: Path) -> dict[str, Any]:
    """What a file of descriptions holds; nothing where there is none."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _as_name(text: str) -> str:
    """A name as the standard allows it.

    Examples
    --------
    >>> _as_name("mrr_by_Kanal-64af31"), _as_name("demo-2026-Q3")
    ('mrr_by_kanal-64af31', 'demo-2026-q3')
    """
    return _NOT_A_NAME.sub("-", text.lower())
