"""A refused change brings both versions and what differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aeptui.api.conflicts import ABSENT, Difference, Outdated, outdated
from aeptui.api.errors import ApiError, Conflict
from aeptui.api.models import Flow
from aeptui.api.services import Services
from aeptui.api.writing import WriteRequest
from tests.api.canned import Canned, Reply
from tests.api.rehearsal import Rehearsed

FLOWS = "/data/foundation/flowservice"
STALE = Reply({"errorMessage": "Supplied version=[1] does not match"}, 412)


def patch(path: str, *operations: dict[str, Any], etag: str = '"1"') -> WriteRequest:
    headers = {"If-Match": etag, "Content-Type": "application/json"}
    return WriteRequest("PATCH", FLOWS + path, headers, json.dumps(operations).encode())


def replacing(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


async def any_flow(services: Services) -> Flow:
    async for page in services.flows.list_flows():
        return page[0]
    raise AssertionError("no flow")


async def test_somebody_was_faster_and_both_versions_are_told(
    rehearsal: Rehearsed, rehearsed: Services
) -> None:
    flow = await any_flow(rehearsed)
    theirs = patch(f"/flows/{flow.id}", replacing("/description", "theirs"), etag=flow.etag)
    await rehearsed.writing.send(theirs)
    ours = patch(f"/flows/{flow.id}", replacing("/description", "ours"), etag=flow.etag)
    with pytest.raises(Outdated) as told:
        await rehearsed.writing.send(ours)
    assert told.value.now["description"] == "theirs"
    assert told.value.differences == (Difference("/description", "ours", "theirs"),)
    assert told.value.since(flow.raw()) == (
        Difference("/description", flow.raw().get("description", ABSENT), "theirs"),
    )
    assert "description is “theirs” there, and “ours” was wanted" in str(told.value)
    assert (await rehearsed.flows.get_flow(flow.id)).description == "theirs"


async def test_a_race_that_changed_something_else_is_told_too(
    rehearsal: Rehearsed, rehearsed: Services
) -> None:
    flow = await any_flow(rehearsed)
    rehearsal.fault(kind="etag-race", method="PATCH", path=f"/flows/{flow.id}", times=1)
    before = len(rehearsal.asked(0))
    with pytest.raises(Outdated):
        await rehearsed.writing.send(
            patch(f"/flows/{flow.id}", replacing("/name", "ours"), etag=flow.etag)
        )
    assert [each["method"] for each in rehearsal.asked(0)[before:]] == ["PATCH", "GET"]


async def test_credentials_of_neither_version_are_shown(canned: Canned, services: Services) -> None:
    path = f"{FLOWS}/connections/b1"
    auth = {"specName": "Basic", "params": {"password": "THEIR-SECRET"}}
    canned.says("PATCH", path, STALE)
    canned.says("GET", path, Reply({"items": [{"id": "b1", "name": "A", "auth": auth}]}))
    with pytest.raises(Outdated) as told:
        await services.writing.send(
            patch(
                "/connections/b1",
                replacing("/auth/params/password", "OUR-SECRET"),
                replacing("/auth", {"params": {"password": "OUR-SECRET"}}),
                replacing("/name", "B"),
            )
        )
    shown = f"{told.value} {told.value.now} {told.value.differences}"
    assert "SECRET" not in shown
    assert "name is “A” there, and “B” was wanted" in shown


async def test_where_nothing_can_be_read_the_refusal_itself_is_told(
    canned: Canned, services: Services
) -> None:
    canned.says("PATCH", f"{FLOWS}/flows/f1", STALE)
    with pytest.raises(Conflict) as told:
        await services.writing.send(patch("/flows/f1", replacing("/name", "B")))
    assert not isinstance(told.value, Outdated)
    assert "does not match" in str(told.value)


async def test_other_refusals_of_a_change_cost_no_further_call(
    canned: Canned, services: Services
) -> None:
    canned.says("PATCH", f"{FLOWS}/flows/f1", Reply({"detail": "no"}, 400))
    with pytest.raises(ApiError):
        await services.writing.send(patch("/flows/f1", replacing("/name", "B")))
    assert [seen.method for seen in canned.asked(f"{FLOWS}/flows/f1")] == ["PATCH"]


REFUSED = Conflict("old", service="Flow Service", status=412)


@pytest.mark.parametrize(
    ("operation", "difference"),
    [
        (replacing("/a/0/b", 1), Difference("/a/0/b", 1, 2)),
        (replacing("/a/0/b", 2), None),
        ({"op": "REMOVE", "path": "/a"}, Difference("/a", ABSENT, [{"b": 2}])),
        ({"op": "remove", "path": "/gone"}, None),
        ({"op": "add", "path": "/new", "value": None}, Difference("/new", None, ABSENT)),
        ({"op": "add", "path": "/a/-", "value": 1}, None),
        ({"op": "replace", "path": "/x~1y", "value": 1}, Difference("/x~1y", 1, 3)),
    ],
)
def test_what_was_wanted_is_compared_value_by_value(
    operation: dict[str, Any], difference: Difference | None
) -> None:
    now = {"a": [{"b": 2}], "x/y": 3}
    found = outdated(REFUSED, json.dumps([operation]).encode(), now)
    assert found.differences == (() if difference is None else (difference,))


def test_bookkeeping_is_no_difference() -> None:
    found = outdated(REFUSED, None, {"etag": "2", "updatedAt": 2, "name": "A"})
    assert found.since({"etag": "1", "updatedAt": 1, "name": "A"}) == ()
