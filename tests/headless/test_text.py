"""Plain text: aligned, and never wider than its paper."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from aeptui.headless.text import Paper, cells, detail, fitted, table
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
