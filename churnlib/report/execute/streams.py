"""What cells printed, joined and cut: in time that grows with its length alone.

How a kernel cuts what is printed into messages is a matter of moments, so the pieces are joined. It
is done here and not by the client, which searches one long line again from every sign of it.
"""

from nbformat import NotebookNode

KEPT = 100_000
"""Characters of one stream that a notebook keeps: its beginning and its end."""
AT_THE_END = 20_000


def join_streams(notebook: NotebookNode) -> None:
    """Join what each code cell printed, one output a stream and stretch, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.get("outputs", []))


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    pieces: list[list[str]] = []
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
            pieces.append([])
        elif kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
            pieces[-1].append(output.text)
        else:
            kept.append(output)
            pieces.append([output.text])
    for output, texts in zip(kept, pieces, strict=True):
        if texts:
            output.text = _cut(_as_seen("".join(texts)))
    return kept


def _as_seen(text: str) -> str:
    """Of a line that was written over, what stands there in the end: progress bars."""
    if "\r" not in text:
        return text
    text = text.replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join(lines)


def _cut(text: str) -> str:
    if len(text) <= KEPT:
        return text
    left_out = len(text) - KEPT
    begin, end = text[: KEPT - AT_THE_END], text[-AT_THE_END:]
    return f"{begin}\n... {left_out:,} characters left out ...\n{end}"
