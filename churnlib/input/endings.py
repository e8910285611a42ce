"""How a subscription ended and what the customer gave as the reason, in our words.

Billing systems have words of their own; the parameter file adds those of the business.
"""

from collections.abc import Mapping
from typing import get_args

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.params.model import EndReason, Feedback

OTHER = "other"
END_REASONS = {  # theirs, in small letters: ours
    "canceled": "voluntary",
    "cancelled": "voluntary",
    "cancellation_requested": "voluntary",
    "customer_request": "voluntary",
    "nonpayment": "payment_failed",
    "non-payment": "payment_failed",
    "not_paid": "payment_failed",
    "no_card": "payment_failed",
    "unpaid": "payment_failed",
    "involuntary": "payment_failed",
    "payment_disputed": "disputed",
    "chargeback": "disputed",
    "fixed billing cycles": "fixed_term",
    "nonpayment_gift": "fixed_term",
    "plan_change": "account_or_plan_change",
    "migrated": "account_or_plan_change",
    "fraud_review_failed": "fraud",
    "fraudulent": "fraud",
}
FEEDBACKS = {  # theirs, in small letters: ours
    "need ended": "need_ended",
    "no longer needed": "need_ended",
    "no_longer_needed": "need_ended",
    "project ended": "need_ended",
    "project_ended": "need_ended",
}
KINDS = get_args(EndReason)
FEEDBACK = get_args(Feedback)
MOST_NAMED = 5
"""Texts that a remark quotes."""


def known_reasons(given: Mapping[str, str]) -> dict[str, str]:
    """{text of the source, in small letters: how it ended}; those of the parameters win."""
    return {kind: kind for kind in KINDS} | END_REASONS | _lowered(given)


def known_feedback(given: Mapping[str, str]) -> dict[str, str]:
    """{text of the source, in small letters: reason given}; those of the parameters win."""
    return {reason: reason for reason in FEEDBACK} | FEEDBACKS | _lowered(given)


def canonical(text: ir.StringColumn, known: Mapping[str, str]) -> ir.StringValue:
    """Our word for each text: `other` for one that nobody explains, NULL where there is none."""
    small = text.lower()
    by_word: dict[str, list[str]] = {}
    for theirs, ours in known.items():
        by_word.setdefault(ours, []).append(theirs)
    cases = [(small.isin(theirs), ibis.literal(ours)) for ours, theirs in by_word.items()]
    return ibis.cases((text.isnull(), ibis.null("string")), *cases, else_=OTHER)


def about_unknown(rows: ir.Table, column: str, known: Mapping[str, str], key: str) -> list[str]:
    """A remark on the texts that are counted as `other` because nobody explains them."""
    text = rows[column]
    unknown = rows.filter(text.notnull() & ~text.lower().isin(list(known)))
    counted = collect(unknown.group_by(text=unknown[column]).agg(n=unknown.count()))
    if counted.empty:
        return []
    most = counted.sort_values(["n", "text"], ascending=[False, True])
    quoted = ", ".join(repr(one) for one in most["text"].head(MOST_NAMED))
    return [
        f"{int(counted['n'].sum()):,} rows have a {column} that is counted as {OTHER}: {quoted}. "
        f"Say under {key} what they mean."
    ]


def _lowered(given: Mapping[str, str]) -> dict[str, str]:
    return {theirs.strip().lower(): ours for theirs, ours in given.items()}
