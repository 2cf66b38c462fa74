"""Text into cells: fitting, wrapping and joining pieces of a line.

Lengths are counted in terminal cells, so that wide characters take two and
combining marks none. Text is data here: it is never parsed for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Piece: TypeAlias = tuple[str, Style]
ELLIPSIS = "…"


def flat(text: str) -> str:
    """`text` on one line: whatever would break it becomes a space."""
    if text.isprintable():
        return text
    return " ".join(text.split()) if any(c in text for c in "\n\r\t\v\f") else text


def cut(text: str, width: int) -> str:
    """At most `width` cells of `text`; what does not fit ends in an ellipsis."""
    text = flat(text)
    # A cell holds one code point at least, except for marks that hold none.
    if len(text) <= width and text.isascii():
        return text
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """Exactly `width` cells: cut or padded."""
    if len(text) <= width and text.isascii() and text.isprintable():
        return text.ljust(width) if align == "left" else text.rjust(width)
    shown = cut(text, width)
    room = " " * max(0, width - cell_len(shown))
    return room + shown if align == "right" else shown + room


def line(pieces: Iterable[Piece], width: int, over: Style | None = None) -> Strip:
    """A line of exactly `width` cells; `over` is laid over every piece."""
    segments: list[Segment] = []
    used = 0
    for text, style in pieces:
        if used >= width:
            break
        text = flat(text)
        length = len(text) if text.isascii() else cell_len(text)
        whole = used + length <= width
        if not whole:
            text = cut(text, width - used)
            length = cell_len(text)
        if text:
            segments.append(Segment(text, style + over if over else style))
            used += length
        if not whole:
            break  # one ellipsis says that there is more
    if used < width:
        segments.append(Segment(" " * (width - used), over or Style.null()))
    return Strip(segments, width)


def both_ends(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Strip:
    """`left` at the left, `right` at the right; when it is narrow the left one is cut."""
    right_width = min(width, sum(cell_len(text) for text, _ in right))
    left_width = max(0, width - right_width - (1 if right_width else 0))
    begun: list[Piece] = []
    used = 0
    for text, style in left:
        if used >= left_width:
            break
        shown = cut(text, left_width - used)
        begun.append((shown, style))
        used += cell_len(shown)
    begun.append((" " * (width - right_width - used), Style.null()))
    return line([*begun, *right], width)


def wrap(text: str, width: int) -> Iterator[str]:
    """`text` in lines of at most `width` cells, broken at spaces where there are any."""
    for paragraph in text.splitlines() or [""]:
        held = ""
        for word in paragraph.split():
            while cell_len(word) > width:
                if held:
                    yield held
                    held = ""
                head = set_cell_size(word, width).rstrip()
                yield head
                word = word[len(head) :]
            joined = f"{held} {word}" if held else word
            if cell_len(joined) > width:
                yield held
                held = word
            else:
                held = joined
        yield held
