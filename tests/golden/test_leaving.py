"""Numbers that others published or that are known exactly: rate and mix, incidence with ties,
observed ÷ expected, bounds, the running sum.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlib.models.feedback.reasons import reasons
from churnlib.models.leaving.alarm import LIMIT, SLACK
from churnlib.models.leaving.mix import kitagawa
from churnlib.models.survival.incidence import cumulative_incidence
from churnlib.statistics.counts import one_sample

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
needs_cases = pytest.mark.skipif(
    not CASES.exists(), reason="the published cases are not at hand (shared/ is absent)"
)


def case(name: str) -> dict:
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


@needs_cases
def test_das_gupta_headship_rates_of_1970_and_1985():
    """Das Gupta 1993, example 5.1: of 2.97 points 1.23 are mix and 1.74 rate."""
    published = case("statistics/decomposition_dasgupta_5_1")["expected"]
    path = CASES / "statistics" / "decomposition_dasgupta_5_1.csv"
    with path.open(encoding="utf-8") as file:
        rows = pd.DataFrame(csv.DictReader(file)).set_index("segment").astype(float)
    n1, n2 = rows["share_pct_t0"].to_numpy(), rows["share_pct_t1"].to_numpy()
    d1, d2 = n1 * rows["rate_pct_t0"].to_numpy(), n2 * rows["rate_pct_t1"].to_numpy()
    rate, mix = kitagawa(n1, d1, n2, d2)
    assert rate.sum() == pytest.approx(published["rate_effect"], abs=5e-4)
    assert mix.sum() == pytest.approx(published["mix_effect"], abs=5e-4)


@needs_cases
def test_mix_is_centred():
    """More of a kind that leaves less lowers the rate, and is counted so."""
    given = case("chapters/segment_mix_centred")
    n1, n2, rate = (np.array(given[name]) for name in ("w0", "w1", "rate"))
    _, mix = kitagawa(n1, n1 * rate, n2, n2 * rate)
    assert mix == pytest.approx(given["centred_mix"])
    assert mix.sum() == pytest.approx(given["total"])


@needs_cases
def test_incidence_with_ties():
    """Exact where times are tied, as lifelines' own is not."""
    given = case("statistics/aalen_johansen_ties")
    how = {0: "", 1: "one", 2: "two"}
    rows = pd.DataFrame({"duration": given["times"], "how": [how[e] for e in given["events"]]})
    found = cumulative_incidence(rows.assign(entry=0, customers=100)).set_index(["how", "tenure"])
    for name, way in (("cif1", "one"), ("cif2", "two")):
        for time, published in given[name].items():
            assert found.loc[(way, int(time)), "incidence"] == pytest.approx(published, abs=1e-6)
    last = found.xs(6, level="tenure")["incidence"].sum()
    assert last + given["km_overall"]["6"] == pytest.approx(1)


@needs_cases
def test_the_mid_p_of_openepi():
    given = case("chapters/smr_openepi")
    _, _, p_value = one_sample(given["inp"]["observed"], given["inp"]["expected"], 0.0)
    assert p_value == pytest.approx(given["published"]["mid_p"], abs=5e-5)


@needs_cases
def test_the_bounds_of_manski():
    given, published = (case("chapters/manski_bounds")[name] for name in ("inp", "published"))
    silent = given["asked"] - given["answered"]
    counts = [given["yes"], given["answered"] - given["yes"], silent]
    rows = pd.DataFrame({"reason": ["yes", "no", ""], "customers": counts})
    row = reasons(rows.assign(tenure="", plan="", how="")).iloc[0]
    assert row.share == published["share_of_answers"]
    assert (row.bound_low, row.bound_high) == (published["low"], published["high"])


@needs_cases
def test_run_lengths_of_the_running_sum():
    """The sum as it is coded, at the published slack and limit: 8.4 months to find one standard
    deviation; at ours, over a century of unchanged months with known mean.
    """
    path = CASES / "chapters" / "cusum_arl.csv"
    rows = pd.read_csv(path, comment="#")
    published = rows[(rows["k"] == 0.5) & (rows["h"] == 4)].set_index("shift_sd")
    rng = np.random.default_rng(11)
    for shift in (1.0, 2.0):
        assert _run_length(rng, shift, 0.5, 4.0) == pytest.approx(
            published.loc[shift, "arl_one_sided"], rel=0.05
        )
    assert _run_length(rng, 0.0, SLACK, LIMIT, runs=400) > 1_200


def _run_length(
    rng: np.random.Generator, shift: float, slack: float, limit: float, runs: int = 4_000
) -> float:
    """Mean months until the sum of the alarm reaches its limit."""
    total, length = np.zeros(runs), np.zeros(runs)
    going = np.ones(runs, dtype=bool)
    while going.any():
        scores = rng.normal(shift, 1, going.sum())
        total[going] = np.maximum(0, total[going] + scores - slack)
        length[going] += 1
        going &= total < limit
    return float(length.mean())
