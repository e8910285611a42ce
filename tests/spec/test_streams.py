"""What cells printed: joined, cut, and in no time."""

import time

import nbformat.v4 as v4
import pytest

from churnlib.report.execute.streams import KEPT, join_streams


def printed(*texts: str, name: str = "stdout"):
    return [v4.new_output("stream", name=name, text=text) for text in texts]


def joined(outputs):
    notebook = v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs)])
    join_streams(notebook)
    return [(one.output_type, one.get("text")) for one in notebook.cells[0].outputs]


def test_pieces_of_one_stream_are_one_output():
    shown = v4.new_output("display_data", data={"text/plain": "x"})
    outputs = [*printed("a", "b\n"), shown, *printed("c"), *printed("d", name="stderr")]
    assert joined(outputs) == [
        ("stream", "ab\n"),
        ("display_data", None),
        ("stream", "c"),
        ("stream", "d"),
    ]


def test_a_line_that_is_written_over_stands_as_it_ends():
    assert joined(printed("1 %\r2 %", "\r100 %\nnext\r\n")) == [("stream", "100 %\nnext\n")]


@pytest.mark.parametrize("pieces", [1, 1_000])
@pytest.mark.parametrize("sign", ["x", "\r", "\b", "\n"])
def test_ten_million_signs_take_no_time_and_little_room(pieces, sign):
    outputs = printed(*[sign * (10_000_000 // pieces)] * pieces)
    began = time.process_time()
    ((_, text),) = joined(outputs)
    assert time.process_time() - began < 5
    assert len(text) <= KEPT + 100
