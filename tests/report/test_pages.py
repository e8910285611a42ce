"""Every page of a real report, looked at in a real headless Chromium: offline, on phones and desktops."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHAPTERS = ("index", "revenue", "cohorts", "survival", "clv")
WIDTHS = (360, 390, 768, 1280)
MAX_BYTES = 1_000_000
HEIGHT = 900
# Text that only a mistake puts before a reader: missing numbers, objects' names, libraries' words.
MISTAKES = re.compile(
    r"\bNaN\b|\bnan\b|\bNaT\b|\binf\b|<[\w.]+ object at|\bNone\b(?! of\b)|\w*Warning\b|Traceback|0x[0-9a-f]{6,}"
)
CODE = re.compile(r"import churnlib|\bcl\.\w+\(|snapshot\.\w|globals\(\)|(?:In|Out)\s?\[")
WITHOUT_NAME = """() => [...document.querySelectorAll('img, svg[role=img]')]
    .filter(e => !(e.getAttribute('alt') || e.getAttribute('aria-label') || '').trim())
    .map(e => e.outerHTML.slice(0, 200))"""
BARE_SVG = """() => [...document.querySelectorAll('svg')]
    .filter(e => e.getAttribute('role') !== 'img' && e.getAttribute('aria-hidden') !== 'true')
    .map(e => e.outerHTML.slice(0, 200))"""
TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
BROKEN_ANCHORS = """() => [...document.querySelectorAll('a[href^="#"]')]
    .filter(a => ![x => x, decodeURIComponent].some(f => document.getElementById(f(a.getAttribute('href').slice(1)))))
    .map(a => a.getAttribute('href'))"""
TABLE_FAULTS = """() => [...document.querySelectorAll('table')]
    .filter(t => !t.caption || [...t.querySelectorAll('th')].some(th => !th.scope && th.textContent.trim()))
    .map(t => t.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")  # Playwright keeps an event loop running in this thread: no longer than needed
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()


@pytest.fixture(params=CHAPTERS)
def chapter(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def opened(browser: Browser, demo_reports: list[Path], chapter: str) -> Iterator[tuple[Page, list[str]]]:
    """The page, opened from disk without a network; and whatever it asked for or complained of."""
    context = browser.new_context(offline=True, viewport={"width": WIDTHS[-1], "height": HEIGHT})
    page, complaints = context.new_page(), []
    address = (demo_reports[0] / f"{chapter}.html").as_uri()
    page.on("request", lambda request: complaints.append(request.url) if request.url != address else None)
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address, wait_until="load")
    yield page, complaints
    context.close()


def test_page_loads_nothing_and_complains_of_nothing(opened: tuple[Page, list[str]]) -> None:
    page, complaints = opened
    page.wait_for_timeout(200)
    assert complaints == []


def test_policy_lets_nothing_be_loaded(opened: tuple[Page, list[str]]) -> None:
    policy = opened[0].get_attribute('meta[http-equiv="Content-Security-Policy"]', "content")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert opened[0].locator("script, iframe, object, link[rel=stylesheet]").count() == 0


def test_no_code_and_no_mistake_is_shown(opened: tuple[Page, list[str]]) -> None:
    opened[0].evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    text = opened[0].locator("body").inner_text()
    assert len(text) > 500
    assert CODE.findall(text) == []
    assert MISTAKES.findall(text) == []


def test_every_picture_has_a_text_alternative(opened: tuple[Page, list[str]]) -> None:
    assert opened[0].evaluate(WITHOUT_NAME) == []
    assert opened[0].evaluate(BARE_SVG) == []


def test_tables_have_captions_and_scoped_headers(opened: tuple[Page, list[str]]) -> None:
    assert opened[0].evaluate(TABLE_FAULTS) == []


def test_page_never_scrolls_sideways(opened: tuple[Page, list[str]]) -> None:
    page, wide = opened[0], {}
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wide[width] = page.evaluate(TOO_WIDE)
    assert wide == dict.fromkeys(WIDTHS, 0)


def test_title_period_and_provenance(opened: tuple[Page, list[str]], demo_reports: list[Path]) -> None:
    page = opened[0]
    manifest = json.loads((demo_reports[0] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["period_name"] in page.title()
    assert manifest["title"] in page.title()
    footer = page.locator("footer").inner_text()
    for words in ("demo", manifest["fingerprints"]["data"][:12], manifest["fingerprints"]["parameters"]):
        assert words in footer
    assert f"churnlib report demo.yml --period {manifest['period']}" in footer


def test_links_within_the_report_lead_somewhere(opened: tuple[Page, list[str]], demo_reports: list[Path]) -> None:
    page, folder = opened[0], demo_reports[0]
    assert page.evaluate(BROKEN_ANCHORS) == []
    links = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
    files = {link.partition("#")[0] for link in links if link.partition("#")[0]}
    assert [file for file in files if not (folder / file).exists()] == []
    for link in links:
        file, _, anchor = link.partition("#")
        if anchor and file and not file.startswith(".."):
            assert f'id="{anchor}"' in (folder / file).read_text(encoding="utf-8"), link


def test_page_is_small(demo_reports: list[Path], chapter: str) -> None:
    assert (demo_reports[0] / f"{chapter}.html").stat().st_size < MAX_BYTES


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
    assert {f"{name}.html" for name in CHAPTERS} <= one.keys()


def test_pages_and_tables_name_no_folder_of_this_machine(demo_reports: list[Path]) -> None:
    folder = demo_reports[0]
    output = str(folder.parents[1]).encode()
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in kept if output in path.read_bytes()] == []


def test_no_raw_rows_are_published(demo_reports: list[Path]) -> None:
    assert list(demo_reports[0].rglob("*.parquet")) == []


def test_fixed_tables(demo_reports: list[Path]) -> None:
    """Users read these files: name and columns are a promise."""
    promised = {
        "churn": "period_start opening_customers new_customers reactivated_customers churned_customers "
        "closing_customers churn_rate churn_rate_low churn_rate_high",
        "mrr": "period_start opening new reactivation expansion contraction churn closing gross_churn_rate "
        "net_churn_rate nrr grr",
        "cohorts": "cohort age size active retention retention_low retention_high",
        "cohorts_revenue": "cohort age opening_amount amount retention",
        "survival": "segment_column segment tenure at_risk events survival survival_low survival_high",
        "hazard": "tenure at_risk events hazard hazard_low hazard_high",
        "clv": "segment_column segment customers value value_low value_high",
        "clv_parameters": "model parameter estimate standard_error",
    }
    for name, columns in promised.items():
        header = (demo_reports[0] / "tables" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        assert [column for column in columns.split() if column not in header] == [], name


def test_index_leads_to_the_report(browser: Browser, demo_reports: list[Path]) -> None:
    folder = demo_reports[0]
    page = browser.new_page(viewport={"width": 390, "height": HEIGHT})
    page.goto((folder.parents[1] / "index.html").as_uri())
    assert page.evaluate(TOO_WIDE) == 0
    assert page.locator(f'[id="demo-{folder.name}"]').count() == 1
    page.locator(f'a[href="demo/{folder.name}/index.html"]').click()
    assert page.url == (folder / "index.html").as_uri()
    page.close()
