"""Every page that is published, in a real headless Chromium: offline, on phones and desktops."""

import html
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser

from churnlib.results.gathered import read_findings, story
from tests.report.conftest import CHAPTERS, PAGES, Look

WIDTHS = (360, 390, 768, 1280)
MAX_BYTES = 1_000_000
# Text that only a mistake puts before a reader: missing numbers, objects' names, libraries' words.
MISTAKES = re.compile(
    r"\bNaN\b|\bnan\b|\bNaT\b|\binf\b|<[\w.]+ object at|\bNone\b(?! "
    r"of\b)|\w*Warning\b|Traceback|0x[0-9a-f]{6,}"
)
CODE = re.compile(r"import churnlib|\bcl\.\w+\(|snapshot\.\w|globals\(\)|(?:In|Out)\s?\[")
WITHOUT_NAME = """() => [...document.querySelectorAll('img, svg[role=img]')]
    .filter(e => !(e.getAttribute('alt') || e.getAttribute('aria-label') || '').trim())
    .map(e => e.outerHTML.slice(0, 200))"""
BARE_SVG = """() => [...document.querySelectorAll('svg')]
    .filter(e => e.getAttribute('role') !== 'img' && e.getAttribute('aria-hidden') !== 'true')
    .map(e => e.outerHTML.slice(0, 200))"""
TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
BROKEN_ANCHORS = """() => {
    const found = (a, read) => document.getElementById(read(a.getAttribute('href').slice(1)))
    return [...document.querySelectorAll('a[href^="#"]')]
        .filter(a => ![x => x, decodeURIComponent].some(read => found(a, read)))
        .map(a => a.getAttribute('href'))
}"""
TABLE_FAULTS = """() => {
    const bare = th => !th.scope && th.textContent.trim()
    return [...document.querySelectorAll('table')]
        .filter(t => !t.caption || [...t.querySelectorAll('th')].some(bare))
        .map(t => t.outerHTML.slice(0, 200))
}"""
# Words of a chart that its edge cuts off, or that lie on one another.
CHART_FAULTS = """() => [...document.querySelectorAll('.cl-figure svg')].flatMap(svg => {
    const edge = svg.getBoundingClientRect()
    const texts = [...svg.querySelectorAll('text')]
        .map(t => ({words: t.textContent, box: t.getBoundingClientRect()}))
    const outside = box => box.left < edge.left - 1 || box.right > edge.right + 1
        || box.top < edge.top - 1 || box.bottom > edge.bottom + 1
    const across = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left)
    const down = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    const meet = (a, b) => across(a.box, b.box) > 1 && down(a.box, b.box) > 4
    const cut = texts.filter(one => outside(one.box)).map(one => ['cut off', one.words])
    const over = texts.flatMap((a, i) =>
        texts.slice(i + 1).filter(b => meet(a, b)).map(b => [a.words, b.words]))
    return [...cut, ...over]
})"""
BOTTOM = "element => element.getBoundingClientRect().bottom"
LINE_COLOURS = """() => Object.fromEntries(
    [...document.querySelectorAll('#survival-by-channel svg text')]
        .map(t => [t.textContent.replace(/ [0-9.]+ %$/, ''), t.style.fill])
        .filter(([_, hue]) => hue.includes('segment')))"""
BAR_COLOURS = """() => [...document.querySelectorAll('#value-by-channel svg path')]
    .map(p => p.style.fill).filter(hue => hue.includes('segment'))"""


def test_every_published_page_is_looked_at(published: Path) -> None:
    opened = [path for pattern in PAGES for path in published.glob(pattern)]
    assert len(opened) == len(PAGES), "one each"
    reports = [path.parent for path in published.glob("*/*/manifest.json")]
    there = [page for report in reports for page in report.glob("*.html")]
    beside = [*published.glob("*.html"), *published.glob("*/*.html")]
    assert set(opened) == {*there, *beside}


def test_tables_that_a_page_links_are_there(published: Path) -> None:
    links = [
        (page, link)
        for page in published.rglob("*.html")
        for link in re.findall(r'href="(tables/[^"]+)"', page.read_text(encoding="utf-8"))
    ]
    assert links, "a table with more rows than are shown leads to its file"
    gone = [
        (page.name, link)
        for page, link in links
        if not (page.parent / unquote(html.unescape(link))).is_file()
    ]
    assert gone == []


def test_tables_are_described(published: Path) -> None:
    for package in published.glob("*/*/tables/datapackage.json"):
        told = json.loads(package.read_text(encoding="utf-8"))
        there = sorted(path.name for path in package.parent.glob("*.csv"))
        assert [one["path"] for one in told["resources"]] == there
        assert not {*package.parent.glob("*.json")} - {package}


