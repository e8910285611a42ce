"""A report can be made again from what was kept of it; where it differs, the first place and the
cause are named.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from churnlib.errors import ChurnlibError
from churnlib.report.compare import verify
from churnlib.report.published.standing import standing
from tests.acme import FIGURES, SPANS, SPLIT, Acme

RANDOM = "import os; from IPython.display import HTML; HTML(os.urandom(8).hex())"


def test_same_report_again_though_source_and_parameters_are_gone(made: Acme) -> None:
    made.source.unlink()
    made.params.unlink()
    code, out, error = made.command("verify", made.report)
    assert (code, out) == (0, "acme 2026-03: the same, byte by byte\n"), error


def test_notebook_that_changed_is_named_with_the_chart(made: Acme) -> None:
    made.notebook("revenue", FIGURES.replace("M0 1", "M0 2"), SPLIT)
    code, out, _ = made.command("verify", made.report)
    assert code == 1
    assert out.splitlines()[0].startswith('acme 2026-03: differs: revenue.html: chart "course"')
    assert "(cell 3)" in out
    assert out.splitlines()[1:] == ["acme 2026-03: changed input: code: notebook revenue"]


def test_parameters_that_changed(made: Acme) -> None:
    path = made.report / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parameters"]["margin"] = 0.5
    path.write_text(json.dumps(manifest))
    code, out, _ = made.command("verify", made.report)
    assert code == 1
    assert out.splitlines()[1].startswith("acme 2026-03: changed input: parameters")
    assert 'revenue.html: table "split", row web' in out.splitlines()[0]
    assert "'margin': None" in out.splitlines()[0]
    assert "'margin': 0.5" in out.splitlines()[0]


def test_frozen_data_that_changed(made: Acme) -> None:
    (frozen,) = (path for path in (made.output / ".frozen").iterdir() if path.is_dir())
    other = made.folder / "other"
    shutil.copytree(made.folder, other, ignore=shutil.ignore_patterns("reports", "other"))
    (other / "data" / "subscriptions.csv").write_text(SPANS + "z,2026-01-01,,5\n")
    made.command("report", other / "acme.yml", "--period", "2026-03", "--output", other / "reports")
    (theirs,) = (path for path in (other / "reports" / ".frozen").iterdir() if path.is_dir())
    shutil.copyfile(theirs / "subscriptions.parquet", frozen / "subscriptions.parquet")
    code, out, _ = made.command("verify", made.report)
    assert code == 1
    assert "changed input: data: the frozen data are not those that the report was made from" in out
    assert 'revenue.html: table "split", row web' in out


def test_page_altered_by_hand_is_told_apart(made: Acme) -> None:
    page = made.report / "index.html"
    page.write_text(page.read_text().replace("all is well", "all is <b>very</b> well"))
    code, out, _ = made.command("verify", made.report)
    assert code == 1
    assert "index.html: " in out
    assert "(the file was altered after it was published)" in out


def test_notebook_that_gives_something_else_each_time(acme: Acme) -> None:
    acme.notebook("summary", RANDOM)
    acme.make()
    code, out, _ = acme.command("verify", acme.report)
    assert code == 1
    assert "(cell 3)" in out
    assert "no input changed: a notebook gives something else each time it runs" in out


def test_frozen_data_that_are_gone_and_folders_that_are_no_report(
    made: Acme, tmp_path: Path
) -> None:
    shutil.rmtree(made.output / ".frozen")
    code, _, error = made.command("verify", made.report)
    assert code == 2
    assert "the frozen data it was made from are gone" in error
    code, _, error = made.command("verify", tmp_path / "notebooks")
    assert code == 2
    assert "no published report stands here" in error


def test_diff_of_two_runs_of_a_period(made: Acme) -> None:
    other = made.folder / "second"
    made.command("report", made.params, "--period", "2026-03", "--output", other)
    page = made.folder / "same.html"
    code, out, error = made.command("diff", made.report, other / "acme" / "2026-03", "-o", page)
    assert (code, out, error) == (0, f"{page}\n", "the same\n")
    assert "Both reports say the same" in page.read_text()
    made.params.write_text(made.params.read_text() + "margin: 0.7\n")
    made.command("report", made.params, "--period", "2026-03", "--output", other)
    code, _, error = made.command("diff", made.report, other / "acme" / "2026-03", "-o", page)
    assert code == 1
    assert "changed input: parameters: margin: null became 0.7" in error
    text = page.read_text()
    for words in ("rows.csv", "<td>margin</td>", "0.8", "0.7", "revenue: cell 5: "):
        assert words in text


def test_diff_of_two_periods_stands_beside_them(made: Acme) -> None:
    made.command("report", made.params, "--period", "2026-02", "--output", made.output)
    before = made.report.with_name("2026-02")
    code, out, error = made.command("diff", before, made.report)
    page = made.report.with_name("diff-2026-02-2026-03.html")
    assert (code, out) == (1, f"{page}\n")
    assert "changed input: data" in error
    assert 'href="2026-02/index.html"' in page.read_text()
    assert made.command("diff", before, made.report)[0] == 1
    assert made.make()[2] == "acme 2026-03: up to date\n"


def tampered(manifest: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    """The manifest with each of its keys gone or of another kind, one at a time, at each level."""
    for name, value in manifest.items():
        rest = {key: kept for key, kept in manifest.items() if key != name}
        yield f"without {name}", rest
        for other in (None, 3, "x", [], [3], {}, {"x": 3}):
            if type(other) is not type(value) or other != value:
                yield f"{name} = {other!r}", rest | {name: other}
        if isinstance(value, dict):
            yield from (
                (f"{name}: {said}", rest | {name: inner}) for said, inner in tampered(value)
            )


def test_a_manifest_that_was_tampered_with_gives_a_sentence(made: Acme) -> None:
    """Some of it may be changed without harm; nothing of it may end in another error."""
    path = made.report / "manifest.json"
    whole = json.loads(path.read_text())
    assert len(list(tampered(whole))) > 200
    refused, told = set(), set()
    for said, content in tampered(whole):
        path.write_text(json.dumps(content))
        standing(made.report)
        try:
            verify._plan(made.report, verify.read_published(made.report))
        except ChurnlibError as error:
            refused.add(said)
            told.add(str(error).removeprefix(str(made.report))[:20])
    for key in ("status", "parameters", "fingerprints", "chapters", "software", "rows", "files"):
        assert f"without {key}" in refused
    assert told == {": no published repor", ": manifest.json was ", ": the notebook of ch"}
