"""Every published page for those who do not see it, do not use a mouse, or read it in the dark."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.conftest import Look

VIOLATIONS = """async () => (await axe.run()).violations.map(one => {
    const first = one.nodes[0]
    return [one.id, one.nodes.length, first.html.slice(0, 200), first.failureSummary]
})"""
FOCUS_STOPS = "a[href], summary, [tabindex='0']"
STOPS = f"""[...document.querySelectorAll("{FOCUS_STOPS}")].filter(e => e.checkVisibility())"""
IN_ORDER = f"() => {STOPS}.length"
FOCUSED = f"""() => {{
    const e = document.activeElement, box = e.getBoundingClientRect()
    const ringed = getComputedStyle(e).outlineStyle !== 'none'
    const whole = box.top >= -1 || box.height > innerHeight
    return [{STOPS}.indexOf(e), ringed, whole && box.bottom > 0]
}}"""
"""A table taller than the window cannot be seen whole: of it, a part."""
MOVING = """() => [...document.querySelectorAll('*')].map(e => getComputedStyle(e))
    .filter(s => s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0
        || s.scrollBehavior === 'smooth').length"""
PAPER = "() => getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(
    look: Look, npm_package: Callable[[str], Path], scheme: str
) -> None:
    page = look.at(color_scheme=scheme)
    page.evaluate((npm_package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []


def test_axe_finds_what_is_wrong(look: Look, npm_package: Callable[[str], Path]) -> None:
    """That the test above can fail: a picture without a text alternative, and grey on grey."""
    page = look.at()
    page.evaluate((npm_package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    page.evaluate("""() => document.querySelector('main, body').insertAdjacentHTML('beforeend',
        '<p id="wrong" style="color:#aaa;background:#bbb">Grey<img src=""></p>')""")
    found = {violation[0] for violation in page.evaluate(VIOLATIONS)}
    page.evaluate("() => document.getElementById('wrong').remove()")
    assert {"color-contrast", "image-alt"} <= found


def test_keyboard_reaches_everything_in_order(look: Look) -> None:
    look.page.reload()  # so that the first Tab starts at the top
    page = look.at()
    stops = page.evaluate(IN_ORDER)
    for stop in range(stops):
        page.keyboard.press("Tab")
        place, outlined, in_sight = page.evaluate(FOCUSED)
        assert (place, outlined, in_sight) == (stop, True, True)


def test_skip_link_comes_first_and_leads_to_the_content(look: Look) -> None:
    look.page.reload()  # so that the first Tab starts at the top
    page = look.at()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate(
        "() => document.activeElement.matches('#content, main > section:first-child')"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("() => !document.activeElement.closest('header')")


def test_nothing_moves(look: Look) -> None:
    assert look.at().evaluate(MOVING) == 0


def test_dark_is_dark_and_print_is_light(look: Look) -> None:
    light = look.at().evaluate(PAPER)
    assert look.at(color_scheme="dark").evaluate(PAPER) != light
    ink = "() => getComputedStyle(document.body).color"
    light_ink = look.at().evaluate(ink)
    assert look.at(color_scheme="dark", media="print").evaluate(ink) == light_ink
