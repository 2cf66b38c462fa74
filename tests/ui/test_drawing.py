"""Text into cells."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import aeptui
from aeptui.ascii import PLAIN_SYMBOLS, ascii_only
from aeptui.resources.definition import Resource
from aeptui.resources.flows import FLOWS
from aeptui.resources.registry import RESOURCES
from aeptui.resources.runs import RUNS
from aeptui.ui.drawing import both_ends, cut, fit, line, wrap
from aeptui.ui.palette import PLAIN
from aeptui.ui.rows import further, furthest, run_strip, widths

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120)


@given(TEXT, st.integers(0, 60))
def test_a_fitted_text_takes_exactly_its_cells_whatever_it_holds(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, "right")) == width


@given(TEXT, st.integers(0, 60))
def test_a_cut_text_never_takes_more_than_its_room(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width


@given(st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=3), st.integers(1, 80))
def test_a_line_is_as_wide_as_the_screen_for_any_pieces(
    left: list[str], right: list[str], width: int
) -> None:
    pieces = [(text, PLAIN) for text in left]
    for strip in (line(pieces, width), both_ends(pieces, [(t, PLAIN) for t in right], width)):
        assert sum(cell_len(segment.text) for segment in strip) == width


@given(TEXT, st.integers(4, 60))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert all(cell_len(one) <= width for one in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_text_that_does_not_fit_ends_in_an_ellipsis() -> None:
    assert cut("Salesforce opportunities", 12) == "Salesforce…"


def test_the_newest_run_of_a_strip_stands_at_the_right_edge() -> None:
    assert "".join(text for text, _ in run_strip("..pF", 8)) == "    ··pF"


def test_every_symbol_has_a_stand_in_of_one_cell() -> None:
    assert all(len(chr(stand_in) if isinstance(stand_in, int) else stand_in) == 1
               for stand_in in PLAIN_SYMBOLS.values())  # fmt: skip


def test_every_symbol_that_is_drawn_has_a_stand_in() -> None:
    for name in ("ui", "resources", "monitor", "forms"):
        for file in sorted((Path(aeptui.__file__).parent / name).rglob("*.py")):
            drawn = {char for text in texts_of(file) for char in text if cell_len(char)}
            missing = {
                char for char in drawn - set(string.printable) if ord(char) not in PLAIN_SYMBOLS
            }
            assert not missing, file


def texts_of(file: Path) -> Iterator[str]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


@pytest.mark.parametrize(
    ("environ", "ascii"),
    [
        ({"LANG": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "en_US.utf8"}, False),
    ],
)
def test_only_ascii_is_sent_where_the_locale_is_not_utf8(
    environ: dict[str, str], ascii: bool
) -> None:
    assert ascii_only(environ) is ascii


@given(st.integers(58, 240))
def test_the_columns_of_flows_fit_at_any_width_and_the_name_stays_readable(room: int) -> None:
    laid = widths(FLOWS.columns, room)
    assert sum(width for _, width in laid) + 2 * (len(laid) - 1) <= room
    by_title = {column.title: width for column, width in laid}
    assert by_title["FLOW"] >= 24
    assert by_title["LAST 20 RUNS"] >= 12 and by_title["LOST"] == 6
    assert "NEXT" in by_title or room < 78


@given(st.sampled_from(RESOURCES), st.integers(58, 240))
def test_going_right_shows_every_column_of_any_list_beside_what_names_the_row(
    resource: Resource, room: int
) -> None:
    columns = resource.columns
    seen = {column.title for column, _ in widths(columns, room)}
    for passed in range(1, furthest(columns, room) + 1):
        laid = further(columns, room, passed)
        assert sum(width for _, width in laid) + 2 * (len(laid) - 1) <= room
        titles = [column.title for column, _ in laid]
        assert titles[0] == columns[0].title
        assert next(column.title for column in columns if column.grow) in titles
        seen |= set(titles)
    assert seen == {column.title for column in columns}


@pytest.mark.parametrize("room", [118, 198, 298])
def test_the_runs_of_one_flow_leave_no_room_unused_that_their_reasons_could_have(room: int) -> None:
    columns = [column for column in RUNS.columns if column.title != "FLOW"]
    laid = widths(columns, room)
    assert sum(width for _, width in laid) + 2 * (len(laid) - 1) == room
    assert {column.title: width for column, width in laid}["WHY"] >= 36
    assert next(column.title for column, _ in further(columns, 58, 4)) == "STARTED"
    assert len(further(columns, 58, 4)) > 1


def test_what_does_not_fit_on_a_line_ends_in_one_ellipsis() -> None:
    drawn = line([("abcdef ghijkl", PLAIN), ("  more", PLAIN)], 9)
    assert drawn.text.count("…") == 1
