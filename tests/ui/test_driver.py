"""Whatever is drawn, a terminal shows the same by our stream as by the plain one, for fewer bytes.

A hundred or so examples of each claim are drawn from a seed; thousands by

    AEPTUI_EXAMPLES=5000 python -m pytest tests/ui/test_driver.py -k any
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size

from aeptui.ui.driver import DiffingDriver, driver_named, in_ascii
from aeptui.ui.sgr import PLAIN, Styles
from aeptui.ui.wire import FRAME_END, FRAME_START, Wire

EXAMPLES = int(os.environ.get("AEPTUI_EXAMPLES", "0"))
any_of = settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Characters on whose width Rich and pyte agree.
WORDS = [
    "a",
    "bc",
    "flow",
    " ",
    "    ",
    " " * 15,
    "─",
    "▸",
    "日本",
    "한",
    "e\u0301",
    "x\u0308y",
    "🚨",
]
CODES = ["", "1", "7", "1;31", "32", "4", "9", "3", "44", "7;1", "38;5;208", "48;2;1;2;3", "5;33"]
QUIET = ["\x1b]0;a title\x07", "\x1b]52;c;YQ==\x07", "\x07", "\x1b[?25l", "\x1b[?2004h", "\x1b[>1u"]
QUIET_TO_PYTE = re.compile(r"\x1b\[[<>=][\d;]*[a-zA-Z]")
OPENING_BYTES = 24
"""What an erased screen may cost beyond what is drawn on it."""

Segments = list[tuple[str, str]]
segments = st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(WORDS)), max_size=8)
places = st.integers(0, 200)


@dataclass(frozen=True)
class Draw:
    """Segments at a place."""

    y: int
    x: int
    segments: Segments


@dataclass(frozen=True)
class Whole:
    """Every line anew, from few different ones, as lists and pages look."""

    lines: list[Segments]


@dataclass(frozen=True)
class Scroll:
    """Lines that move, all of them drawn again, with new ones behind them."""

    top: int
    size: int
    by: int
    new: Segments


@dataclass(frozen=True)
class Resize:
    columns: int
    lines: int


@dataclass(frozen=True)
class Say:
    """Something that draws nothing."""

    sequence: str


@dataclass(frozen=True)
class Garble:
    """Somebody else writes on the terminal, and ctrl+l is pressed."""

    text: str


@dataclass(frozen=True)
class Suspend:
    """The terminal is given to another program, and taken again."""

    text: str


sizes = st.builds(Resize, st.integers(4, 60), st.integers(2, 20))
drawings = st.one_of(
    st.builds(Draw, places, places, segments),
    st.builds(Whole, st.lists(segments, min_size=1, max_size=20)),
    st.builds(Scroll, places, st.integers(3, 20), st.integers(-4, 4), segments),
)
happenings = st.one_of(
    sizes, st.builds(Say, st.sampled_from(QUIET)), st.builds(Garble, st.text("ab日 ", max_size=30))
)
suspensions = st.builds(Suspend, st.text("ab日 ", max_size=30))
steps = st.lists(
    st.tuples(
        st.one_of(drawings, drawings, happenings, suspensions), st.booleans(), places, places
    ),
    max_size=14,
)


@dataclass
class Stage:
    """A program that draws, and the terminals that show it by the plain stream and by ours."""

    columns: int
    lines: int
    framed: bool
    plain_bytes: int = 0
    our_bytes: int = 0
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plain = pyte.Screen(self.columns, self.lines)
        self.ours = pyte.Screen(self.columns, self.lines)
        self.wire = Wire(self.columns, self.lines)
        self.rows: list[Segments] = [[] for _ in range(self.lines)]
        self.write("\x1b[?1049h")
        self.write("\x1b[?7l")
        self.draw_all()

    def write(self, data: str) -> None:
        self.plain_bytes += len(data.encode())
        pyte.Stream(self.plain).feed(QUIET_TO_PYTE.sub("", data))
        self.tell(self.wire.send(data))

    def tell(self, sent: str) -> None:
        self.our_bytes += len(sent.encode())
        self.sent.append(sent)
        pyte.Stream(self.ours).feed(QUIET_TO_PYTE.sub("", sent))

    def frame(self, content: str, y: int = 0, x: int = 0) -> None:
        content += f"\x1b[{y % self.lines + 1};{x % self.columns + 1}H"
        for part in (FRAME_START, content, FRAME_END) if self.framed else (content,):
            self.write(part)

    def row(self, y: int) -> str:
        return f"\x1b[{y + 1};1H" + rendered(self.rows[y], self.columns)

    def draw_all(self) -> None:
        self.frame("\n".join(map(self.row, range(self.lines))))

    def take(self, step: object, y: int, x: int) -> None:
        match step:
            case Draw():
                at = step.x % self.columns
                text = rendered(step.segments, min(self.columns - at, 12))
                self.frame(f"\x1b[{step.y % self.lines + 1};{at + 1}H{text}", y, x)
            case Whole():
                self.rows = [step.lines[n % len(step.lines)] for n in range(self.lines)]
                self.draw_all()
            case Scroll():
                top = step.top % self.lines
                part = self.rows[top : top + step.size]
                new: list[Segments] = [step.new] * abs(step.by)
                part = [*part, *new][-len(part) :] if step.by > 0 else [*new, *part][: len(part)]
                self.rows[top : top + len(part)] = part
                self.frame("\n".join(map(self.row, range(top, top + len(part)))), y, x)
            case Resize():
                self.columns, self.lines = step.columns, step.lines
                self.rows = [*self.rows, *([[]] * step.lines)][: step.lines]
                for screen in (self.plain, self.ours):
                    screen.resize(step.lines, step.columns)
                self.wire.resize(step.columns, step.lines)
                self.draw_all()
            case Say():
                self.write(step.sequence)
                assert self.sent[-1].endswith(step.sequence)
            case Garble():
                pyte.Stream(self.ours).feed(step.text)
                self.wire.distrust()
                self.tell(self.wire.send(""))
            case Suspend():
                self.write("\x1b[?1049l")
                pyte.Stream(self.ours).feed(step.text)
                self.write("\x1b[?1049h")


def rendered(row: Segments, columns: int) -> str:
    """As many cells of `row` as fit, and blanks behind them, as Textual writes them."""
    out, left = [], columns
    for codes, text in [*row, ("", " " * columns)]:
        size = min(left, cell_len(text))
        part = set_cell_size(text, size)
        if part:
            out.append(f"\x1b[{codes}m{part}\x1b[0m" if codes else part)
        left -= size
    return "".join(out)


def visible(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """What an eye sees: half a character is none, and on a blank only some styles show."""
    picture = []
    for y in range(screen.lines):
        line = [screen.buffer[y][x] for x in range(screen.columns)]
        cells: list[tuple[object, ...]] = []
        for x, cell in enumerate(line):
            text = cell.data
            following = line[x + 1].data if x + 1 < len(line) else "beyond"
            halved = cell_len(text) == 2 and following != ""
            stray = text == "" and (x == 0 or cell_len(line[x - 1].data) != 2)
            if halved or stray:
                text = " "
            shown = (cell.bg, cell.underscore, cell.strikethrough, cell.reverse)
            more = (cell.fg, cell.bold, cell.italics, cell.blink)
            if text == " " and not cell.reverse:
                more = ("default", False, False, False)
            cells.append((text, *shown, *more))
        picture.append(cells)
    return picture


@any_of
@given(sizes, st.booleans(), steps)
def test_any_drawing_looks_the_same_as_by_the_plain_stream(
    size: Resize, framed: bool, steps: list[tuple[object, bool, int, int]]
) -> None:
    stage = Stage(size.columns, size.lines, framed)
    for step, compared, y, x in steps:
        stage.take(step, y, x)
        if compared:
            assert visible(stage.ours) == visible(stage.plain)
    assert visible(stage.ours) == visible(stage.plain)
    assert (stage.ours.cursor.y, stage.ours.cursor.x) == (
        min(stage.plain.cursor.y, stage.lines - 1),
        min(stage.plain.cursor.x, stage.columns - 1),
    )
    assert not stage.wire.plain


@any_of
@given(sizes, st.booleans(), st.lists(st.one_of(drawings, drawings, sizes), max_size=14))
def test_any_drawing_costs_no_more_than_by_the_plain_stream(
    size: Resize, framed: bool, drawn: list[object]
) -> None:
    stage = Stage(size.columns, size.lines, framed)
    allowed = OPENING_BYTES
    for step in drawn:
        stage.take(step, 0, 0)
        allowed += OPENING_BYTES if isinstance(step, Resize) else 0
    assert stage.our_bytes <= 1.03 * stage.plain_bytes + allowed


@any_of
@given(sizes, st.booleans(), st.lists(drawings, max_size=6), drawings)
def test_any_drawing_that_changes_nothing_sends_nothing(
    size: Resize, framed: bool, before: list[object], last: object
) -> None:
    stage = Stage(size.columns, size.lines, framed)
    for step in before:
        stage.take(step, 0, 0)
    if isinstance(last, Scroll):
        last = Draw(0, 0, last.new)  # lines that move twice have moved
    stage.take(last, 0, 0)
    already = stage.our_bytes
    stage.take(last, 0, 0)
    assert stage.our_bytes == already


style_steps = st.lists(
    st.sampled_from([*CODES, "0", "22", "24", "27", "39", "49", "2", "21", "4:3", "58;5;1", "53"]),
    max_size=6,
)


@any_of
@given(style_steps, style_steps)
def test_any_style_is_reached_from_any_other(here: list[str], there: list[str]) -> None:
    styles = Styles()
    before = after = PLAIN
    for codes in here:
        before = styles.after(before, codes)
    for codes in there:
        after = styles.after(after, codes)
    sent = styles.change(before, after)
    for codes in re.findall(r"\x1b\[([\d;:]*)m", sent):
        before = styles.after(before, codes)
    assert before == after


def opened(columns: int = 20, lines: int = 6) -> Wire:
    wire = Wire(columns, lines)
    wire.send("\x1b[?1049h")
    return wire


def test_nothing_is_drawn_on_the_screen_of_the_shell() -> None:
    wire = Wire(20, 6)
    assert wire.send("\x1b[1;1Hsecret") == ""
    assert wire.send("\x1b[?1049h").startswith("\x1b[?1049h")
    assert wire.send("\x1b[?1049l") == "\x1b[?1049l"
    assert wire.send("\x1b[1;1Hafter") == ""


def test_synchronized_updates_are_sent_as_such_only_where_they_came_as_such() -> None:
    wire = opened()
    assert "2026" not in wire.send("\x1b[1;1Hone")
    assert [wire.send(part) for part in (FRAME_START, "\x1b[1;1Htwo", FRAME_END)] == [
        "",
        "",
        f"{FRAME_START}\rtwo{FRAME_END}",
    ]
    assert wire.send(FRAME_START) + wire.send(FRAME_END) == ""


def test_what_draws_nothing_keeps_its_place_between_what_draws() -> None:
    sent = opened().send("\x1b[1;1Hone\x1b]52;c;YQ==\x07\x1b[2;1Htwo\x1b[6n")
    assert re.findall(r"one|two|52|6n", sent) == ["one", "52", "two", "6n"]


@pytest.mark.parametrize(
    "picture", ["\x1bP0;0q#0;2;0;0;0~-\x1b\\", "\x1b_Gf=24;AAAA\x1b\\", "\x1b[2;3L", "\x1b8"]
)
def test_what_is_drawn_by_other_means_is_left_to_the_plain_stream(picture: str) -> None:
    wire = opened()
    sent = wire.send(f"\x1b[2;3H\x1b[1mbold{picture} more")
    assert sent.endswith(f"{picture} more")
    assert wire.plain
    assert wire.send("\x1b[1;1Hsame") == wire.send("\x1b[1;1Hsame") == "\x1b[1;1Hsame"


def test_the_pointer_of_the_mouse_is_left_alone() -> None:
    assert opened().send("\x1b]22;default\x07") == ""


def test_wrapped_clipboards_of_tmux_and_screen_draw_nothing() -> None:
    wire = opened()
    for wrapped in (
        "\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\",
        "\x1bP\x1b]52;c;YQ==\x07\x1b\\",
    ):
        assert wire.send(wrapped) == wrapped
    assert not wire.plain


def test_a_list_that_moves_by_a_line_costs_a_line() -> None:
    wire = opened(80, 24)
    rows = [f"flow {n:3}  " + "word " * 10 for n in range(40)]

    def page(first: int) -> str:
        return "\n".join(f"\x1b[{y + 1};1H{rows[first + y]:80}" for y in range(24))

    wire.send(page(0))
    down, up = wire.send(page(1)), wire.send(page(0))
    assert len(down) < 100
    assert len(up) < 100


def test_a_blank_end_of_line_is_erased_and_a_blank_screen_costs_nothing() -> None:
    wire = opened(80, 24)
    blank = "\n".join(f"\x1b[{y + 1};1H{' ' * 80}" for y in range(24))
    assert wire.send(f"{blank}\x1b[1;1H") == ""
    wire.send(f"\x1b[3;1H{'x' * 80}\x1b[1;1H")
    assert wire.send(f"\x1b[3;1H{'x' * 10}{' ' * 70}\x1b[1;1H") == "\x1b[3;11H\x1b[K\x1b[H"


def test_control_characters_in_text_are_not_sent() -> None:
    assert opened().send("\x1b[1;1Ha\x00b\x08c\x9b31md\x7fe") == "abc31mde"


def test_the_setting_names_the_driver() -> None:
    assert issubclass(driver_named("diff"), DiffingDriver)
    assert not issubclass(driver_named("stock"), DiffingDriver)


@any_of
@given(st.lists(st.sampled_from(WORDS)).map("".join))
def test_any_text_is_as_wide_in_ascii(text: str) -> None:
    assert in_ascii(text).isascii()
    assert len(in_ascii(text)) == cell_len(text)