def test_page_loads_nothing_and_complains_of_nothing(look: Look) -> None:
    look.at().wait_for_timeout(100)
    assert look.complaints == []


def test_policy_lets_nothing_be_loaded(look: Look) -> None:
    policy = look.page.get_attribute('meta[http-equiv="Content-Security-Policy"]', "content")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert look.page.locator("script, iframe, object, link[rel=stylesheet]").count() == 0


def test_no_code_and_no_mistake_is_shown(look: Look) -> None:
    text = look.at().locator("body").inner_text()
    assert len(text) > 100
    assert CODE.findall(text) == []
    assert MISTAKES.findall(text) == []


def test_every_picture_has_a_text_alternative(look: Look) -> None:
    assert look.page.evaluate(WITHOUT_NAME) == []
    assert look.page.evaluate(BARE_SVG) == []


def test_tables_have_captions_and_scoped_headers(look: Look) -> None:
    assert look.page.evaluate(TABLE_FAULTS) == []


def test_words_of_charts_are_whole_and_apart(look: Look) -> None:
    assert look.at().evaluate(CHART_FAULTS) == []


def test_page_never_scrolls_sideways(look: Look) -> None:
    wide = {width: look.at(width).evaluate(TOO_WIDE) for width in WIDTHS}
    assert wide == dict.fromkeys(WIDTHS, 0)


def test_links_lead_somewhere(look: Look) -> None:
    assert look.page.evaluate(BROKEN_ANCHORS) == []
    links = look.page.evaluate(
        "() => [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))"
    )
    for link in links:
        file, _, anchor = link.partition("#")
        assert not file or (look.path.parent / file).exists(), link
        # To other periods there may be no report yet.
        if anchor and file and not file.startswith(".."):
            assert f'id="{anchor}"' in (look.path.parent / file).read_text(encoding="utf-8"), link


def test_page_is_small(look: Look) -> None:
    assert look.path.stat().st_size < MAX_BYTES


