"""The simulated business is what docs/simulated_business.md says: same seed same bytes, and the
truth is in it.
"""

import doctest
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlib.errors import ChurnlibError
from churnlib.simulate import list_price, mix_of_channels, simulate, true_hazard, truth, write
from churnlib.simulate.lives import add_months

END, RISE = pd.Timestamp(truth.END), pd.Timestamp(truth.PRICE_RISE)
FILES = ("customers.parquet", "subscriptions.parquet")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "simulated_business.md"


def read(folder):
    """The customers, the raw rows of subscriptions, and the true ones with the number of their
    stretch.
    """
    customers = pd.read_parquet(folder / FILES[0])
    rows = pd.read_parquet(folder / FILES[1])
    for frame, columns in ((customers, ["signed_up_on"]), (rows, ["starts_on", "ends_on"])):
        frame[columns] = frame[columns].apply(pd.to_datetime)
    spans = rows.drop_duplicates()
    spans = spans[~(spans.ends_on < spans.starts_on)].sort_values(["customer_id", "starts_on"])
    spans = spans.assign(
        mrr=spans.mrr.astype(float), end=spans.ends_on.fillna(END + pd.DateOffset(years=9))
    )
    before = spans.groupby("customer_id").end.shift()
    spans["gap"] = (spans.starts_on - before).dt.days.fillna(0)
    spans["stretch"] = (spans.gap > 0).groupby(spans.customer_id).cumsum()
    return SimpleNamespace(customers=customers, rows=rows, spans=spans)


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    return read(simulate(tmp_path_factory.mktemp("business"), customers=12_000, seed=1))


@pytest.fixture(scope="module")
def renewals(business):
    """One row per renewal of a first stretch that fell due, made from the spans alone."""
    first = business.spans[business.spans.stretch == 0]
    stays = first.groupby("customer_id").agg(start=("starts_on", "first"), left_on=("end", "last"))
    stays = business.customers.join(stays, on="customer_id")
    due = []
    for month in range(1, 37):
        here = stays.assign(month=month, on=stays.start + pd.DateOffset(months=month))
        here = here[
            (here.on <= here.left_on.clip(upper=END))
            & ((here.billing == "monthly") | (month % 12 == 0))
        ]
        before = here.start + pd.DateOffset(months=month - 1)
        if month % 12 == 0:
            before = before.where(
                here.billing == "monthly", here.start + pd.DateOffset(months=month - 12)
            )
        due.append(here.assign(price_rise=(before < RISE) & (here.on >= RISE)))
    due = pd.concat(due)
    due["left"] = due.on == due.left_on
    held = first[["customer_id", "starts_on", "plan"]].sort_values("starts_on")
    keys = {"left_on": "on", "right_on": "starts_on", "by": "customer_id"}
    due = pd.merge_asof(due.sort_values("on"), held, **keys, allow_exact_matches=False)
    asked = {name: due[name] for name in ("billing", "channel", "industry", "plan", "price_rise")}
    return due.assign(expected=true_hazard(due.month, **asked))


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_another_seed_does_not(tmp_path):
    simulate(tmp_path / "a", customers=2_000, seed=3)
    simulate(tmp_path / "c", customers=2_000, seed=4)
    code = (
        "import sys; from churnlib.simulate import simulate; "
        "simulate(sys.argv[1], customers=2_000, seed=3)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "b")], check=True)
    for name in FILES:
        first, again, other = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert first == again
        assert first != other


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**40), customers=st.integers(1, 400))
def test_every_business_is_well_formed(seed, customers):
    with tempfile.TemporaryDirectory() as folder:
        b = read(simulate(Path(folder), customers=customers, seed=seed))
    assert len(b.customers) == customers == b.customers.customer_id.nunique()
    assert b.customers.signed_up_on.is_monotonic_increasing
    assert b.spans.subscription_id.is_unique
    firsts = b.spans.groupby("customer_id").starts_on.first()
    assert (
        firsts.reindex(b.customers.customer_id).to_numpy() == b.customers.signed_up_on.to_numpy()
    ).all()
    assert (b.spans.starts_on >= truth.FIRST_DAY).all()
    assert (b.spans.starts_on < truth.END).all()
    assert (b.spans.recorded_at == b.spans.starts_on).all()
    check_spans_fit_together(b.spans)
    check_renewal_days(b.spans)


