"""The notes: shared by processes without duplicates, private, never rebuilt."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from aeptui.mirror.values import Freshness
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.alerts import Mark, Marks, about_cause, about_flow, alarming
from aeptui.monitor.codes import CodeBook
from aeptui.monitor.events import Event, Look, Seen
from aeptui.monitor.said import sentence
from aeptui.notes import marking
from aeptui.notes.file import NotesError
from aeptui.notes.recorder import Recorder
from aeptui.notes.store import Notes

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
LOGIN = Failure("k-login", "CONNECTOR-1001-500", "", "", "The CRM said no", 100, None, True)


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Notes]:
    notes = Notes(tmp_path, "org~dev")
    yield notes
    notes.close()


def flow(word: str, *blames: Failure, id: str = "f") -> Seen:
    return Seen(id=id, name=f"flow {id}", word=word, since=NOW, blames=blames)


def look(*flows: Seen, minute: int = 0, current: bool = True) -> Look:
    return Look(NOW + timedelta(minutes=minute), flows, whole=True, current=current)


class Heard:
    """What a recorder hands on, and which of it alarms."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.alarms: list[tuple[str, str]] = []

    async def __call__(self, events: Sequence[Event], marks: Marks) -> None:
        self.events += events
        self.alarms += [(each.kind, each.state) for each in events if alarming(each, marks)]


async def test_the_first_current_look_is_kept_and_alarms_nobody(notes: Notes) -> None:
    heard = Heard()
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look(flow("failed", LOGIN), current=False))
    assert not heard.events
    await recorder.looked(look(flow("failed", LOGIN), minute=1))
    assert [event.kind for event in heard.events] == ["cause", "trouble"]
    assert not heard.alarms
    await recorder.looked(look(flow("failed", LOGIN), flow("late", id="g"), minute=2))
    assert heard.alarms == [("trouble", "late")]


async def test_what_happened_while_nobody_looked_is_told_once_and_quietly(notes: Notes) -> None:
    await Recorder(notes, lambda: NOW).looked(look(flow("clean"), flow("clean", id="g")))
    heard = Heard()
    later = Recorder(notes, lambda: NOW, told=heard)
    await later.looked(look(flow("failed", LOGIN), flow("clean", id="g"), minute=60))
    assert [(event.kind, event.quiet) for event in heard.events] == [
        ("cause", True),
        ("trouble", True),
    ]
    assert len(await notes.events()) == 2


async def test_two_processes_keep_one_event(notes: Notes, tmp_path: Path) -> None:
    other = Notes(tmp_path, "org~dev")
    recorders = [Recorder(notes, lambda: NOW), Recorder(other, lambda: NOW)]
    for recorder in recorders:
        await recorder.looked(look(flow("clean")))
    for recorder in recorders:
        await recorder.looked(look(flow("failed", LOGIN), minute=1))
    assert [kept.event.kind for kept in await other.events()] == ["trouble", "cause"]
    other.close()


async def test_who_does_not_lead_records_nothing_until_it_does(notes: Notes) -> None:
    heard, leading = Heard(), [False]
    recorder = Recorder(notes, lambda: NOW, leading=lambda: leading[0], told=heard)
    await recorder.looked(look(flow("clean")))
    await recorder.looked(look(flow("failed", LOGIN), minute=1))
    assert not await notes.events()
    leading[0] = True
    await recorder.looked(look(flow("failed", LOGIN), minute=2))
    assert heard.alarms == [("cause", "failed")]


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_what_could_not_be_kept_is_kept_and_told_as_soon_as_it_can(
    notes: Notes, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """At the first look, with a new cause, or with what came after it."""
    heard, count, keep = Heard(), 0, notes.happened

    async def locked_once(*told: Any) -> Any:
        nonlocal count
        count += 1
        if count == failing:
            raise NotesError("The notes are locked")
        return await keep(*told)

    monkeypatch.setattr(notes, "happened", locked_once)
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look(flow("late", id="g"), flow("clean"), flow("clean", id="h")))
    await recorder.asked({})
    failed = Look(NOW + timedelta(minutes=1), [flow("failed", LOGIN)])
    await recorder.looked(failed)
    await recorder.asked({})
    await recorder.looked(Look(NOW + timedelta(minutes=2), [flow("late", id="h")]))
    await recorder.asked({})
    assert heard.alarms == [("cause", "failed"), ("trouble", "late")]
    assert recorder.trouble == ""
    assert (await notes.standings()).keys() == {"f", "g", "h"}


