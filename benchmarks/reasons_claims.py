"""How often the chapter on reasons names a difference that is none, and finds one that is.

    python -m benchmarks.reasons_claims [--runs 300]

Eight reasons, those who leave of two years, answered by 12 %: by 8 % of the short-lived and 18 % of
the long-lived. Compared with before a price half a year ago, with a year before, and by columns of
two to eight values. quiet: everybody gives the same reasons. scatter: every month has a mix of its
own (Dirichlet). planted: "unused" is given twice as often by one value of eight, and "too
expensive" half as often again since the price. The Monte-Carlo error is shown.
"""

import argparse

import numpy as np
import pandas as pd

import churnlib as cl
from benchmarks.leaving_claims import told

REASONS = {
    "too_expensive": 0.30,
    "unused": 0.20,
    "missing_features": 0.18,
    "switched_service": 0.12,
    "too_complex": 0.08,
    "customer_service": 0.06,
    "low_quality": 0.04,
    "other": 0.02,
}
TENURES = ("up to 3", "up to 12", "more")
ANSWERING = np.array([0.08, 0.12, 0.18])
COLUMNS = {"billing": 2, "channel": 5, "industry": 8}
QUESTIONS = ("before a price", "a year before", "by column")
SIZES = (500, 4_000, 20_000)
"""Leavers a year."""
CONCENTRATIONS = {"quiet": np.inf, "scatter": 60.0}


def main() -> None:
    """Each size and world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    for size in SIZES:
        for world, concentration in CONCENTRATIONS.items():
            found = [
                compared(np.random.default_rng([12, run, size]), size, concentration)
                for run in range(runs)
            ]
            for question in QUESTIONS:
                told(f"{size} a year, {world}: {question}", [bool(one[question]) for one in found])
        found = [
            compared(np.random.default_rng([13, run, size]), size, np.inf, planted=True)
            for run in range(runs)
        ]
        told(f"{size} a year: 1.5 times found", [bool(one["before a price"]) for one in found])
        by = [("v0", "unused") in one["by column"] for one in found]
        told(f"{size} a year: twice by one found", by)


def compared(
    rng: np.random.Generator, size: int, concentration: float, *, planted: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Values and reasons named, by question."""
    rows = leavers(rng, size, concentration, planted=planted)
    splits = {name: rows.assign(segment=rows[name]) for name in COLUMNS}
    day = pd.Timestamp("2025-07-01")
    known = pd.DataFrame({"label": ["rise"], "kind": "price", "starts_on": day, "known_on": day})
    found = pd.concat([cl.reasons_before(rows, known), cl.reasons_by(rows, splits)])
    clear = found[found["verdict"] != "no signal"]
    question = clear["compared"].where(clear["compared"].isin(QUESTIONS), QUESTIONS[-1])
    pairs = list(zip(question, clear["value"], clear["reason"], strict=True))
    return {one: [pair[1:] for pair in pairs if pair[0] == one] for one in QUESTIONS}


def leavers(
    rng: np.random.Generator, size: int, concentration: float, *, planted: bool
) -> pd.DataFrame:
    """What `answers` gives, a row a leaver."""
    usual = np.array(list(REASONS.values()))
    parts = []
    for month in range(24):
        mix = usual if np.isinf(concentration) else rng.dirichlet(usual * concentration)
        n = rng.poisson(size / 12)
        columns = {name: rng.integers(0, values, n) for name, values in COLUMNS.items()}
        weights = np.tile(mix, (n, 1))
        if planted:
            weights[columns["industry"] == 0, 1] *= 2
            weights[:, 0] *= 1.5 if month >= 18 else 1.0
        weights = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
        drawn = (rng.random((n, 1)) > weights[:, :-1]).sum(axis=1)
        tenure = rng.integers(0, 3, n)
        answered = rng.random(n) < ANSWERING[tenure]
        names = np.array(list(REASONS))[drawn]
        frame = {name: [f"v{value}" for value in own] for name, own in columns.items()}
        frame |= {"reason": np.where(answered, names, ""), "years_ago": int(month < 12)}
        frame["period_start"] = pd.Timestamp("2024-01-01") + pd.DateOffset(months=month)
        frame["tenure"] = np.array(TENURES)[tenure]
        parts.append(pd.DataFrame(frame))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(plan="Pro", how="voluntary", customers=1)
    rows.attrs = {"grain": "month", "currency": "EUR"}
    return rows


if __name__ == "__main__":
    main()
