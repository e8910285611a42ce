"""How customers left, whether they came back, and what of payments came back."""

import pandas as pd
import pytest

from churnlib.findings.kinds import (
    HOWS,
    say_incidence,
    say_kinds,
    say_recovery,
    say_returned,
)
from churnlib.input.endings import END_REASONS, KINDS, known_reasons
from churnlib.measures.churn import customer_churn
from churnlib.measures.kinds import churn_kinds, lifetimes_by_kind
from churnlib.measures.lifetimes import lifetimes
from churnlib.measures.recovery import recovery
from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.incidence import cumulative_incidence
from churnlib.snapshot.open import from_frames
from tests.business import frame_of

SPANS = {
    "customer_id": ["ann", "bob", "cat", "dan", "eve", "eve", "fay"],
    "starts_on": ["2025-06-01"] * 5 + ["2025-10-20", "2025-06-01"],
    "ends_on": ["2025-09-01", "2025-09-10", "2025-09-20", "2025-12-20", "2025-09-15", None, None],
    "mrr": [10.0, 20, 30, 40, 50, 50, 60],
    "end_reason": ["cancellation_requested", "nonpayment", None, None, "Voluntary", None, None],
    "cancelled_on": [None, None, "2025-09-15", None, None, None, None],
    "cancel_feedback": ["too_expensive", None, "Zu teuer", None, "unused", None, None],
    "plan": "Pro",
}


def business(period: str = "2025-12", payments: dict | None = None, **settings):
    frames = {"subscriptions": pd.DataFrame(SPANS)}
    if payments:
        frames["payments"] = pd.DataFrame(payments)
    settings = {"data_until": "2026-06-30", "feedback": {"zu teuer": "too_expensive"}} | settings
    return from_frames(frames, currency="EUR", model="subscription", period=period, **settings)


def test_every_word_of_ours_and_every_default_is_a_known_reason():
    known = known_reasons({"Gekündigt": "voluntary"})
    assert set(KINDS) <= set(known)
    assert set(END_REASONS.values()) <= set(KINDS)
    assert set(HOWS) == {*KINDS, "unknown", "pending"}, "each has its words"
    assert known["gekündigt"] == "voluntary"


def test_how_it_ended_and_whether_they_came_back():
    """Ann and eve by their own decision, eve came back; bob did not pay; cat gave notice; dan is
    not known yet, and the year's end is too early to say whether he comes back.
    """
    rows = churn_kinds(business())
    assert frame_of(rows, "period_start", "how", "came_back", "customers", "amount") == [
        ("2025-09-01", "payment_failed", "no", 1, 20),
        ("2025-09-01", "voluntary", "no", 2, 40),
        ("2025-09-01", "voluntary", "yes", 1, 50),
        ("2025-12-01", "pending", "too early", 1, 40),
    ]


def test_what_is_pending_is_final_once_the_window_is_over():
    december = churn_kinds(business("2026-02"))
    assert december["how"].tolist()[-1] == "unknown"


def test_a_published_month_does_not_change_its_ways_after_the_window():
    reports = [churn_kinds(business(period)) for period in ("2025-11", "2025-12", "2026-03")]
    september = [
        rows[rows["period_start"] == "2025-09-01"].groupby("how")["customers"].sum().to_dict()
        for rows in reports
    ]
    assert september[0] == september[1] == september[2]


def test_every_churned_customer_has_one_way():
    snapshot = business("2026-03")
    sums = churn_kinds(snapshot).groupby("period_start")["customers"].sum()
    churned = customer_churn(snapshot).set_index("period_start")["churned_customers"]
    assert churned[churned > 0].to_dict() == sums.to_dict()


def unpaid(customer: str, due: str, status: str = "failed") -> dict:
    return {
        "invoice_id": [f"i-{customer}"],
        "customer_id": [customer],
        "attempted_at": [due],
        "amount": [40.0],
        "status": [status],
    }


def test_an_unpaid_invoice_explains_an_end_without_a_reason():
    rows = churn_kinds(business("2026-03", unpaid("dan", "2025-12-15")))
    assert rows["how"].tolist()[-1] == "payment_failed"


def test_who_cancels_while_past_due_left_by_the_own_decision():
    rows = churn_kinds(business("2026-03", unpaid("cat", "2025-09-10")))
    september = rows[rows["period_start"] == "2025-09-01"]
    assert september.groupby("how")["customers"].sum().to_dict() == {
        "payment_failed": 1,
        "voluntary": 3,
    }


def test_a_reason_that_nobody_explains_is_other_and_is_said():
    frame = pd.DataFrame(SPANS).assign(end_reason="mystery")
    snapshot = from_frames(frame, currency="EUR", period="2025-12", data_until="2026-06-30")
    assert set(churn_kinds(snapshot)["how"]) == {"other"}
    (account,) = snapshot.data_box
    assert any("'mystery'" in one and "end_reasons" in one for one in account["remarks"])


@pytest.mark.parametrize("key", ["end_reasons", "feedback"])
def test_an_unknown_word_of_ours_is_refused(key):
    with pytest.raises(Exception, match=key):
        business(**{key: {"x": "nonsense"}})


def test_incidence_and_survival_add_up_to_everybody():
    snapshot = business("2026-03")
    rows = lifetimes_by_kind(snapshot)
    assert rows["customers"].sum() == lifetimes(snapshot)["customers"].sum()
    many = rows.assign(customers=rows["customers"] * 30)
    found = cumulative_incidence(many)
    curve = survival_curve(lifetimes(snapshot).assign(customers=lambda x: x.customers * 30))
    month = found["tenure"].max()
    left = found[found["tenure"] == month]["incidence"].sum()
    still = curve[curve["tenure"] == month]["estimate"].iloc[0]
    assert left + still == pytest.approx(1)