async def test_sandboxes_stay_apart(notes: Notes, tmp_path: Path) -> None:
    other = Notes(tmp_path, "org~prod")
    await Recorder(notes, lambda: NOW).looked(look(flow("failed", LOGIN)))
    assert not await other.events()
    assert not await other.standings()
    other.close()


async def test_an_acknowledged_flow_is_calm_until_it_recovers_or_gets_worse(notes: Notes) -> None:
    heard = Heard()
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look(flow("clean")))
    await recorder.looked(look(flow("late"), minute=1))
    mark = Mark(kind="acknowledged", about=about_flow("f"), who="ann", at=NOW, words=("late",))
    await notes.mark([mark])
    assert (await notes.marks()).calm(NOW).keys() == {"f"}
    await recorder.looked(look(flow("stuck"), minute=2))
    assert heard.alarms == [("trouble", "late"), ("worse", "stuck")]
    assert not (await notes.marks()).calm(NOW)
    assert [(each.who, each.ended) for each in await notes.marked(NOW)] == [("ann", "worse")]


async def test_a_cause_that_was_put_off_alarms_nobody_until_then(notes: Notes) -> None:
    heard = Heard()
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look(flow("clean")))
    until = NOW + timedelta(minutes=15)
    about = about_cause("k-login")
    await recorder.looked(look(flow("failed", LOGIN), minute=1))
    await notes.mark([Mark(kind="snoozed", about=about, who="ann", at=NOW, until=until)])
    marks = await notes.marks()
    assert marks.of_flow("f", NOW) is not None
    assert marks.of_flow("f", until) is None


async def test_a_snooze_that_runs_out_alarms_once_if_it_is_still_wrong(notes: Notes) -> None:
    heard, now = Heard(), [NOW]
    recorder = Recorder(notes, lambda: now[0], told=heard)
    await recorder.looked(look(flow("clean"), flow("clean", id="g")))
    await recorder.looked(look(flow("late"), flow("late", id="g"), minute=1))
    until = NOW + timedelta(minutes=15)
    await notes.mark(
        [
            Mark(kind="snoozed", about=about_flow(id), who="ann", at=NOW, until=until)
            for id in ("f", "g")
        ]
    )
    well = {"flows": Freshness(NOW), "runs": Freshness(NOW)}
    await recorder.asked(well)
    await recorder.looked(look(flow("late"), flow("clean", id="g"), minute=2))
    heard.alarms.clear()
    now[0] = until
    for _ in range(2):
        await recorder.asked(well)
    assert heard.alarms == [("still", "late")]
    assert [each.ended for each in await notes.marked(NOW)] == ["over", "recovered"]


async def test_an_expected_failure_alarms_nobody(notes: Notes) -> None:
    heard = Heard()
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look(flow("clean"), flow("clean", id="g")))
    rule = Mark(
        kind="expected",
        about="FLOW f*",
        who="ann",
        at=NOW,
        until=NOW + timedelta(days=1),
        note="the CRM moves",
        words=("failed",),
    )
    await notes.mark([rule])
    await recorder.looked(look(flow("failed", LOGIN), flow("clean", id="g"), minute=1))
    assert not heard.alarms
    other = LOGIN._replace(key="k-other")
    await recorder.looked(look(flow("failed", LOGIN), flow("failed", other, id="g"), minute=2))
    assert heard.alarms == [("cause", "failed")]


