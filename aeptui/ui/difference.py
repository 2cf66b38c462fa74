"""What to send so that a terminal that shows one screen shows another.

Only the cells that differ are written, the way to them is the shortest one,
blanks to the end of a line are erased, and lines that moved are moved by the
terminal (where that saves bytes). Everything used here is in the terminfo of
every terminal since the VT102: no scrolling by SU and SD, which the Linux
console lacks, no repeated characters, no erasing in a colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import ne

from aeptui.ui.cells import BLANK, Cells, width_in_doubt
from aeptui.ui.sgr import PLAIN, Styles

SHORT_GAP = 4
"""So many unchanged cells at most are written again rather than passed over."""
LONG_BLANK = 11
"""From so many blanks on within a line, erasing and passing over them is shorter."""
FEWEST_MOVED = 3
"""Fewer lines than these are not worth the question whether they moved."""
LINE_COST = 6
"""The bytes that getting to a line costs, about."""
MOVE_COST = 24
"""The bytes that moving lines costs, about."""


class Pencil:
    """Where the terminal's cursor is and in which style it writes; collects what is sent."""

    def __init__(self, styles: Styles, columns: int) -> None:
        self.sent: list[str] = []
        self.style = PLAIN
        self._styles = styles
        self._columns = columns
        self._y: int | None = None
        self._x: int | None = None

    def raw(self, sequence: str) -> None:
        """Send a sequence that leaves the cursor anywhere."""
        self.sent.append(sequence)
        self._y = self._x = None

    def take(self) -> str:
        """What was collected, from which the next collection goes on."""
        sent = "".join(self.sent)
        self.sent.clear()
        return sent

    def to(self, y: int, x: int) -> None:
        """Go there by the shortest way."""
        if self._y == y and self._x == x:
            return
        self.sent.append(min(self._ways(y, x), key=len))
        self._y, self._x = y, x

    def _ways(self, y: int, x: int) -> Iterable[str]:
        across = str(x + 1) if x else ""
        if across:
            yield f"\x1b[{y + 1};{across}H"
        else:
            yield f"\x1b[{y + 1 if y else ''}H"
        if self._y is None:
            return
        down = y - self._y
        if x == 0 and 0 <= down <= 3:
            yield "\r" + "\n" * down
        if down == 0:
            yield f"\x1b[{across}G"
        if self._x is None:
            return
        if down == 0:
            right = x - self._x
            yield f"\x1b[{_count(abs(right))}{'C' if right > 0 else 'D'}"
        elif x == self._x:
            yield f"\x1b[{_count(abs(down))}{'B' if down > 0 else 'A'}"

    def pick(self, style: int) -> None:
        """Write in `style` from here on."""
        if style != self.style:
            self.sent.append(self._styles.change(self.style, style))
            self.style = style

    def write(self, texts: list[str], styles: list[int]) -> None:
        """Write cells at the cursor, blanks among them in whatever style shows nothing there."""
        shows = self._styles.shown_on_blank
        start, size = 0, len(texts)
        while start < size:
            end = start + 1
            blank = texts[start] == BLANK and styles[start] == PLAIN
            if blank:
                while end < size and texts[end] == BLANK and styles[end] == PLAIN:
                    end += 1
                if shows[self.style]:
                    self.pick(PLAIN)
            else:
                while end < size and styles[end] == styles[start] and texts[end] != BLANK:
                    end += 1
                self.pick(styles[start])
            if blank and end - start >= LONG_BLANK and end < size:
                self.sent.append(f"\x1b[{end - start}X\x1b[{end - start}C")
                self._on(end - start)
            elif blank:
                self.sent.append(BLANK * (end - start))
                self._on(end - start)
            else:
                self._write_text(texts[start:end])
            start = end

    def _write_text(self, cells: list[str]) -> None:
        text = "".join(cells)
        if text.isascii() or not any(map(width_in_doubt, cells)):
            self.sent.append(text)
            self._on(len(cells))
            return
        y, x = self._y, self._x
        for at, cell in enumerate(cells):
            if self._x is None and cell and y is not None and x is not None:
                self.to(y, x + at)
            self.sent.append(cell)
            self._on(1)
            if width_in_doubt(cell):
                # The terminal's cursor may be elsewhere than the layout has it.
                self._x = None

    def _on(self, cells: int) -> None:
        if self._x is not None:
            self._x += cells
            if self._x >= self._columns:
                self._x = None  # at the border some terminals wait, others stay

    def erase_to_end(self) -> None:
        """Blank the line from the cursor on."""
        if self._styles.shown_on_blank[self.style]:
            self.pick(PLAIN)
        self.sent.append("\x1b[K")


def difference(shown: Cells, wanted: Cells, rows: set[int], pencil: Pencil) -> None:
    """Make the terminal, and `shown`, as `wanted`; only `rows` can differ."""
    differ = {
        y for y in rows if wanted.texts[y] != shown.texts[y] or wanted.styles[y] != shown.styles[y]
    }
    moved = _moved(shown, wanted, differ) if len(differ) >= FEWEST_MOVED else None
    if moved is not None:
        top, bottom, by = moved
        pencil.pick(PLAIN)  # lines that appear are blank in the style of the moment
        pencil.raw(f"\x1b[{top + 1};{bottom + 1}r")
        pencil.to(top, 0)
        pencil.raw(f"\x1b[{_count(abs(by))}{'M' if by > 0 else 'L'}\x1b[r")
        shown.move(top, bottom, by)
        differ.update(range(top, bottom + 1))
    for y in sorted(differ):
        if wanted.texts[y] != shown.texts[y] or wanted.styles[y] != shown.styles[y]:
            _line(shown, wanted, y, pencil)
            shown.texts[y][:] = wanted.texts[y]
            shown.styles[y][:] = wanted.styles[y]


