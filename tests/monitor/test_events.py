"""Events: each change told once, nothing that was already so, nothing that flaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from aeptui.mirror.values import Freshness
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.events import Event, Look, Seen, Standing, Touch, happened, touched
from aeptui.monitor.tones import NEEDS_A_PERSON, RANKED

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def failure(key: str, code: str, message: str, lost: int) -> Failure:
    return Failure(key, code, "", "", message, lost, None, False)


LOGIN = failure("k-login", "CONNECTOR-1001-500", "The CRM refused the credentials", 100)
DATE = failure("k-date", "INGEST-1401-400", "birthDate is not a date", 7)


class Story:
    """Looks one after another, and the events that they make."""

    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        self.minutes = 0

    def look(self, *flows: Seen, whole: bool = False, quiet: bool = False) -> list[Event]:
        self.minutes += 1
        look = Look(NOW + timedelta(minutes=self.minutes), flows, whole=whole)
        done = happened(self.standings, look, quiet=quiet)
        for id, standing in done.standings.items():
            self.standings.pop(id, None)
            if standing is not None:
                self.standings[id] = standing
        return done.events


def flow(word: str, *blames: Failure, id: str = "f", base: str = "crm", known: bool = True) -> Seen:
    name = f"flow {id}"
    return Seen(id=id, name=name, word=word, since=NOW, base=base, blames=blames, known=known)


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.state) for event in events]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["clean", "failed"], [("trouble", "failed")]),
        (["failed", "failed"], [("trouble", "failed")]),
        (["failed", "running", "failed"], [("trouble", "failed")]),
        (["failed", "clean"], [("trouble", "failed"), ("recovered", "clean")]),
        (["late", "running", "clean"], [("trouble", "late"), ("recovered", "clean")]),
        (["late", "waiting", "late"], [("trouble", "late")]),
        (["late", "off"], [("trouble", "late"), ("recovered", "off")]),
        (["partial", "failed"], [("trouble", "partial"), ("worse", "failed")]),
        (["failed", "partial"], [("trouble", "failed"), ("eased", "partial")]),
        (["stuck", "running", "odd"], [("trouble", "stuck"), ("eased", "odd")]),
        (["draft", "clean", "running", "off"], []),
    ],
)
def test_a_change_of_what_stands_is_told_once(
    words: list[str], expected: list[tuple[str, str]]
) -> None:
    story = Story()
    assert [each for word in words for each in told(story.look(flow(word)))] == expected


def test_a_failure_is_over_though_the_next_run_is_going_on() -> None:
    story = Story()
    story.look(flow("failed", LOGIN))
    going = flow("running")
    assert not story.look(going)
    assert told(story.look(structs.replace(going, last="clean"))) == [("recovered", "clean")]


def test_a_cause_is_new_once_however_many_flows_meet_it() -> None:
    story = Story()
    first = story.look(flow("failed", LOGIN, id="a"), flow("failed", LOGIN, id="b"))
    assert told(first) == [("cause", "failed"), ("trouble", "failed"), ("trouble", "failed")]
    assert first[0].flows == ("flow a", "flow b")
    assert first[0].rows_lost == 200
    assert told(story.look(flow("failed", LOGIN, id="c"))) == [("trouble", "failed")]


def test_a_cause_that_reaches_another_connection_is_news() -> None:
    story = Story()
    story.look(flow("failed", LOGIN, id="a"))
    events = story.look(flow("failed", LOGIN, id="b", base="other"))
    assert told(events) == [("cause", "failed"), ("trouble", "failed")]
    assert events[0].flows == ("flow b",)


def test_a_cause_is_new_again_when_every_flow_had_recovered() -> None:
    story = Story()
    story.look(flow("failed", LOGIN, id="a"), flow("failed", LOGIN, id="b"))
    story.look(flow("clean", id="a"))
    assert told(story.look(flow("failed", LOGIN, id="a"))) == [("trouble", "failed")]
    story.look(flow("clean", id="a"), flow("clean", id="b"))
    assert told(story.look(flow("failed", LOGIN, id="a"))) == [
        ("cause", "failed"),
        ("trouble", "failed"),
    ]


def test_a_code_that_one_bad_run_lacks_is_not_new_in_the_next() -> None:
    story = Story()
    story.look(flow("partial", LOGIN, DATE))
    assert not story.look(flow("partial", LOGIN))
    assert not story.look(flow("partial", LOGIN, DATE))


def test_a_second_cause_is_told_while_the_flow_stays_what_it_is() -> None:
    story = Story()
    story.look(flow("partial", DATE))
    assert told(story.look(flow("partial", LOGIN))) == [("cause", "partial")]


def test_what_was_so_at_the_first_look_is_quiet() -> None:
    story = Story()
    events = story.look(flow("failed", LOGIN), flow("late", id="g"), whole=True, quiet=True)
    assert [event.quiet for event in events] == [True, True, True]
    assert not story.look(flow("failed", LOGIN), flow("late", id="g"))


def test_a_recovery_knows_when_the_trouble_began() -> None:
    story = Story()
    story.look(flow("failed"))
    (event,) = story.look(flow("clean"))
    assert (event.before, event.first_seen) == ("failed", NOW)


def test_a_flow_that_is_gone_needs_nobody_any_more() -> None:
    story = Story()
    story.look(flow("failed", LOGIN), flow("clean", id="g"), whole=True)
    events = story.look(flow("clean", id="g"), whole=True)
    assert told(events) == [("recovered", "gone")]
    assert set(story.standings) == {"g"}


def test_words_by_comparison_wait_for_the_past_and_are_quiet_when_it_comes() -> None:
    story = Story()
    assert not story.look(flow("late", known=False))
    assert [event.quiet for event in story.look(flow("late"))] == [True]
    # A flow that is new is news, whatever its word.
    assert [event.quiet for event in story.look(flow("late", id="new"))] == [False]


def test_a_failure_is_told_before_the_past_is_known() -> None:
    story = Story()
    story.look(flow("clean", known=False))
    assert told(story.look(flow("failed", known=False))) == [("trouble", "failed")]
    assert told(story.look(flow("clean", known=False))) == [("recovered", "clean")]


@given(st.lists(st.sampled_from(RANKED), max_size=12))
def test_troubles_and_recoveries_alternate_whatever_the_words(words: list[str]) -> None:
    story = Story()
    kinds = [event.kind for word in words for event in story.look(flow(word))]
    sides = [kind for kind in kinds if kind in ("trouble", "recovered")]
    assert sides == (["trouble", "recovered"] * len(sides))[: len(sides)]
    settled = [word for word in words if word not in ("running", "waiting")]
    bad = bool(settled) and settled[-1] in NEEDS_A_PERSON
    assert (len(sides) % 2 == 1) == bad


def fresh(kind: str | None, ago_s: float) -> dict[str, Freshness]:
    at = NOW - timedelta(seconds=ago_s)
    ill = Freshness(at, "Nobody answers.", None, None, kind) if kind else Freshness(at)  # type: ignore[arg-type]
    return {"flows": Freshness(NOW), "runs": ill}


@pytest.mark.parametrize(
    ("kind", "ago_s", "is_told"),
    [
        ("unreachable", 20, False),
        ("unreachable", 40, True),
        ("limited", 40, True),
        ("refused", 1, True),
        (None, 400, False),
    ],
)
def test_a_short_trouble_passes_and_a_refusal_does_not(
    kind: str | None, ago_s: float, is_told: bool
) -> None:
    event, touch = touched(None, fresh(kind, ago_s), NOW, patience=timedelta(seconds=30))
    assert (event is not None, touch is not None) == (is_told, is_told)


def test_the_platform_is_back_when_all_is_read_again() -> None:
    patience = timedelta(seconds=30)
    touch = Touch("unreachable", NOW - timedelta(hours=1))
    assert touched(touch, fresh("failing", 1), NOW, patience=patience) == (None, touch)
    assert touched(touch, {"flows": Freshness(NOW)}, NOW, patience=patience) == (None, touch)
    event, after = touched(touch, fresh(None, 0), NOW, patience=patience)
    assert event is not None
    assert (event.kind, event.first_seen, after) == ("in-touch", touch.since, None)
