"""What a run says while it works."""

from pathlib import Path

import pytest

from churnlib.params.read import params_from_values
from churnlib.periods import Period
from churnlib.report.chapters import Chapter
from churnlib.report.execute.run import ChapterResult
from churnlib.report.plan import Plan
from churnlib.report.progress import WAITING, Bars, Lines

VALUES = {"business": "acme", "model": "subscription", "currency": "EUR", "source": {"uri": "."}}


def chapter(name: str) -> Chapter:
    return Chapter(name, name.title(), 10, ("subscription",), (), Path(f"{name}.ipynb"))


def plan(*names: str) -> Plan:
    chapters = tuple(chapter(name) for name in names)
    return Plan(params_from_values(VALUES), Period.parse("2026-03"), chapters, (), "acme.yml")


def shown(capsys: pytest.CaptureFixture[str], *names: str, begun: str = "") -> list[str]:
    """The bars as they stand when some chapters were expected and one of them begun."""
    with Bars(several=False) as bars:
        bars.expect(plan(*names))
        if begun:
            bars.cell(plan(*names), chapter(begun), 0, 3)
    return [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]


def test_summary_waits_for_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    summary, revenue = shown(capsys, "summary", "revenue")
    assert summary.startswith("acme 2026-03 Summary")
    assert summary.endswith(WAITING)
    assert WAITING not in revenue


def test_summary_waits_no_longer(capsys: pytest.CaptureFixture[str]) -> None:
    assert WAITING not in shown(capsys, "summary", "revenue", begun="summary")[0]
    assert WAITING not in shown(capsys, "summary")[0]


def test_log_says_what_waits_and_what_was_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    report, summary = plan("summary", "revenue"), chapter("summary")
    with Lines() as lines:
        lines.expect(report)
        lines.expect(plan("revenue"))
        lines.ended(report, ChapterResult(summary, made=False))
        lines.ended(report, ChapterResult(chapter("revenue"), seconds=1.25))
    assert capsys.readouterr().err.splitlines() == [
        "acme 2026-03: 2 chapters, the summary last",
        "acme 2026-03: 1 chapter",
        "acme 2026-03 summary: not made",
        "acme 2026-03 revenue: done in 1.2 s",
    ]
