"""One action for many: in order, each once, what cannot be done skipped with its reason."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.errors import ApiError, ApiTrouble, ApiUnreachable, RateLimited
from aeptui.mirror.rows import FlowRow, Row
from aeptui.pipelines.actions import of
from aeptui.pipelines.many import Item, Many, Said, acting, skipped

if TYPE_CHECKING:
    from aeptui.session import Session


def flow(id: str) -> Item:
    return Item("flows", FlowRow(id=id, name=f"flow {id}"), f"flow {id}")


class Platform:
    """What was sent, and what came back."""

    def __init__(self, **answers: ApiTrouble) -> None:
        self.sent: list[str] = []
        self.answers = answers

    async def perform(self, row: Row) -> Said:
        self.sent.append(row.id)
        if row.id in self.answers:
            raise self.answers[row.id]
        return Said(True, "done")


async def test_each_is_tried_once_in_its_order_and_has_a_result() -> None:
    platform = Platform(b=ApiError("No", status=400))
    many = Many("switch", [flow("a"), flow("b"), flow("a"), flow("c")], platform.perform)
    seen: list[str] = []
    many.changed = lambda: seen.append(many.summary)
    await many.run()
    assert platform.sent == ["a", "b", "c"]
    assert [(item.came, item.said) for item in many.items] == [
        ("done", "done"),
        ("failed", "No"),
        ("done", "done"),
    ]
    assert seen[0] == "1 under way, 2 to go"
    assert seen[-1] == many.summary == "2 done, 1 failed"
    await many.run()
    assert platform.sent == ["a", "b", "c"]


async def test_what_cannot_be_done_is_skipped_with_its_reason() -> None:
    platform = Platform()
    refusals = {"b": "It is a draft"}

    async def refusal(row: Row) -> str | None:
        return refusals.get(row.id)

    many = Many("switch", [flow("a"), flow("b")], platform.perform, refusal)
    await many.weigh()
    assert skipped(many) == "Skipped: 1 (It is a draft)."
    await many.run()
    assert platform.sent == ["a"]
    assert many.summary == "1 done, 1 skipped"


async def test_it_is_judged_again_just_before_it_is_sent() -> None:
    platform = Platform()
    reasons: dict[str, str] = {}

    async def again(item: Item) -> Row | None:
        reasons["b"] = "It is being changed"
        return item.row

    async def refusal(row: Row) -> str | None:
        return reasons.get(row.id)

    many = Many("switch", [flow("a"), flow("b")], platform.perform, refusal, again=again)
    await many.run()
    assert platform.sent == ["a"]
    assert many.items[1].said == "It is being changed"


async def test_a_flow_that_somebody_turned_off_meanwhile_is_not_turned_on_again() -> None:
    platform = Platform()
    rows = [FlowRow(id=id, name=id, state="enabled") for id in ("a", "b")]
    now = {"a": rows[0], "b": FlowRow(id="b", name="b", state="disabled")}

    class Mirror:
        async def get(self, _kind: str, id: str) -> Row:
            return now[id]

    async def perform(_session: Session, row: Row) -> str:
        return (await platform.perform(row)).sentence

    async def aside(question: Any) -> Any:
        return question(session)

    session = cast("Session", SimpleNamespace(mirror=Mirror(), writable=True, aside=aside))
    switch = next(each for each in of("flows") if each.id == "switch")
    many = await acting(session, replace(switch, perform=perform), "flows", rows)
    await many.run()
    assert platform.sent == ["a"]
    assert many.items[1].said == "It was enabled when this was asked, and is disabled now"


async def test_the_rest_is_not_tried_where_nobody_answers() -> None:
    platform = Platform(b=ApiUnreachable("Nobody answers", host="h"))
    many = Many("retry", [flow("a"), flow("b"), flow("c")], platform.perform)
    await many.run()
    assert platform.sent == ["a", "b"]
    assert many.summary == "1 done, 1 failed, 1 not tried"
    assert many.items[2].said == "the one before could not be sent"


async def test_the_rest_is_not_tried_once_a_person_stops_it() -> None:
    platform = Platform()
    many = Many("retry", [flow("a"), flow("b"), flow("c")], platform.perform)
    many.changed = lambda: many.stop("stopped by you") if many.count("done") == 1 else None
    await many.run()
    assert platform.sent == ["a"]
    assert many.summary == "1 done, 2 not tried"


OUTCOME = st.sampled_from(("well", "refused", "error", "limited", "unreachable"))


@given(st.lists(OUTCOME, max_size=8))
async def test_any_mix_of_outcomes_leaves_each_with_one_result(outcomes: list[str]) -> None:
    troubles: dict[str, ApiTrouble] = {
        "error": ApiError("No", status=400),
        "limited": RateLimited("Slower", status=429),
        "unreachable": ApiUnreachable("Nobody answers", host="h"),
    }
    named = {str(n): outcome for n, outcome in enumerate(outcomes)}
    platform = Platform(**{id: troubles[each] for id, each in named.items() if each in troubles})

    async def refusal(row: Row) -> str | None:
        return "No" if named[row.id] == "refused" else None

    many = Many("retry", [flow(id) for id in named], platform.perform, refusal)
    await many.weigh()
    await many.run()
    first = next((n for n, each in enumerate(outcomes) if each == "unreachable"), len(outcomes))
    assert platform.sent == [
        id for n, (id, each) in enumerate(named.items()) if each != "refused" and n <= first
    ]
    assert many.over
    assert not many.count("waiting")
    assert not many.count("under way")
