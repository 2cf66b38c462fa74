"""Events and marks in the console: what rings, what is calm, what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aeptui.monitor.events import Event, Standing
from aeptui.session import Session
from tests.ui.conftest import Console, console

STANDINGS = {
    "flow-000": Standing("Salesforce contacts", "failed", None, ("k-login",), "base-1", True),
    "flow-001": Standing("Dynamics leads", "partial", None, ("k-date",), "base-1", True),
}


def event(session: Session, **more: object) -> Event:
    values: dict[str, object] = {
        "kind": "cause",
        "state": "failed",
        "at": session.now(),
        "cause": "k-login",
        "code": "CONNECTOR-1001-500",
        "flow_ids": ("flow-000",),
        "flows": ("Salesforce contacts",),
    }
    return Event(**{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
async def noted(filled: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose notes know what stands for its two bad flows; they are looked at often."""
    monkeypatch.setattr("aeptui.ui.app.LOOK_S", 0.05)
    await filled.notes.happened([], STANDINGS, {}, filled.now())
    return filled


async def test_what_happened_while_nobody_looked_is_summed_up_where_somebody_had_looked_before(
    noted: Session,
) -> None:
    async with console(noted) as at:
        await at.until(lambda: at.app.alerting.marks.standings)
        missed = [event(noted, quiet=True), event(noted, kind="trouble", state="late", quiet=True)]
        assert noted.recorder.told is not None
        await noted.recorder.told(missed, at.app.alerting.marks)
        assert "While nobody looked" not in at.text, "nothing had ever been noted here"
    await noted.notes.happened([event(noted)], {}, {}, noted.now())
    async with console(noted) as at:
        await at.until(lambda: at.app.alerting.marks.standings)
        await noted.recorder.told(missed, at.app.alerting.marks)
        await at.sees("While nobody looked: 1 new cause, 1 flow in trouble. :events lists them.")


async def test_a_flow_is_acknowledged_and_taken_back_by_one_key(noted: Session) -> None:
    async with console(noted) as at:
        await at.until(lambda: at.app.alerting.marks.standings)
        held = at.table.held
        await at.press("a")
        await at.sees("failed  a Salesforce contacts", "(1 known)", "a takes it back")
        # What nobody knows of stands before it, and the cursor has gone with it.
        await at.until(lambda: at.text.index("PARTIAL") < at.text.index("failed  a"))
        assert at.table.held == held
        await at.press("a")
        await at.sees("FAILED    Salesforce contacts", "not acknowledged any more")
        assert "known" not in at.text


async def test_a_flow_that_is_well_is_not_acknowledged(noted: Session) -> None:
    async with console(noted) as at:
        await at.press("end", "a")
        await at.sees("Not done: nothing is wrong with")


async def test_a_flow_is_snoozed_for_a_chosen_time_and_woken(noted: Session) -> None:
    async with console(noted) as at:
        await at.until(lambda: at.app.alerting.marks.standings)
        await at.press("down", "i")
        await at.sees("15 minutes", "until tomorrow 8:00")
        await at.press("down", "enter")
        await at.sees("partial z Dynamics leads", "snoozed until")
        (mark,) = at.app.alerting.marks.all
        assert mark.until == mark.at + timedelta(hours=1)
        await at.press("i")
        await at.sees("wake it now")
        await at.press("enter")
        await at.sees("PARTIAL   Dynamics leads", "awake")


async def test_a_rule_is_made_by_four_answers_and_taken_back(noted: Session) -> None:
    async with console(noted) as at:
        await at.until(lambda: at.app.alerting.marks.standings)
        await _go(at, ":rules", "Nothing is expected")
        await at.press("n")
        await at.sees("flows: Salesforce contacts")
        await at.press("ctrl+u")
        await at.type("Salesforce *")
        await at.press("enter")
        await at.sees("may be:")
        await at.type("faild")
        await at.press("enter")
        await at.sees("did you mean failed?")
        await at.press("ctrl+u", "enter")
        await at.sees("until:")
        await at.type("soon")
        await at.press("enter")
        await at.sees("no time to come")
        await at.press("ctrl+u")
        await at.sees("a length such as 8h")  # what was wrong is not said of the next answer
        await at.type("2d")
        await at.press("enter")
        await at.sees("because:")
        await at.type("the CRM moves")
        await at.press("enter")
        await at.sees("expected", "Salesforce *", "2 flows")
        await at.press("escape")
        await at.sees("failed  x Salesforce contacts")
        await _go(at, ":rules", "Salesforce *")
        await at.press("enter")
        await at.sees("Salesforce *: expected by", ": the CRM moves.")
        await at.press("X")
        await at.sees("Take back")
        await at.press("y")
        await at.sees("not expected any more", "Nothing is expected")


async def test_events_tell_what_is_new_since_one_last_looked(noted: Session) -> None:
    recovered = event(noted, kind="recovered", state="clean", before="late", flow_ids=("flow-007",))
    await noted.notes.happened([event(noted), recovered], {}, {}, noted.now())
    async with console(noted) as at:
        await _go(at, ":events", "1 new cause, 1 recovered")
        await at.sees("New cause in Salesforce contacts", "after being late")
        later = event(noted, kind="trouble", state="late", reason="12 min overdue")
        await noted.notes.happened([later], {}, {}, noted.now())
        await at.sees("12 min overdue")
        await at.press("escape")
        await _go(at, ":events", "since you last looked")
        await at.sees("nothing new")
        await at.press("home", "enter")
        await at.sees("Salesforce prod")


async def test_a_new_cause_rings_the_bell(noted: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(noted) as at:
        rung: list[bool] = []
        monkeypatch.setattr(at.app, "bell", lambda: rung.append(True))
        await at.until(lambda: noted.recorder.told)
        assert noted.recorder.told is not None
        marks = await noted.marks()
        await noted.recorder.told([event(noted, quiet=True)], marks)
        assert not rung
        await noted.recorder.told([event(noted), event(noted, kind="trouble")], marks)
        assert rung == [True]


async def test_notes_that_cannot_be_used_are_told_of_and_the_console_goes_on(
    filled: Session,
) -> None:
    (filled.config.state_dir / "notes.sqlite").write_bytes(b"somebody's file, no database" * 40)
    async with console(filled, 120, 36) as at:
        await at.sees("cannot be read", "Salesforce contacts")
        await at.press("a")
        await at.sees("Not done")
        await _go(at, ":events", "it is kept as it is")


async def _go(at: Console, text: str, words: str) -> None:
    await at.type(text)
    await at.press("enter")
    await at.sees(words)
