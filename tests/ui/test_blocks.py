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
from aeptui.ui.widgets.detail_view import DetailView

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