async def test_a_rule_that_runs_out_tells_once_of_what_is_still_wrong(notes: Notes) -> None:
    heard, now = Heard(), [NOW]
    recorder = Recorder(notes, lambda: now[0], told=heard)
    await recorder.looked(look(flow("clean"), flow("clean", id="g"), flow("clean", id="h")))
    until = NOW + timedelta(hours=8)
    rule = Mark(
        kind="expected",
        about="Flow [fg]",
        who="ann",
        at=NOW,
        until=until,
        note="the CRM moves",
        words=("late",),
    )
    await notes.mark([rule])
    await recorder.looked(
        look(flow("late"), flow("odd", id="g"), flow("late", id="h"), minute=1),
    )
    heard.alarms.clear()
    well = {"flows": Freshness(NOW), "runs": Freshness(NOW)}
    await recorder.asked(well)
    assert not heard.alarms
    now[0] = until
    for _ in range(2):
        await recorder.asked(well)
    assert heard.alarms == [("still", "late")]
    told = (await notes.events())[0].event
    assert (
        sentence(told, CodeBook()) == "flow f still late and is no longer expected (the CRM moves)"
    )
    assert [each.ended for each in await notes.marked(NOW)] == ["over"]


async def test_a_rule_that_ran_out_while_nobody_looked_says_nothing_of_what_is_well_by_now(
    notes: Notes,
) -> None:
    until = NOW + timedelta(hours=8)
    await notes.mark([Mark(kind="expected", about="*", who="ann", at=NOW, until=until, note="-")])
    before = Recorder(notes, lambda: NOW)
    await before.looked(look(flow("late")))
    heard = Heard()
    recorder = Recorder(notes, lambda: until, told=heard)
    await recorder.asked({"flows": Freshness(until)})
    await recorder.looked(look(flow("clean"), minute=600))
    await recorder.asked({"flows": Freshness(until), "runs": Freshness(until)})
    assert [each.event.kind for each in await notes.events()] == ["recovered", "trouble"]


async def test_the_platform_out_of_touch_is_kept_with_its_end(notes: Notes) -> None:
    heard = Heard()
    recorder = Recorder(notes, lambda: NOW, told=heard)
    await recorder.looked(look())
    ill = Freshness(NOW - timedelta(minutes=5), "Nobody answers.", None, None, "unreachable")
    for freshness in ({"flows": ill}, {"flows": ill}):
        await recorder.asked(freshness)
    well = Freshness(NOW)
    await recorder.asked({"flows": well, "runs": well})
    assert [(event.kind, event.state) for event in heard.events] == [
        ("out-of-touch", "unreachable"),
        ("in-touch", ""),
    ]


async def test_notes_that_were_closed_refuse_instead_of_failing(tmp_path: Path) -> None:
    closed = Notes(tmp_path, "p")
    await closed.standings()
    closed.close()
    with pytest.raises(NotesError, match="was left"):
        await closed.marks()


async def test_the_file_is_private(notes: Notes, tmp_path: Path) -> None:
    await notes.standings()
    assert (tmp_path / "notes.sqlite").stat().st_mode & 0o777 == 0o600


async def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_bytes(b"no database at all, but somebody's file" * 40)
    before = path.read_bytes()
    with pytest.raises(NotesError, match="kept as it is"):
        await Notes(tmp_path, "p").events()
    assert path.read_bytes() == before


async def test_a_file_of_a_newer_version_is_refused(notes: Notes, tmp_path: Path) -> None:
    await notes.standings()
    with sqlite3.connect(tmp_path / "notes.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NotesError, match="newer version"):
        await Notes(tmp_path, "p").events()


async def test_notes_that_cannot_be_used_end_no_watch(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_bytes(b"somebody's file, and no database" * 40)
    recorder = Recorder(Notes(tmp_path, "p"), lambda: NOW)
    await recorder.looked(look(flow("failed", LOGIN)))
    assert "kept as it is" in recorder.trouble


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-30", "9999w", "0001-01-01", "2026-08-31"])
def test_no_mark_lasts_until_a_day_that_is_past_or_out_of_reach(text: str) -> None:
    for zone in (UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))):
        assert marking.until(text, NOW, zone) is None