def check_spans_fit_together(spans):
    """No overlap; no break but one return; at a change on the same day something did change."""
    assert ((spans.end > spans.starts_on) & (spans.gap >= 0)).all()
    assert spans.stretch.max() <= 1
    assert spans.gap[spans.gap > 0].between(*truth.RETURN_GAP).all()
    assert (spans.billing[spans.gap > 0] == "monthly").all()
    same = spans.customer_id.eq(spans.customer_id.shift()) & (spans.gap == 0)
    assert (spans.mrr != spans.mrr.shift())[same].all()


def check_renewal_days(spans):
    """Every change of price and every leaving falls on a renewal: whole months, and years for
    annual billing.
    """
    start = spans.groupby(["customer_id", "stretch"]).starts_on.transform("first")
    ended = spans.assign(start=start)[spans.ends_on.notna()]
    months = (
        (ended.ends_on.dt.year - ended.start.dt.year) * 12
        + ended.ends_on.dt.month
        - ended.start.dt.month
    )
    expected = [
        start + pd.DateOffset(months=k) for start, k in zip(ended.start, months, strict=True)
    ]
    assert (ended.ends_on == expected).all()
    assert (months >= 1).all()
    assert (months[ended.billing == "annual"] % 12 == 0).all()
    late = ended[ended.ends_on > END]
    assert (late.billing == "annual").all()
    assert (late.ends_on <= END + pd.Timedelta(days=truth.NOTICE_DAYS)).all()


@pytest.mark.parametrize(
    "column", ["month", "billing", "channel", "industry", "plan", "price_rise", "country"]
)
def test_leaving_follows_the_true_hazard(renewals, column):
    together = renewals.assign(variance=renewals.expected * (1 - renewals.expected)).groupby(column)
    table = together.agg(
        left=("left", "sum"), expected=("expected", "sum"), variance=("variance", "sum")
    )
    table = table[table.expected >= 10]
    assert len(table) >= 2
    assert (abs(table.left - table.expected) < 3.5 * np.sqrt(table.variance)).all()
    assert (table.left - table.expected).sum() ** 2 / table.variance.sum() < 3**2


def test_the_bump_in_month_five_is_seen_without_knowing_the_truth(renewals):
    monthly = (
        renewals[renewals.billing == "monthly"].groupby("month").left.agg(["mean", "sum", "size"])
    )
    around = monthly.loc[[4, 6]]["sum"].sum() / monthly.loc[[4, 6]]["size"].sum()
    bump = monthly.loc[truth.BUMP_MONTH]
    error = np.sqrt(bump["mean"] * (1 - bump["mean"]) / bump["size"])
    assert bump["mean"] - 3 * error > around
    assert bump["mean"] / around == pytest.approx(truth.BUMP_RATIO, rel=0.25)


@pytest.mark.parametrize("shifted", [False, True])
def test_new_customers_have_the_true_shares_of_their_day(business, shifted):
    new = business.customers[(business.customers.signed_up_on >= truth.MIX_SHIFT) == shifted]
    shares = {
        name: share[0] for name, share in mix_of_channels(new.signed_up_on.to_numpy()).items()
    }
    check_shares(new.channel, shares)
    check_shares(
        new.industry, {name: industry.share for name, industry in truth.INDUSTRIES.items()}
    )
    check_shares(new.country, truth.COUNTRIES)
    check_shares(new.company_size, {name: share for name, (share, _) in truth.SIZES.items()})


@pytest.mark.parametrize("size", truth.SIZES)
def test_first_plans_go_with_company_size_and_billing_with_the_plan(business, size):
    first = business.customers.merge(
        business.spans.drop_duplicates("customer_id")[["customer_id", "plan"]]
    )
    check_shares(
        first[first.company_size == size].plan,
        dict(zip(truth.PLANS, truth.SIZES[size][1], strict=True)),
    )
    for name, plan in truth.PLANS.items():
        check_shares(
            first[first.plan == name].billing,
            {"annual": plan.annual_share, "monthly": 1 - plan.annual_share},
        )


