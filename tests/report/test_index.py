"""The index lists what stands on disk: good reports, failed runs, and what cannot be read."""

import json
from pathlib import Path

import pytest

from churnlib.report.render.index import periods, read_reports, write_index


def publish(output: Path, business: str, folder: str, title: str = "Acme", **more: object) -> None:
    report = output / business / folder
    report.mkdir(parents=True)
    name = "October 2026" if folder.startswith("2026-10") else folder
    manifest = {
        "format": 1,
        "title": title,
        "period_name": name,
        "chapters": [{"title": "Summary"}],
    }
    (report / "manifest.json").write_text(json.dumps(manifest | more))


def test_no_report_yet(tmp_path: Path) -> None:
    assert "No report has been made yet" in write_index(tmp_path / "reports").read_text()


def test_businesses_by_title_and_periods_newest_first(tmp_path: Path) -> None:
    publish(tmp_path, "zeta", "2026-10", "Alpha Ltd")
    publish(tmp_path, "acme", "2025-12", "beta")
    publish(tmp_path, "acme", "2026-10", "beta")
    found = read_reports(tmp_path)
    assert [(one.name, one.title) for one in found] == [("zeta", "Alpha Ltd"), ("acme", "beta")]
    assert list(found[1].entries) == ["2026-10", "2025-12"]


def test_months_and_quarters_stand_in_one_order(tmp_path: Path) -> None:
    for label in ("2026-10", "2026-Q3", "2026-08", "2025-Q4"):
        publish(tmp_path, "acme", label)
    assert [one["label"] for one in periods(read_reports(tmp_path))] == [
        "2026-10",
        "2026-Q3",
        "2026-08",
        "2025-Q4",
    ]


def told(*figures: dict[str, object]) -> str:
    """A findings.json with these key figures."""
    words = ("business", "title", "period", "period_name", "as_of", "currency", "model")
    lists = ("chapters", "findings", "actions", "terms", "decisions")
    place = {"chapter": "revenue", "href": "revenue.html#mrr"}
    content = {"format": 1} | dict.fromkeys(words, "x") | {name: [] for name in lists}
    return json.dumps(content | {"key_figures": [one | place for one in figures]})


def test_headline_is_the_first_key_figure_with_its_course(tmp_path: Path) -> None:
    publish(tmp_path, "acme", "2026-09")
    publish(tmp_path, "acme", "2026-10")
    mrr = {"label": "MRR", "value": "<\u20ac5>", "course": [1, None, 3, 4]}
    churn = {"label": "Churn", "value": "3 %", "course": []}
    (tmp_path / "acme" / "2026-10" / "findings.json").write_text(told(mrr, churn))
    page = write_index(tmp_path).read_text()
    assert "&lt;\u20ac5&gt;<span" in page
    assert "<\u20ac5>" not in page
    assert page.count('<svg class="cl-spark"') == 1
    assert "MRR" in page
    assert "Churn" not in page


MRR = {"label": "MRR", "value": "5"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        told(),
        told(MRR)[:-9],
        told({"label": "MRR"}),
        told(MRR | {"course": ["nothing"]}),
        told(MRR).replace('"format": 1', '"format": 2'),
        "\x00",
    ],
)
def test_key_figures_that_cannot_be_read_leave_a_plain_link(tmp_path: Path, text: str) -> None:
    publish(tmp_path, "acme", "2026-10")
    (tmp_path / "acme" / "2026-10" / "findings.json").write_text(text)
    assert '<a href="acme/2026-10/index.html">Report' in write_index(tmp_path).read_text()


def test_failed_run_is_seen_beside_the_good_report(tmp_path: Path) -> None:
    publish(tmp_path, "acme", "2026-10")
    publish(tmp_path, "acme", "2026-10.failed", status="failed")
    page = write_index(tmp_path).read_text()
    assert page.count('<td id="acme-2026-10">') == 1
    assert '<a href="acme/2026-10/index.html">Report' in page
    assert 'href="acme/2026-10.failed/index.html">failed: see why<' in page


def test_failed_run_alone_is_seen(tmp_path: Path) -> None:
    publish(tmp_path, "acme", "2026-10.failed", status="failed")
    page = write_index(tmp_path).read_text()
    assert '<td id="acme-2026-10">' in page
    assert "no report" in page
    assert 'href="acme/2026-10/index.html"' not in page


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 99, "chapters": []}', '{"format": 1, "chapters": 3}']
)
def test_manifest_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path, text: str) -> None:
    publish(tmp_path, "acme", "2026-09")
    publish(tmp_path, "acme", "2026-10")
    (tmp_path / "acme" / "2026-10" / "manifest.json").write_text(text)
    page = write_index(tmp_path).read_text()
    assert "manifest unreadable" in page
    assert 'href="acme/2026-09/index.html"' in page


def test_folders_of_others_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / ".gitkeep").write_text("")
    publish(tmp_path, "acme", ".2026-10.build-1")
    assert read_reports(tmp_path) == []


def test_titles_are_text_and_never_markup(tmp_path: Path) -> None:
    publish(tmp_path, "acme", "2026-10", "<script>alert(1)</script>")
    page = write_index(tmp_path).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_same_reports_give_the_same_bytes(tmp_path: Path) -> None:
    publish(tmp_path, "acme", "2026-10")
    assert write_index(tmp_path).read_bytes() == write_index(tmp_path).read_bytes()
