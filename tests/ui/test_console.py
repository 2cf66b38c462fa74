"""The console over a real mirror: what it shows, where the cursor is, what the keys do."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from textual.events import Key

from aeptui.api import models
from aeptui.mirror.rows import FlowRow, Row
from aeptui.mirror.values import Freshness, Listing
from aeptui.pipelines import actions
from aeptui.pipelines.many import acting
from aeptui.resources.definition import Column, Detail, Resource
from aeptui.resources.registry import RESOURCES
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.detail import DetailPage
from aeptui.ui.screens.home import HomePage
from aeptui.ui.screens.raw import RawPage
from aeptui.ui.screens.resource import ListPage
from aeptui.ui.screens.why import WhyPage
from aeptui.ui.widgets.context_bar import ContextBar
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.json_view import JsonView
from aeptui.ui.widgets.notice import Notice
from tests.ui.conftest import HOSTILE, console, flow, flows, run

SIZES = [(80, 24), (120, 36), (160, 48), (60, 20)]


async def test_the_first_frame_holds_the_last_known_rows_worst_first(filled: Session) -> None:
    async with console(filled) as at:
        lines = at.text.splitlines()
        assert "FAILED" in lines[4] and "Salesforce contacts" in lines[4]
        assert "PARTIAL" in lines[5] and "412" in lines[5]
        assert "1 failed" in lines[1] and "412 rows lost" in lines[1]


async def test_what_is_due_when_the_console_is_left_does_not_end_it_by_a_bug(
    filled: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeptui.ui.app.FIRST_ANSWER_S", 60.0)
    async with console(filled) as at:
        pass
    assert not at.app.screen_stack
    at.app._begun()
    assert not at.app._beginning


async def test_the_selected_line_is_marked_without_colour(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("down")
        assert [line[0] for line in at.text.splitlines()].count("▸") == 1
        assert at.text.splitlines()[5].startswith("▸PARTIAL")


async def test_the_cursor_stays_on_its_flow_when_a_row_above_goes(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("down", "down", "down", "down")
        held, first = at.table.held, at.table.ids[0]
        left = [flow for flow in flows() if flow.id != first]
        await filled.mirror.upsert("flows", left, seen_at=filled.now(), complete=True)
        await at.until(lambda: first not in at.table.ids)
        assert at.table.held == held


async def test_when_the_row_under_the_cursor_goes_its_neighbour_takes_its_place(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.press("down", "down", "down")
        held, below = at.table.held, at.table.ids[4]
        left = [flow for flow in flows() if flow.id != held]
        await filled.mirror.upsert("flows", left, seen_at=filled.now(), complete=True)
        await at.until(lambda: held not in at.table.ids)
        assert at.table.held == below


async def test_until_a_key_is_pressed_the_cursor_is_on_the_worst(filled: Session) -> None:
    async with console(filled) as at:
        assert at.table.held == "flow-000"
        await filled.mirror.upsert("runs", [run(21, 0, 1)], seen_at=filled.now())
        await filled.watch.once()
        await at.until(lambda: at.table.ids[0] != "flow-000")
        assert at.table.held == at.table.ids[0]


async def test_paging_down_passes_every_run_once_and_in_order(filled: Session) -> None:
    everything = await filled.mirror.window(Listing("runs"), 2000)
    wanted = [row.id for row in everything.rows]
    assert len(wanted) == 840
    async with console(filled) as at:
        await at.type(":runs")
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, ListPage) and at.table.held == wanted[0])
        for index in range(1, 80):
            await at.press("down")
            await at.until(lambda i=index: at.table.held == wanted[i])
        await at.press("end")
        await at.until(lambda: at.table.held == wanted[-1])
        await at.press("home")
        await at.until(lambda: at.table.held == wanted[0])
        place = 0
        for number in range(20):  # a notice may take a line, or give it back, between two of them
            if number == 10:
                await at.pilot.resize_terminal(80, 23)
            fits = len(at.table.ids)
            await at.press("pagedown")
            await at.until(
                lambda p=place, f=fits: (
                    at.table.held in {wanted[p + n - 1] for n in (f, len(at.table.ids))}
                )
            )
            place = wanted.index(str(at.table.held))


@pytest.mark.parametrize(("columns", "lines"), SIZES)
async def test_a_hostile_name_is_shown_harmless_and_breaks_no_line(
    filled: Session, columns: int, lines: int
) -> None:
    async with console(filled, columns, lines) as at:
        await at.sees("[red]bold")
        assert all(cell_len(line) == columns for line in at.text.splitlines())
        await at.press("down", "down", "down", "enter")
        await at.until(lambda: isinstance(at.app.screen, DetailPage))
        await at.sees("[red]bold[/] [/oops] 日本語")
        assert all(cell_len(line) == columns for line in at.text.splitlines())
        assert isinstance(at.app.screen, DetailPage) and at.app.screen.row.name == HOSTILE


async def test_a_filter_narrows_as_it_is_typed_and_esc_puts_back_what_was_there(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.type("/state:failed,partial")
        await at.until(lambda: at.table.ids == ["flow-000", "flow-001"])
        await at.press("enter")
        await at.sees("filter state:failed,partial")
        await at.press("escape")
        await at.until(lambda: len(at.table.ids) > 5)
        assert "filter" not in at.text.splitlines()[1]


async def test_an_unknown_field_is_named_with_those_that_there_are(filled: Session) -> None:
    async with console(filled) as at:
        await at.type("/foo:1")
        await at.sees("have no field foo")
        await at.press("escape")
        await at.until(lambda: len(at.table.ids) > 5)


async def test_the_columns_that_do_not_fit_are_further_right_and_the_name_stays(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.type(":flows")
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, ListPage) and at.table.held)

        def header() -> str:
            return next(line for line in at.text.splitlines() if "FLOW " in line)

        before = header()
        assert "TABLE" not in before and before.rstrip().endswith("›")
        await at.press(*["right"] * 12)
        await at.until(lambda: "TABLE" in header())
        assert header().startswith("‹STATE") and not header().rstrip().endswith("›")
        assert all(flow.name[:12] in at.text for flow in flows()[:3])
        await at.press(*["left"] * 12)
        await at.until(lambda: header() == before)


async def test_sorting_by_the_next_column_shows_which_and_reverses(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("s")
        await at.sees("FLOW↑")
        by_name = at.table.ids[0]
        await at.press("S")
        await at.sees("FLOW↓")
        assert at.table.ids[0] != by_name


async def test_a_flow_opens_to_its_runs_and_a_run_to_its_rows(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("enter")
        await at.sees("Salesforce contacts", "flow runs", "RECEIVED")
        await at.press("down", "enter")
        await at.sees("Steps", "1,019")
        await at.press("escape", "escape")
        await at.until(lambda: isinstance(at.app.screen, HomePage))


async def test_why_says_at_once_what_the_mirror_knows(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("down", "w")
        await at.until(lambda: isinstance(at.app.screen, WhyPage))
        await at.sees("412 of 1,000 rows lost")


async def test_why_of_a_flow_that_is_late_is_about_that_and_not_about_an_older_failure(
    filled: Session,
) -> None:
    failed = run(99, 7, 300, "failed", errors=(models.RunError("X-1", "an old failure"),))
    await filled.mirror.upsert("runs", [failed], seen_at=filled.now())
    later = filled.now() + timedelta(hours=3)
    await filled.mirror.note("runs", at=later, trouble=None, next_in_s=15)
    await filled.watch.once()
    row = await filled.mirror.get("flows", "flow-007")
    assert isinstance(row, FlowRow) and row.word == "late"
    async with console(filled) as at:
        await at.until(lambda: at.table.row)
        await at.app.page.select(row.id)  # type: ignore[attr-defined]
        await at.press("w")
        await at.sees(f"The flow is late: {row.reason}.", "It ended well", "What to do: wait")
        assert "an old failure" not in at.text


async def test_why_of_a_flow_without_runs_says_what_is_wrong_with_it(filled: Session) -> None:
    await filled.mirror.upsert("flows", [flow(77, "Never started")], seen_at=filled.now())
    await filled.watch.once()
    async with console(filled) as at:
        await at.until(lambda: at.table.row)
        await at.app.page.select("flow-077")  # type: ignore[attr-defined]
        await at.press("w")
        await at.sees("This flow has no runs yet. It is late: ")


async def test_what_marked_rows_are_refused_for_is_looked_up_beside_the_loop_that_draws(
    filled: Session,
) -> None:
    looked_up_on: set[threading.Thread] = set()

    def refusal(session: Session, row: Row) -> str | None:
        looked_up_on.add(threading.current_thread())
        return retry.refusal(session, row)

    retry = next(each for each in actions.of("runs") if each.id == "retry")
    rows = [
        row
        for id in ("run-000-0020", "run-001-0020")
        if (row := await filled.mirror.get("runs", id))
    ]
    many = await acting(filled, dataclasses.replace(retry, refusal=refusal), "runs", rows)
    assert [item.said[:35] for item in many.items] == [
        "The profile acme is read-only, and ",
        "Only runs that failed or found no r",
    ]
    assert looked_up_on and threading.main_thread() not in looked_up_on


async def test_a_lowered_pace_is_said_where_the_token_and_the_pace_have_no_room(
    filled: Session,
) -> None:
    services = filled.services
    services.meter.token_expires_at = filled.now() + timedelta(hours=20)
    services.meter.last_limited_at = filled.now()
    services.budget.slow_down()
    bar = ContextBar(filled)
    bar.show(Age("40 s old"))
    told = bar.lines(80, 1)[0].text
    assert f"asked to slow down to {services.budget.pace:.0f} calls/min" in told
    assert "token till" not in told and "token till" in bar.lines(120, 1)[0].text


async def test_a_wait_that_the_platform_asks_for_is_said_at_once_and_until_it_is_over(
    filled: Session,
) -> None:
    meter = filled.services.meter
    async with console(filled) as at:
        now = filled.now()
        meter.note_limit(now, now + timedelta(seconds=45))
        await at.sees("slowed down by the platform, trying again in 40 s")
        meter.note_limit(now, now)
        await at.until(lambda: "slowed down by the platform" not in at.text)


async def test_what_is_wrong_is_said_whole_with_what_to_do(filled: Session) -> None:
    said = "IMS refused the client secret: invalid client_secret parameter; correct client_secret."
    async with console(filled) as at:
        at.app.notice = said
        at.app.screen.tick()
        notice = at.app.screen.query_one(Notice)
        await at.until(lambda: notice.size.height == 2)
        await at.until(lambda: " ".join(at.text.split()).count(said) == 1)
        await at.pilot.resize_terminal(120, 36)
        await at.until(lambda: notice.size.height == 1)


async def test_what_why_advises_can_be_done_from_there(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("w")
        await at.until(lambda: isinstance(at.app.screen, WhyPage))
        await at.sees("m mapping")
        for key in ("R", "E"):
            await at.press(key)
            await at.sees("read-only", ":unlock")


async def test_a_named_resource_can_be_followed_with_enter(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("enter")
        await at.sees("flow runs")
        view = at.app.screen.query_one(DetailView)
        await at.until(lambda: view.detail is not None)
        await at.press("tab", "end")
        for _ in range(12):
            if view.target is None:
                await at.press("up")
        assert view.target is not None
        wanted = view.target
        await at.press("enter")
        await at.until(
            lambda: isinstance(at.app.screen, DetailPage) and at.app.screen.row.id == wanted.id
        )


async def test_used_by_leads_to_what_a_flow_uses(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("u")
        await at.sees("uses", "base connection", "Salesforce prod")
        await at.press("enter")
        await at.until(
            lambda: isinstance(at.app.screen, DetailPage) and at.app.screen.row.id == "base-1"
        )


async def test_raw_shows_the_whole_answer(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("v")
        await at.sees('"scheduleParams"', '"interval"')
        assert at.app.screen.query_one(JsonView).text.count("\n") > 3


async def test_a_typo_on_the_go_to_line_is_met_with_the_nearest_word(filled: Session) -> None:
    async with console(filled) as at:
        await at.type(":flws")
        await at.sees("did you mean flows?")
        await at.press("enter")
        await at.sees("Nothing is called 'flws' here. Did you mean :flows?")


async def test_the_go_to_line_completes_and_finds_names(filled: Session) -> None:
    async with console(filled) as at:
        await at.type(":bas")
        await at.press("tab", "enter")
        await at.sees("base connections  1", "Salesforce prod")
        await at.type(":Dynamics leads")
        await at.press("enter")
        await at.until(
            lambda: isinstance(at.app.screen, DetailPage) and at.app.screen.row.id == "flow-001"
        )


async def test_an_empty_list_says_what_would_be_in_it_once_the_platform_has_answered(
    session: Session,
) -> None:
    async with console(session) as at:
        await at.sees("Not read yet.")
        assert "No flows" not in at.text
        for kind in ("flows", "runs"):
            await session.mirror.note(kind, at=session.now(), trouble=None, next_in_s=15)
        await at.sees("No flows in this sandbox yet.")


async def test_when_the_platform_is_away_the_rows_stay_and_their_age_is_told(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await filled.mirror.note(
            "flows",
            at=filled.now(),
            trouble="Nothing answers at all.",
            next_in_s=20,
            trouble_kind="unreachable",
        )
        await at.sees("platform unreachable, trying again in", "Nothing answers at all.", "ago")
        assert "FAILED" in at.text and at.table.stale


@pytest.mark.parametrize(("first_answer_s", "dimmed"), [(3600.0, False), (0.01, True)])
async def test_known_rows_are_dimmed_only_when_the_first_answer_is_overdue(
    filled: Session, monkeypatch: pytest.MonkeyPatch, first_answer_s: float, dimmed: bool
) -> None:
    monkeypatch.setattr("aeptui.ui.app.FIRST_ANSWER_S", first_answer_s)
    for kind in ("flows", "runs"):
        earlier = filled.now() - timedelta(hours=2)
        await filled.mirror.note(kind, at=earlier, trouble=None, next_in_s=15)
    async with console(filled) as at:
        await at.sees("2 h old")
        if dimmed:
            await at.sees("What you see is from")
        assert at.table.stale == dimmed
        assert ("What you see is from" in at.text) == dimmed


async def test_a_window_that_is_too_small_says_so_and_comes_back(filled: Session) -> None:
    async with console(filled) as at:
        await at.pilot.resize_terminal(50, 15)
        await at.sees("aeptui needs 60 columns")
        assert "FAILED" not in at.text
        await at.pilot.resize_terminal(80, 24)
        await at.sees("FAILED", "Salesforce contacts")


async def test_a_window_that_is_too_small_shows_no_keys_after_a_prompt_either(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.sees("FAILED")
        await at.press(":", "escape")
        await at.sees("enter open")
        await at.pilot.resize_terminal(50, 15)
        await at.sees("aeptui needs 60 columns")
        assert "enter open" not in at.text


async def test_no_key_reaches_a_page_that_is_hidden_in_a_window_that_is_too_small(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.sees("FAILED", "Nothing answers")
        held = at.app.home.table.held
        await at.pilot.resize_terminal(59, 24)
        await at.sees("aeptui needs 60 columns")
        assert "Nothing answers" not in at.text
        await at.press("down", "enter", ":", "x", "n", "q")
        await at.pilot.resize_terminal(80, 24)
        await at.sees("FAILED", "enter open")
        assert at.app.page is at.app.home
        assert at.app.home.table.held == held
        await at.press("down")
        await at.until(lambda: at.app.home.table.held != held)


async def test_a_question_waits_hidden_for_a_window_that_is_large_enough(filled: Session) -> None:
    async with console(filled) as at:
        await at.sees("FAILED")
        await at.press("enter")
        page = at.app.page
        await at.sees("flow runs")
        await at.press("tab")
        had_the_keys = page.focused
        answers: list[bool | None] = []
        at.app.push_screen(Confirm("Turn it off?", "No run comes."), answers.append)
        await at.sees("Turn it off?")
        await at.pilot.resize_terminal(59, 19)
        await at.until(lambda: "Turn it off?" not in at.text)
        await at.press("y", "escape")
        await at.pilot.resize_terminal(80, 24)
        await at.sees("Turn it off?")
        assert answers == []
        await at.press("escape")
        await at.until(lambda: answers == [False])
        await at.until(lambda: page.focused is had_the_keys)


@pytest.mark.parametrize("key", [":", "slash"])
async def test_the_cursor_shows_whether_the_list_has_the_keys(filled: Session, key: str) -> None:
    async with console(filled) as at:
        await at.sees("FAILED")
        table = at.app.home.table

        def is_loud() -> bool:
            styles = [segment.style for segment in table.render_line(1)]
            return all(style is not None and style.reverse for style in styles)

        assert is_loud()
        await at.press(key)
        await at.until(lambda: not table.has_focus)
        assert not is_loud()
        await at.press("escape")
        await at.until(lambda: table.has_focus)
        assert is_loud()


async def test_what_is_read_rarely_is_read_at_once_after_a_jump_of_the_clock(
    filled: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    async with console(filled) as at:
        await at.type(":base-connections")
        await at.press("enter")
        await at.sees("Salesforce prod")
        monkeypatch.setattr(type(filled.sync), "refresh", lambda _sync, *kinds: asked.extend(kinds))
        now = filled.now()
        for hours in (0, 3, 3, 0, 3):
            at.app.page.show_age({"base-connections": Freshness(now - timedelta(hours=hours))})
    assert asked == ["base-connections"] * 2, "once for each time that it had become old"


async def test_at_120_columns_the_selected_rows_detail_opens_on_the_right(filled: Session) -> None:
    async with console(filled, 120, 36) as at:
        await at.sees("Trend", "30 days", "source connection")
        await at.press("down")
        beside = at.app.screen.query_one("#beside", DetailView)
        await at.until(
            lambda: beside.detail is not None and beside.detail.title == "Dynamics leads"
        )


async def test_help_names_every_key_and_why_some_are_off(filled: Session) -> None:
    async with console(filled, 80, 90) as at:
        await at.type(":datasets")
        await at.press("enter")
        await at.sees("CRM contacts")
        await at.press("question_mark")
        await at.sees("(off: only flows and runs")
        for resource in RESOURCES:
            assert f" :{resource.kind} " in at.text


async def test_help_counts_what_the_platform_is_asked(filled: Session) -> None:
    meter = filled.services.meter
    for _ in range(3):
        meter.count()
    meter.last_latency_s, meter.last_limited_at = 0.0842, datetime(2026, 9, 2, 12, tzinfo=UTC)
    async with console(filled, 80, 130) as at:
        await at.press("question_mark")
        await at.sees("3 in the last minute, up to 20 allowed", "after 84 ms", "2 Sep 2026 ")


async def test_another_sandbox_is_another_session_with_nothing_of_the_old_one(
    filled: Session,
) -> None:
    async with console(filled) as at:
        await at.type(":sandbox")
        await at.press("enter")
        await at.sees("SANDBOX", "Empty")
        await at.press("down", "enter")
        await at.until(lambda: at.app.session is not filled)
        await at.sees("acme / empty", "Not read yet.")
        await at.until(lambda: len(at.app.screen_stack) == 1)


async def test_a_sandbox_that_does_not_exist_is_met_with_the_nearest_one(filled: Session) -> None:
    async with console(filled) as at:
        await at.type(":sandbox prd")
        await at.press("enter")
        await at.sees("There is no sandbox prd here. Did you mean prod?")


async def test_a_frozen_screen_holds_still_until_it_is_let_go(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("z")
        await at.sees("frozen")
        left = [flow for flow in flows() if flow.id != "flow-000"]
        await filled.mirror.upsert("flows", left, seen_at=filled.now(), complete=True)
        await at.pilot.pause(0.5)
        assert "Salesforce contacts" in at.text.splitlines()[4]
        await at.press("z")
        await at.until(lambda: "flow-000" not in at.table.ids)


async def test_a_bug_in_one_panel_breaks_that_panel_in_words_and_no_other(
    filled: Session, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_row: FlowRow, _moment: object) -> str:
        raise ZeroDivisionError

    async def detail(_session: Session, _row: object) -> Detail:
        raise ZeroDivisionError

    resource = Resource(
        kind="flows", aliases=(), detail=detail, order="name",
        empty="", columns=(Column("X", broken, width=8),),
    )  # fmt: skip
    async with console(filled) as at:
        await at.app.push_screen(ListPage(filled, resource))
        await at.sees("This panel is broken by a bug of ours", "acme / dev", "? help")
        assert any("ZeroDivisionError" in (r.exc_text or "") for r in caplog.records)


async def test_ctrl_c_quits_at_the_second_press(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("ctrl+c")
        await at.sees("Press ctrl+c again to quit.")
        await at.press("ctrl+c")
        await at.until(lambda: at.app.return_code == 0 or not at.app.is_running)


async def test_q_on_home_quits_and_elsewhere_does_not(filled: Session) -> None:
    async with console(filled) as at:
        await at.press("v")
        await at.sees("scheduleParams")
        await at.press("q")
        await at.pilot.pause(0.1)
        assert at.app.is_running
        await at.press("escape", "q")
        await at.until(lambda: not at.app.is_running)
        assert at.app.return_code == 0


async def test_keys_typed_ahead_wait_for_the_page_that_they_are_meant_for(
    filled: Session,
) -> None:
    async with console(filled) as at:
        driver = at.app._driver
        assert driver is not None
        for key in ["colon", *"runs", "enter", "down", "enter", "v"]:
            driver.send_message(Key(key, key if len(key) == 1 else None))
        await at.until(lambda: isinstance(at.app.screen, RawPage))
        assert [type(page).__name__ for page in at.app.screen_stack] == [
            "HomePage",
            "ListPage",
            "DetailPage",
            "RawPage",
        ]


async def test_several_resources_of_one_name_are_listed_to_choose_from(filled: Session) -> None:
    mapping = models.MappingSet(id="mapping-1", name="Dynamics leads", version=4)
    await filled.mirror.upsert("mapping-sets", [mapping], seen_at=filled.now())
    async with console(filled) as at:
        await at.type(":Dynamics leads")
        await at.press("enter")
        await at.sees("2 called Dynamics leads", "mapping set")
        await at.press("enter")
        await at.until(
            lambda: isinstance(at.app.screen, DetailPage) and at.app.screen.row.id == "flow-001"
        )


async def test_a_key_that_can_do_nothing_on_a_page_is_not_offered_there(filled: Session) -> None:
    async with console(filled) as at:
        assert "w why" in at.text
        await at.type(":datasets")
        await at.press("enter")
        await at.sees("CRM contacts", "u used by")
        assert "w why" not in at.text and "n new" in at.text
        await at.type(":batches")
        await at.press("enter")
        await at.sees("batches", "u used by")
        assert "n new" not in at.text


async def test_a_narrow_flow_has_its_chain_under_each_other_and_nothing_cut(
    filled: Session,
) -> None:
    async with console(filled, 60, 24) as at:
        await at.press("enter")
        await at.sees("base connection    Salesforce prod", "dataset            CRM contacts")
        await at.pilot.resize_terminal(100, 24)
        await at.sees("Salesforce prod ─ ", "base connection   source connection")


async def test_the_stations_of_a_chain_can_be_followed_one_by_one(filled: Session) -> None:
    async with console(filled, 100, 24) as at:
        await at.press("enter")
        view = at.app.screen.query_one(DetailView)
        await at.until(lambda: view.detail is not None)
        await at.press("tab", "down")
        await at.until(lambda: view.target == ("base-connections", "base-1"))
        await at.press("down", "down", "down")
        await at.until(lambda: view.target == ("datasets", "dataset-1"))
        await at.press("enter")
        await at.until(
            lambda: isinstance(at.app.screen, DetailPage) and at.app.screen.row.id == "dataset-1"
        )


async def test_a_long_sentence_is_said_whole_and_goes_with_the_next_key(filled: Session) -> None:
    async with console(filled) as at:
        page = at.app.page
        page.say(f"This is what happened: {'a word ' * 20}and this is what it means.")
        await at.sees("This is what happened:", "what it means.")
        await at.press("down")
        await at.sees("enter open")
        assert "what it means" not in at.text and at.text.splitlines()[-1].startswith(" enter open")
