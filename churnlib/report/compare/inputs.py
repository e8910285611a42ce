"""Which inputs of two reports differ: data, parameters, code, environment."""

from typing import Any

from churnlib.report.compare.differences import leaves_that_differ
from churnlib.report.compare.pages import short


def changed_inputs(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs, a line each, from the manifests of the two."""
    found = []
    if _fingerprint(before, "data") != _fingerprint(after, "data"):
        found.append(
            f"data: {short(_fingerprint(before, 'data')[:12])} became "
            f"{_fingerprint(after, 'data')[:12]}"
        )
    elif before["rows"] != after["rows"]:
        found.append("data: the rows read or set aside")
    found += [
        f"parameters: {one}"
        for one in leaves_that_differ(before["parameters"], after["parameters"])
    ]
    if _fingerprint(before, "code") != _fingerprint(after, "code"):
        found.append(f"code: churnlib {_commit(before)} became {_commit(after)}")
    found += [f"code: notebook {name}" for name in _notebooks_that_differ(before, after)]
    parts = ("lock", "python", "platform", "packages")
    old, new = ({part: one["software"].get(part) for part in parts} for one in (before, after))
    return found + [f"environment: {one}" for one in leaves_that_differ(old, new)]


def _notebooks_that_differ(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = (
        {one["chapter"]: one.get("notebook") for one in told["chapters"]}
        for told in (before, after)
    )
    return [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]


def _fingerprint(manifest: dict[str, Any], name: str) -> str:
    return str((manifest.get("fingerprints") or {}).get(name))


def _commit(manifest: dict[str, Any]) -> str:
    made = manifest["software"]
    return (
        f"{made.get('churnlib')} (files {made.get('code')}, commit {made.get('commit') or 'none'})"
    )
