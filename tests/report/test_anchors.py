"""HTML beside others: ids and all that refers to them change, and nothing else."""

import pytest

from churnlib.report.render.anchors import beside_others


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('<p id="a" class="a">a</p>', '<p id="x--a" class="a">a</p>'),
        ("<p id='a'>", "<p id='x--a'>"),
        ("<p id=a>", '<p id="x--a">'),
        ('<a href="#a">', '<a href="#x--a">'),
        ('<a href="#">', '<a href="#">'),
        (
            '<svg viewBox="0 0 1 1"><linearGradient id="g"/></svg>',
            '<svg viewBox="0 0 1 1"><linearGradient id="x--g"/></svg>',
        ),
        ('<use xlink:href="#m"/>', '<use xlink:href="#x--m"/>'),
        ('<use href="#m" x="1"/>', '<use href="#x--m" x="1"/>'),
        ('<g clip-path="url(#c)">', '<g clip-path="url(#x--c)">'),
        (
            '<path style="fill:url(#h);marker-end:url(#m)"/>',
            '<path style="fill:url(#x--h);marker-end:url(#x--m)"/>',
        ),
        ('<div aria-labelledby="a b">', '<div aria-labelledby="x--a x--b">'),
        ('<label for="a">', '<label for="x--a">'),
        ('<td headers="a b">', '<td headers="x--a x--b">'),
        (
            '<p id="a"><style>#a{color:#fff}#b{}</style>',
            '<p id="x--a"><style>#x--a{color:#fff}#b{}</style>',
        ),
        ('<img src="data:image/png;base64,#id="/>',) * 2,
        ('<p aria-label="5 > 4, see url(#a) and id=&quot;a&quot;">',) * 2,
        ("<!-- <p id='a'> -->",) * 2,
        ('text with id="a" and #a, 1 &lt; 2',) * 2,
        ('<details open><td colspan="2">',) * 2,
    ],
)
def test_what_changes(one: str, other: str) -> None:
    assert beside_others(one, "x") == other


def test_headings_are_lowered_as_far_as_they_go() -> None:
    text = "<h1 hidden>a</h1><h2>b</h2><h6>c</h6><hr><header>"
    lowered = "<h2 hidden>a</h2><h3>b</h3><h6>c</h6><hr><header>"
    assert beside_others(text, "x", lower=1) == lowered
    assert beside_others(text, "x") == text


def test_links_to_other_files_lead_where_they_are_told() -> None:
    places = {"b.html#c&d": "#b--c&d", "out.csv": None}
    text = '<a class="k" href="b.html#c&amp;d">b</a><a href="out.csv">table</a><a href="#a">a</a>'
    given = beside_others(text, "x", link=places.__getitem__)
    assert given == '<a class="k" href="#b--c&amp;d">b</a><a>table</a><a href="#x--a">a</a>'
    assert beside_others(text, "x") == text.replace("#a", "#x--a")


def test_twice_is_once_for_each_part() -> None:
    once = beside_others('<p id="a"><a href="#a">', "chapter")
    assert beside_others(once, "page") == '<p id="page--chapter--a"><a href="#page--chapter--a">'
