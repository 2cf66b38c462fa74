"""The line that sums a sandbox up, and the live panel under the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.values import Live, Summary
from aeptui.moment import Moment
from aeptui.monitor.tones import RANKED
from aeptui.ui.drawing import Piece, both_ends
from aeptui.ui.summary import summary_line
from aeptui.ui.widgets.live_panel import LivePanel

NOW = datetime(2026, 9, 16, 14, 10, tzinfo=UTC)


def summary(flows: dict[str, int], lost: int = 0) -> Summary:
    return Summary(flows, lost, 0, {}, None)


def text(pieces: list[Piece]) -> str:
    return "".join(words for words, _ in pieces)


@given(
    st.dictionaries(st.sampled_from(RANKED), st.integers(1, 10_000), min_size=1),
    st.integers(0, 10**9),
    st.integers(60, 200),
)
def test_no_word_of_the_summary_is_cut_and_no_flow_uncounted_at_any_width(
    flows: dict[str, int], lost: int, width: int
) -> None:
    left, right = summary_line(summary(flows, lost), width)
    assert cell_len(text(list(left))) + cell_len(text(list(right))) <= width
    assert "…" not in both_ends(left, right, width).text
    counted = 0
    for words, _ in left:
        number, word = words.split(maxsplit=1)
        assert word.strip() in (*RANKED, "more")
        counted += int(number.replace(",", "").lstrip("+"))
    assert counted == sum(flows.values())
    assert not lost or f"{lost:,}" in text(list(right))


def test_the_worst_words_are_named_and_the_least_important_become_one() -> None:
    left, right = summary_line(summary(dict.fromkeys(RANKED, 1), 18), 80)
    assert text(list(left)).startswith(" 1 failed  1 partial  1 stuck  1 late ")
    assert text(list(left)).endswith("more ")
    assert text(list(right)) == "18 lost "


def panel(run: RunRow, usual: dict[str, float], width: int = 80) -> str:
    made = LivePanel(lambda: Moment(NOW, UTC))
    made.live = Live((run,), (), usual)
    return "".join(segment.text for segment in made.lines(width, 5)[0])


def test_an_open_run_is_measured_against_what_is_usual() -> None:
    run = RunRow(
        id="r",
        flow_id="f",
        flow_name="Zoho contacts",
        word="running",
        phase="copying",
        received=12_400,
        started_at=NOW - timedelta(seconds=83),
    )
    told = panel(run, {"f": 120.0})
    assert "12,400 rows" in told and "1m20 of ~2m" in told
    assert 0 < told.count("█") < panel(run, {"f": 80.0}).count("█")
    assert "of ~" not in panel(run, {}) and "█" not in panel(run, {})


def test_the_last_run_of_a_flow_that_needs_a_person_is_told_with_the_reason() -> None:
    run = RunRow(
        id="r",
        flow_id="f",
        flow_name="Zoho contacts",
        word="clean",
        ingested=412,
        started_at=NOW - timedelta(seconds=83),
        completed_at=NOW,
    )
    made = LivePanel(lambda: Moment(NOW, UTC))
    made.live = Live((), (run,), {})
    made.follow("f", run)
    assert "clean" in made.lines(80, 5)[0].text and "412 rows in 1m23" in made.lines(80, 5)[0].text
    made.follow("f", run, FlowRow(id="f", word="odd", reason="412 rows, usually 9,800"))
    assert "ODD" in made.lines(80, 5)[0].text
    assert "412 rows, usually 9,800" in made.lines(80, 5)[0].text