def check_shares(values, shares):
    assert sum(shares.values()) == pytest.approx(1)
    found = values.value_counts(normalize=True).reindex(list(shares)).fillna(0)
    error = np.sqrt(np.array([s * (1 - s) for s in shares.values()]) / len(values))
    assert (abs(found - np.array(list(shares.values()))) <= 3.5 * error).all()


def test_acquisition_costs_lie_around_the_channels_mean(business):
    cost = business.customers.groupby("channel").acquisition_cost.agg(["mean", "sem"])
    means = pd.Series({name: channel.cost for name, channel in truth.CHANNELS.items()})
    assert (abs(cost["mean"] - means) < 3.5 * cost["sem"]).all()


def test_the_price_rise_reaches_each_customer_at_its_next_renewal_and_no_other_day(business):
    spans = business.spans
    # The list of the day a span starts holds: spans start at renewals. The discount is the
    # customer's for life.
    price = list_price(spans.plan, billing=spans.billing, renewed_on=spans.starts_on)
    discount = (spans.mrr / price).round(3)
    assert set(discount) == set(truth.DISCOUNTS)
    assert (discount.groupby(spans.customer_id).transform("first") == discount).all()
    old = spans[(spans.starts_on < RISE) & (spans.end > RISE)]
    start = spans.groupby(["customer_id", "stretch"]).starts_on.transform("first")[old.index]
    for billing, step in {"monthly": 1, "annual": 12}.items():
        mine = old.billing == billing
        due = pd.concat(
            [start[mine] + pd.DateOffset(months=k) for k in range(step, 49, step)], axis=1
        )
        next_renewal = due.where(due >= RISE).min(axis=1)
        assert (
            old.end[mine & old.ends_on.notna()] <= next_renewal[old.ends_on[mine].notna()]
        ).all()
        assert (next_renewal[old.ends_on[mine].isna()] >= END).all()
        assert mine.sum() > 100


def test_plans_move_one_step_at_the_true_rates(business, renewals):
    spans = business.spans
    rank = spans.plan.map({name: i for i, name in enumerate(truth.PLANS)})
    step = (rank - rank.shift()).where(spans.customer_id.eq(spans.customer_id.shift()), 0)
    assert set(step) == {-1, 0, 1}
    moves = spans.assign(step=step)[(spans.stretch == 0) & (step != 0)]
    made = renewals[~renewals.left & (renewals.on < END)]
    steps = moves[["customer_id", "starts_on", "step"]].rename(columns={"starts_on": "on"})
    made = made.merge(steps, "left", on=["customer_id", "on"])
    for (billing, plan), there in made.groupby(["billing", "plan"]):
        rates = truth.ANNUAL_MOVES if billing == "annual" else truth.MONTHLY_MOVES
        up, down = (way[list(truth.PLANS).index(plan)] for way in (rates.up, rates.down))
        check_shares(there.step.fillna(0), {1: up, -1: down, 0: 1 - up - down})


def test_some_who_leave_come_back(business, renewals):
    # Left long enough before the end of the data for every gap to have ended.
    left = renewals[renewals.left & (renewals.on < END - pd.Timedelta(days=truth.RETURN_GAP[1]))]
    back = left.customer_id.isin(business.spans.customer_id[business.spans.stretch == 1])
    monthly = left.billing == "monthly"
    check_shares(back[monthly], {True: truth.RETURN_SHARE, False: 1 - truth.RETURN_SHARE})
    assert not back[~monthly].any()


def test_a_few_annual_customers_have_given_notice_for_later(business):
    assert 5 <= (business.spans.ends_on > END).sum() <= 0.005 * len(business.customers)


