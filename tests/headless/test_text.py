"""Plain text: aligned, and never wider than its paper."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.headless.text import Paper, cells, detail, fitted, keep_to_ascii, table
from aeptui.mirror.rows import FlowRow
from aeptui.moment import Moment
from aeptui.resources.definition import Detail, Fact, Facts, Grid, Prose
from aeptui.resources.flows import FLOWS

MOMENT = Moment(datetime(2026, 9, 16, 14, 10, tzinfo=UTC), UTC)
NAMES = st.text(st.characters(min_codepoint=32, exclude_categories=("Cc", "Cs", "Cf")), max_size=60)


def flow(name: str, **more: object) -> FlowRow:
    return FlowRow(id="1", name=name, word="clean", strip="....", **more)  # type: ignore[arg-type]


@given(NAMES, st.integers(min_value=3, max_value=40))
def test_any_text_is_made_exactly_as_wide_as_wanted(text: str, width: int) -> None:
    assert cells(fitted(text, width)) == width


@given(st.lists(NAMES, max_size=4), st.integers(min_value=70, max_value=200))
def test_no_line_of_a_table_is_wider_than_its_paper(names: list[str], width: int) -> None:
    lines = table(FLOWS.columns, [flow(name) for name in names], MOMENT, Paper(width, False))
    assert all(cells(line) <= width for line in lines)


class Screen(io.TextIOWrapper):
    """A terminal that shows what it is sent."""

    def __init__(self, *, terminal: bool = True) -> None:
        self.sent = io.BytesIO()
        super().__init__(self.sent, encoding="utf-8", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@given(NAMES)
def test_a_terminal_that_knows_ascii_only_is_sent_nothing_else_and_as_wide(name: str) -> None:
    screen, file = Screen(), Screen(terminal=False)
    keep_to_ascii(screen, file)
    for stream in (screen, file):
        stream.write(f"▸{name} ·· 1 → 2…")
    assert screen.sent.getvalue().isascii()
    assert len(screen.sent.getvalue()) == cells(f"▸{name} ·· 1 → 2…")
    assert screen.sent.getvalue().endswith(b" .. 1 > 2~")
    assert file.sent.getvalue().decode() == f"▸{name} ·· 1 → 2…"


def test_a_terminal_that_tells_no_width_is_taken_for_a_common_one() -> None:
    master, side = os.openpty()
    with os.fdopen(master, "rb"), os.fdopen(side, "w") as terminal:
        assert Paper.of(terminal, {}, plain=False).width == 80


@pytest.mark.parametrize(("env", "plain"), [({"ACCESSIBLE": "1"}, False), ({}, True)])
def test_who_wants_lines_gets_them_plain(env: dict[str, str], plain: bool) -> None:
    assert Paper.of(io.StringIO(), env, plain=plain).written("·▸…") == ".>~"


def test_a_narrow_table_sheds_columns_before_it_cuts_words() -> None:
    row = flow("Salesforce contacts", reason="because", dataset_name="CRM contacts")
    wide = table(FLOWS.columns, [row], MOMENT, Paper(250, False))
    narrow = table(FLOWS.columns, [row], MOMENT, Paper(80, False))
    assert "DATASET" in wide[0]
    assert "DATASET" not in narrow[0]
    assert "Salesforce contacts" in narrow[1]


def test_a_pipe_gets_everything_and_no_colour() -> None:
    row = flow("x" * 300)
    lines = table(FLOWS.columns, [row], MOMENT, Paper(None, False))
    assert "x" * 300 in lines[1]
    assert "\x1b" not in "".join(lines)


def test_a_detail_has_every_fact_and_every_row() -> None:
    shown = Detail(
        "Title",
        [
            Prose("A sentence.", tone="warn"),
            Facts([Fact("Label", "text")], title="Facts"),
            Grid("Grid", ("A", "B"), [("1", "2"), ("3", "4")], right=frozenset({1})),
            Grid("Empty", ("A",), [], empty="Nothing here."),
        ],
        word="FAILED",
    )
    text = "\n".join(detail(shown, Paper(80, False)))
    for part in ("Title   FAILED", "A sentence.", "Label   text", "1  2", "3  4", "Nothing here."):
        assert part in text