def _line(shown: Cells, wanted: Cells, y: int, pencil: Pencil) -> None:
    texts, styles = wanted.texts[y], wanted.styles[y]
    old_texts, old_styles = shown.texts[y], shown.styles[y]
    columns = wanted.columns
    changed = [x for x in range(columns) if texts[x] != old_texts[x] or styles[x] != old_styles[x]]
    end = columns  # from here on all is to be blank
    while end and texts[end - 1] == BLANK and styles[end - 1] == PLAIN:
        end -= 1
    tail = [x for x in changed if x >= end]
    erase = bool(tail) and tail[-1] - tail[0] >= 3
    if erase:
        changed = changed[: len(changed) - len(tail)]
    for start, stop in _runs(changed, texts, styles):
        # No half of a wide character is left to the terminal's own judgement.
        while start and (texts[start] == "" or old_texts[start] == ""):
            start -= 1
        while stop < columns and (texts[stop] == "" or old_texts[stop] == ""):
            stop += 1
        pencil.to(y, start)
        pencil.write(texts[start:stop], styles[start:stop])
    if erase:
        pencil.to(y, end if changed and changed[-1] == end - 1 else tail[0])
        pencil.erase_to_end()


def _runs(changed: list[int], texts: list[str], styles: list[int]) -> Iterable[tuple[int, int]]:
    """The changed cells as stretches, those joined between which writing on is shorter."""
    at = 0
    while at < len(changed):
        start = last = changed[at]
        at += 1
        while at < len(changed) and (
            changed[at] == last + 1 or _worth_writing(last, changed[at], texts, styles)
        ):
            last = changed[at]
            at += 1
        yield start, last + 1


def _worth_writing(last: int, following: int, texts: list[str], styles: list[int]) -> bool:
    between = slice(last + 1, following)
    return (
        following - last - 1 <= SHORT_GAP
        and all(style in (styles[last], styles[following]) for style in styles[between])
        and len("".join(texts[between]).encode()) <= SHORT_GAP
    )


def _moved(shown: Cells, wanted: Cells, differ: set[int]) -> tuple[int, int, int] | None:
    """(top, bottom, by) if moving these lines up by `by`, or down, leaves fewer cells to write.

    Lines are compared where some cell differs at all, so that what stands still
    beside them does not hide that they moved.
    """
    left, right = _span(shown, wanted, differ)
    places: dict[tuple[str, ...], list[int]] = {}
    for y in sorted(differ):
        places.setdefault(tuple(shown.texts[y][left:right]), []).append(y)
    moves: Counter[int] = Counter()
    matched: dict[int, list[int]] = {}
    for y in sorted(differ):
        text = tuple(wanted.texts[y][left:right])
        if all(cell == BLANK for cell in text):
            continue
        for origin in places.get(text, ())[:SHORT_GAP]:
            if origin != y:
                moves[origin - y] += 1
                matched.setdefault(origin - y, []).append(y)
    best: tuple[int, tuple[int, int, int]] | None = None
    for by, count in moves.most_common(2):
        if count < FEWEST_MOVED - 1:
            break
        lines = _longest(matched[by])
        top, bottom = min(lines[0], lines[0] + by), max(lines[-1], lines[-1] + by)
        saved = _cost(shown, wanted, top, bottom, 0) - _cost(shown, wanted, top, bottom, by)
        if saved > MOVE_COST and (best is None or saved > best[0]):
            best = saved, (top, bottom, by)
    return best[1] if best else None


def _span(shown: Cells, wanted: Cells, rows: set[int]) -> tuple[int, int]:
    """The columns within which `rows` differ."""
    left, right = wanted.columns, 0
    for y in rows:
        differs = list(map(ne, wanted.texts[y], shown.texts[y]))
        if any(differs):
            left = min(left, differs.index(True))
            right = max(right, len(differs) - differs[::-1].index(True))
    return left, max(left, right)


def _longest(lines: list[int]) -> list[int]:
    """The longest stretch of `lines`, with gaps of a few lines at most."""
    best: list[int] = []
    current: list[int] = []
    for y in lines:
        if current and y - current[-1] > SHORT_GAP:
            current = []
        current = [*current, y]
        if len(current) > len(best):
            best = current
    return best


def _cost(shown: Cells, wanted: Cells, top: int, bottom: int, by: int) -> int:
    """About the bytes that lines `top` to `bottom` take once they were moved by `by`."""
    blank_texts, blank_styles = [BLANK] * wanted.columns, [PLAIN] * wanted.columns
    cost = 0
    for y in range(top, bottom + 1):
        origin = y + by
        there = top <= origin <= bottom
        texts = shown.texts[origin] if there else blank_texts
        styles = shown.styles[origin] if there else blank_styles
        if texts != wanted.texts[y] or styles != wanted.styles[y]:
            different = sum(map(ne, texts, wanted.texts[y]))
            restyled = sum(map(ne, styles, wanted.styles[y]))
            cost += LINE_COST + max(different, restyled)
    return cost


def _count(number: int) -> str:
    return "" if number == 1 else str(number)