def test_the_dirt_is_what_the_documentation_says(tmp_path):
    rows = read(simulate(tmp_path, customers=3_000)).rows
    assert rows.duplicated().sum() == write.N_DUPLICATES == 12
    backwards = rows[rows.ends_on < rows.starts_on]
    assert len(backwards) == write.N_REVERSED == 8
    assert backwards.subscription_id.str.endswith("R").all()
    assert backwards.subscription_id.str.removesuffix("R").isin(rows.subscription_id).all()


def test_memory_does_not_grow_with_the_business(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "CHUNK", 500)
    peaks = []
    for customers in (2_500, 2_500, 5_250):
        tracemalloc.start()
        simulate(tmp_path, customers=customers)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.5 * peaks[1], "the first run pays for imports"
    groups = pq.ParquetFile(tmp_path / FILES[0]).metadata
    assert [groups.row_group(i).num_rows for i in range(11)] == [500] * 10 + [250]
    assert pq.ParquetFile(tmp_path / FILES[1]).metadata.num_row_groups == 11
    b = read(tmp_path)
    assert b.spans.subscription_id.is_unique
    assert b.customers.signed_up_on.is_monotonic_increasing


def test_a_run_that_fails_leaves_the_old_files_and_no_others(tmp_path, monkeypatch):
    simulate(tmp_path, customers=50)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(write, "live", full_disk)
    with pytest.raises(ChurnlibError, match="no space left"):
        simulate(tmp_path, customers=60)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_what_cannot_be_made_or_answered_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ChurnlibError, match=r"cannot write to .*file"):
        simulate(tmp_path / "file", customers=1)
    for wrong in ({"customers": 0}, {"seed": -1}):
        with pytest.raises(ChurnlibError, match="at least 1 and 0"):
            simulate(tmp_path, **wrong)
    with pytest.raises(ValueError, match="'tv' is none of referral"):
        true_hazard(1, channel="tv")
    with pytest.raises(ValueError, match="weekly"):
        true_hazard(1, billing="weekly")


def test_month_ends_are_clamped():
    days = np.array(["2024-01-31", "2025-01-31", "2024-08-30", "2023-11-15"], dtype="datetime64[D]")
    assert add_months(days, 1).astype(str).tolist() == [
        "2024-02-29",
        "2025-02-28",
        "2024-09-30",
        "2023-12-15",
    ]
    assert add_months(days, 2).astype(str).tolist() == [
        "2024-03-31",
        "2025-03-31",
        "2024-10-30",
        "2024-01-15",
    ]


def documented_rows():
    for name, c in truth.CHANNELS.items():
        shares = f"{c.share:.0%} | {c.share_shifted:.0%}"
        yield f"| {name} | {shares} | {c.hazard_ratio:.2f} | {c.cost:.0f} |"
    for name, i in truth.INDUSTRIES.items():
        yield f"| {name} | {i.share:.0%} | {i.hazard_ratio:.2f} |"
    for i, (name, p) in enumerate(truth.PLANS.items()):
        ways = (*truth.MONTHLY_MOVES, *truth.ANNUAL_MOVES)
        moves = " | ".join(f"{rates[i]:.1%}" for rates in ways)
        plan = f"{p.price:.0f} | {p.price_raised:.0f} | {p.hazard_ratio:.2f} | {p.annual_share:.0%}"
        yield f"| {name} | {plan} | {moves} |"
    for name, (share, plans) in truth.SIZES.items():
        yield f"| {name} | {share:.0%} | {' | '.join(f'{p:.0%}' for p in plans)} |"
    yield (
        "| hazard | "
        + " | ".join(f"{h:.1%}" for h in true_hazard([1, 2, 3, 4, 5, 6, 7, 9, 12, 18, 24, 36]))
        + " |"
    )
    yield "| hazard | " + " | ".join(f"{h:.0%}" for h in truth.ANNUAL_HAZARDS) + " |"


def test_the_documentation_states_the_numbers_in_force():
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    assert [row for row in documented_rows() if row not in lines] == []


@pytest.mark.parametrize("module", [truth, write])
def test_the_examples_run(module):
    failed, attempted = doctest.testmod(module)
    assert (failed, attempted > 0) == (0, True)
