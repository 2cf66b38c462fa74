"""A detail says the same in the console and on paper."""

from __future__ import annotations

import pytest

from aeptui.headless.text import Paper
from aeptui.headless.text import detail as on_paper
from aeptui.resources.definition import (
    Chain,
    Detail,
    Fact,
    Facts,
    Grid,
    Prose,
    Stage,
    Target,
)
from aeptui.resources.troubles import Sample, sample_grid
from aeptui.ui.screens.page import clause
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.key_bar import Key, KeyBar

SAID = (
    "Salesforce contacts", "PARTIAL", "412 of 10,212 rows lost.", "Schedule", "every 30 min",
    "base connection", "Salesforce prod", "dataset", "CRM contacts", "9 rows",
    "What went wrong", "a row cannot be parsed", "INGEST-1401-400", "398",
)  # fmt: skip
TOLD = Detail(
    "Salesforce contacts",
    [
        Prose("412 of 10,212 rows lost."),
        Chain(
            [
                Stage("base connection", "Salesforce prod", "", Target("base-connections", "b")),
                Stage("dataset", "CRM contacts", "9 rows", Target("datasets", "d")),
            ]
        ),
        Facts([Fact("Schedule", "every 30 min")]),
        Grid(
            "What went wrong",
            ("WHAT", "CODE", "ROWS"),
            [("a row cannot be parsed", "INGEST-1401-400", "398")],
            right=frozenset({2}),
        ),
    ],
    word="PARTIAL",
    tone="warn",
)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_every_block_is_told_whole_in_the_console_at_any_width(width: int) -> None:
    view = DetailView(titled=True)
    view.detail = TOLD
    text = "\n".join(strip.text for strip in view.body(width))
    assert [words for words in SAID if words not in text] == []
    assert "…" not in text


def test_every_block_is_told_whole_on_paper() -> None:
    text = "\n".join(on_paper(TOLD, Paper(80, colour=False)))
    assert [words for words in SAID if words not in text] == []


RUNS = Grid(
    "Runs",
    ("RUN", "STATE", "RECEIVED", "INGESTED", "SKIPPED", "LOST", "TOOK"),
    [("yesterday 22:31", "PARTIAL", "10,212", "9,800", "0", "412", "3m05")],
    right=frozenset({2, 3, 4, 5, 6}),
    spare=(4, 3),
)


def test_a_grid_that_is_too_wide_sheds_its_spare_columns_before_it_cuts_a_word() -> None:
    view = DetailView()
    view.detail = Detail("A flow", [RUNS])
    wide, narrow = ("\n".join(strip.text for strip in view.body(width)) for width in (80, 52))
    assert "SKIPPED" in wide
    assert "9,800" in wide
    assert "yesterday 22:31  PARTIAL    10,212   412  3m05" in narrow
    assert "SKIPPED" not in narrow
    on_paper_too = "\n".join(on_paper(Detail("A flow", [RUNS]), Paper(52, colour=False)))
    assert "yesterday 22:31" in on_paper_too
    assert "412" in on_paper_too
    assert "SKIPPED" not in on_paper_too


def test_the_key_bar_names_the_way_back_however_many_keys_there_are() -> None:
    keys = [Key(letter, "what it does") for letter in "abcdefgh"]
    bar = KeyBar()
    bar.show([*keys, Key("esc", "back"), Key("y", "copy"), Key("?", "help")])
    assert bar.text.rstrip().endswith("esc back  ? help")
    assert len(bar.lines(80, 1)[0].text.rstrip()) <= 80


def test_a_sample_row_shows_what_is_at_fault_first_and_the_rest_where_there_is_room() -> None:
    row = {f"Column{number}": f"value {number}" for number in range(19)}
    row["Column19"] = "value 19, which is wrong at its end: example com"
    grid = sample_grid([Sample("c", "m", row, frozenset({"Column19"}))], "Sample rows", 5)
    view = DetailView()
    view.detail = Detail("A run", [grid])
    wide, narrow = ("\n".join(strip.text for strip in view.body(width)) for width in (200, 88))
    assert wide.count("value") == 12
    assert narrow.count("value") == 5
    assert "▸Column19" in narrow
    assert "wrong at its end: example com" in narrow


def test_a_reason_goes_on_in_small_letters_unless_it_begins_with_a_name_or_a_key() -> None:
    assert clause("Only runs that failed can be retried.") == "only runs that failed can be retried"
    assert clause("Salesforce prod is gone") == "Salesforce prod is gone"
    assert clause("X on their flow deletes that") == "X on their flow deletes that"