def test_pages_are_valid_html(published: Path, npm_package: Callable[[str], Path]) -> None:
    """By the checker of the W3C: structure, attributes, unique ids, styles."""
    jar = npm_package("vnu-jar") / "build" / "dist" / "vnu.jar"
    pages = list(published.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    checked = subprocess.run(
        ["java", "-jar", str(jar), "--format", "json", *map(str, pages)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = json.loads(checked.stderr)["messages"]
    assert [
        (one["url"].rsplit("/", 1)[-1], one["message"], one.get("extract")) for one in found
    ] == []


@pytest.mark.parametrize("business", CHAPTERS)
def test_first_screen_says_what_happened(browser: Browser, published: Path, business: str) -> None:
    """Without scrolling: title, as-of, all key figures in one row, and the first sentences."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(next(published.glob(f"{business}/*/index.html")).as_uri())
    keys = page.locator(".cl-keys li")
    assert keys.count() == 5
    assert len({round(keys.nth(i).bounding_box()["y"]) for i in range(5)}) == 1
    assert page.locator(".as-of").evaluate(BOTTOM) < keys.first.bounding_box()["y"]
    for sentence in page.locator(".cl-findings").first.locator("li").all()[:2]:
        assert sentence.evaluate(BOTTOM) <= 900
    page.set_viewport_size({"width": 390, "height": 844})
    assert max(keys.nth(i).bounding_box()["height"] for i in range(5)) <= 120
    page.close()


def test_a_segment_keeps_its_colour(browser: Browser, published: Path) -> None:
    """The lines of the survival chapter and the bars of the value chapter."""
    page = browser.new_page()
    page.goto(next(published.glob("demo/*/survival.html")).as_uri())
    lines = page.evaluate(LINE_COLOURS)
    page.goto(next(published.glob("demo/*/clv.html")).as_uri())
    names = page.locator("#value-by-channel tbody th[scope=row]").all_text_contents()
    bars = list(dict.fromkeys(page.evaluate(BAR_COLOURS)))
    assert len(names) == len(bars) == 5
    assert {name: lines[name] for name in names} == dict(zip(names, bars, strict=True))
    page.close()


@pytest.mark.parametrize("business", CHAPTERS)
def test_single_file_holds_the_whole_report(
    browser: Browser, published: Path, business: str
) -> None:
    page = browser.new_page()
    page.goto(next(published.glob(f"{business}/*.html")).as_uri())
    for name in CHAPTERS[business]:
        alone = browser.new_page()
        alone.goto(next(published.glob(f"{business}/*/{name}.html")).as_uri())
        for part in (".cl-figure", "table"):
            assert page.locator(f"#{name} {part}").count() == alone.locator(part).count()
        alone.close()
    page.locator(".cl-evidence a").first.click()
    assert "#" in page.url
    section = "() => document.querySelector(':target').closest('section.sheet').id"
    assert page.evaluate(section) != "index"
    leading_out = page.locator("a[href]:not([href^='#'])").all()
    assert [one.get_attribute("href") for one in leading_out] == []
    page.close()


def test_title_period_and_provenance(demo_reports: list[Path], browser: Browser) -> None:
    manifest = json.loads((demo_reports[0] / "manifest.json").read_text(encoding="utf-8"))
    page = browser.new_page()
    for chapter in CHAPTERS["demo"]:
        page.goto((demo_reports[0] / f"{chapter}.html").as_uri())
        for words in (manifest["period_name"], manifest["title"]):
            assert words in page.title()
            assert words in page.locator("h1").first.inner_text()
        footer = page.locator("footer").inner_text()
        for words in (
            "demo",
            manifest["fingerprints"]["data"][:12],
            manifest["fingerprints"]["parameters"],
        ):
            assert words in footer
        assert f"churnlib report demo.yml --period {manifest['period']}" in footer
    page.close()


def test_same_input_gives_the_same_bytes(demo_reports: list[Path]) -> None:
    one, other = (
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in [*folder.rglob("*.html"), *folder.rglob("*.csv")]
        }
        for folder in demo_reports
    )
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert {f"{name}.html" for name in CHAPTERS["demo"]} <= one.keys()


def test_first_page_says_what_the_chapters_told(published: Path) -> None:
    for report in (
        next(published.glob(f"{business}/*/index.html")).parent for business in CHAPTERS
    ):
        told = read_findings(report / "findings.json")
        page = html.unescape((report / "index.html").read_text(encoding="utf-8"))
        assert story(told)
        for finding in story(told):
            assert finding["sentence"] in page
            assert f'href="{finding["href"]}"' in page
        assert told["key_figures"][0]["value"] in page
        first = (*story(told), *told["key_figures"], *told["actions"], *told["decisions"])
        assert all("#" in one["href"] for one in first)
        for one in (*first, *(one for one in told["findings"] if "#" in one["href"])):
            file, _, anchor = one["href"].partition("#")
            assert f'id="{anchor}"' in (report / file).read_text(encoding="utf-8"), one["href"]


def test_pages_and_tables_name_no_folder_of_this_machine(published: Path) -> None:
    kept = [path for path in published.rglob("*") if path.is_file()]
    assert [path.name for path in kept if str(published).encode() in path.read_bytes()] == []


def test_no_raw_rows_are_published(published: Path) -> None:
    """What `verify` needs is kept apart, hidden, and linked from no page."""
    rows = [path.relative_to(published) for path in published.rglob("*.parquet")]
    assert {path.parts[0] for path in rows} == {".frozen"}
    assert not any(
        ".frozen" in page.read_text(encoding="utf-8") for page in published.rglob("*.html")
    )


def test_fixed_tables(demo_reports: list[Path]) -> None:
    """Users read these files: name and columns are a promise."""
    promised = {
        "churn": "period_start opening_customers new_customers reactivated_customers "
        "churned_customers closing_customers churn_rate churn_rate_low churn_rate_high",
        "mrr": "period_start opening new reactivation expansion contraction churn closing "
        "gross_churn_rate net_churn_rate nrr grr",
        "cohorts": "cohort age size active retention retention_low retention_high",
        "cohorts_revenue": "cohort age opening_amount amount retention",
        "survival": "segment_column segment tenure at_risk events "
        "survival survival_low survival_high",
        "hazard": "tenure at_risk events hazard hazard_low hazard_high",
        "clv": "segment_column segment customers value value_low value_high",
        "clv_parameters": "model parameter estimate standard_error",
        "key_figures": "figure value change_previous change_year course",
    }
    for name, columns in promised.items():
        header = (
            (demo_reports[0] / "tables" / f"{name}.csv")
            .read_text(encoding="utf-8")
            .splitlines()[0]
            .split(",")
        )
        assert [column for column in columns.split() if column not in header] == [], name


def test_index_leads_to_the_reports_and_shows_the_failure(
    browser: Browser, published: Path
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((published / "index.html").as_uri())
    (report,) = published.glob("demo/[0-9]*/")
    cell = page.locator(f'[id="demo-{report.name}"]')
    first = read_findings(report / "findings.json")["key_figures"][0]
    assert cell.locator("a").inner_text().startswith(first["value"])
    assert first["label"] == "MRR"
    assert page.locator("thead th", has_text="MRR").locator("svg").count() == 1
    cell.locator("a").click()
    assert page.url == (report / "index.html").as_uri()
    page.go_back()
    page.locator("a", has_text="failed: see why").click()
    assert "<b>broken</b>" in page.locator("main").inner_text()
    page.close()