def test_nobody_who_left_has_no_incidence():
    rows = pd.DataFrame({"entry": [0], "duration": [4], "how": [""], "customers": [40]})
    assert cumulative_incidence(rows).empty
    assert "Too few" in say_incidence(cumulative_incidence(rows)).sentence


# Recovery.

ATTEMPTS = [
    ("paid at once", "ann", "2025-07-01", "paid"),
    ("day 10", "ann", "2025-07-01", "failed"),
    ("day 10", "ann", "2025-07-11", "paid"),
    ("day 40", "bob", "2025-07-05", "failed"),
    ("day 40", "bob", "2025-07-20", "failed"),
    ("day 40", "bob", "2025-08-14", "paid"),
    ("notice", "cat", "2025-09-10", "failed"),
    ("never", "bob", "2025-09-10", "failed"),
    ("long before the notice", "cat", "2025-06-10", "failed"),
    ("open", "dan", "2025-12-20", "failed"),
]


def paying(period: str):
    names = ["invoice_id", "customer_id", "attempted_at", "status"]
    frame = pd.DataFrame(ATTEMPTS, columns=names).assign(amount=[5.0] * len(ATTEMPTS))
    return business(period, frame.to_dict("list"))


def test_an_invoice_counts_for_the_month_in_which_it_was_due():
    rows = recovery(paying("2025-12"))
    shown = ("due_month", "failed", "recovered", "cancelled", "lost", "open")
    assert frame_of(rows, *shown) == [
        ("2025-06-01", 1, 0, 0, 1, 0),
        ("2025-07-01", 2, 2, 0, 0, 0),
        ("2025-09-01", 2, 0, 1, 1, 0),
        ("2025-12-01", 1, 0, 0, 0, 1),
    ]
    assert frame_of(rows, "recovered_14", "recovered_30", "recovered_45") == [
        (0, 0, 0),
        (1, 1, 2),
        (0, 0, 0),
        (None, None, None),
    ]
    assert rows[["amount_failed", "amount_recovered", "retries"]].iloc[1].tolist() == [10, 10, 3]


def test_an_open_month_becomes_final_and_july_stays_as_it_was():
    later = recovery(paying("2026-02"))
    assert later[["lost", "open"]].iloc[-1].tolist() == [1, 0]
    assert later.iloc[1].tolist() == recovery(paying("2025-12")).iloc[1].tolist()


def test_seen_from_july_the_second_is_still_open():
    rows = recovery(paying("2025-07"))
    assert rows[["recovered", "open"]].iloc[-1].tolist() == [1, 1]


def test_a_status_that_is_none_is_set_aside():
    snapshot = business("2025-12", unpaid("ann", "2025-07-01", "maybe") | {"status": ["paid"]})
    assert len(recovery(snapshot)) == 0
    with pytest.raises(Exception, match="status is none of paid, failed, refunded"):
        business("2025-12", unpaid("ann", "2025-07-01", "maybe"))


# Sentences.


def kinds_of(*rows: tuple) -> pd.DataFrame:
    """(how, came back, customers) of March 2026."""
    frame = pd.DataFrame(rows, columns=["how", "came_back", "customers"])
    frame = frame.assign(period_start=pd.Timestamp("2026-03-01"), amount=frame.customers * 10.0)
    frame.attrs = {"currency": "EUR", "grain": "month"}
    return frame


def test_ways_are_told_the_commonest_first():
    rows = kinds_of(("voluntary", "no", 60), ("payment_failed", "no", 30), ("pending", "no", 5))
    said = say_kinds(rows)
    assert said.sentence == (
        "Of the 95 who left in March 2026, 60 by their own decision (€600), 30 by a failed payment "
        "(€300) and 5 pending (€50). Pending: a payment may still undo it."
    )
    assert said.place == "how"


def test_where_no_reason_is_known_it_says_which_column_would_tell():
    said = say_kinds(kinds_of(("unknown", "no", 60))).sentence
    assert "end_reason" in said
    assert "Nobody" in say_kinds(kinds_of()).sentence


def test_who_came_back_of_those_of_whom_it_can_be_told():
    rows = kinds_of(
        ("voluntary", "yes", 10), ("voluntary", "no", 90), ("voluntary", "too early", 500)
    )
    said = say_returned(rows).sentence
    assert said.startswith(
        "Of 100 customers who left long enough ago, 10 came back within the return window: 10.0"
    )
    assert "Too few" in say_returned(rows.head(1)).sentence


def test_recovery_is_told_of_final_months():
    months = pd.date_range("2025-01-01", periods=3, freq="MS")
    rows = pd.DataFrame(
        {
            "due_month": months,
            "failed": 50,
            "recovered": [32, 30, 5],
            "open": [0, 0, 40],
            "recovered_14": [28.0, 27, None],
            "recovered_45": [32.0, 30, None],
            "amount_failed": 500.0,
            "amount_recovered": [320.0, 300, 50],
            "retries": 100,
        }
    )
    rows.attrs = {"currency": "EUR"}
    said = say_recovery(rows).sentence
    assert said.startswith("Of 100 failed invoices 55.0\u00a0% were paid within 14 days and 62.0")
    assert "€620 of €1,000" in said
    assert said.endswith("Of March 2025 40 are open.")
    assert "Too few" in say_recovery(rows.tail(1)).sentence


def test_incidence_is_told_after_a_year():
    rows = pd.DataFrame({"entry": 0, "duration": [3, 5, 24], "how": ["voluntary", "disputed", ""]})
    said = say_incidence(cumulative_incidence(rows.assign(customers=[30, 10, 60])))
    assert said.sentence.startswith("Within 12 months 30.0\u00a0%")
