"""Every field that the documentation filters a list by finds what has it, and only that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.emulated import FLOWSERVICE, Rehearsal
from tests.emulator.tutorial import BASE_CONNECTION, follow_the_tutorial

FIELDS = {
    "connectionSpecs": ("id", "name", "providerId", "attributes.category"),
    "flowSpecs": ("id", "name", "providerId"),
    "connections": ("id", "name", "connectionSpec.id", "state", "createdAt", "updatedAt"),
    "sourceConnections": (
        *("id", "connectionSpec.id", "baseConnectionId", "params.tableName"),
        "params.columns[].name",
    ),
    "targetConnections": ("id", "connectionSpec.id", "params.dataSetId"),
    "flows": (
        *("id", "name", "description", "flowSpec.id", "state", "sourceConnectionIds[]"),
        *("targetConnectionIds[]", "lastRunDetails.startedAtUTC", "lastRunDetails.state"),
        *("transformations[].params.mappingId", "inheritedAttributes.properties.isSourceFlow"),
        "inheritedAttributes.sourceConnections[].connectionSpec.id",
        "inheritedAttributes.targetConnections[].connectionSpec.id",
    ),
    "runs": (
        *("id", "flowId", "metrics.statusSummary.status", "createdAt", "updatedAt"),
        "metrics.durationSummary.startedAtUTC",
    ),
}
SORTED = ("connections", "sourceConnections", "targetConnections", "flows", "runs")


@pytest.fixture(scope="module")
def asked(emulator: Rehearsal) -> Iterator[httpx.Client]:
    """A client in a world where the tutorial was followed, and its flow has run."""
    with emulator.client() as api:
        made = api.post(f"{FLOWSERVICE}/connections", json=BASE_CONNECTION)
        assert made.status_code == 201, made.text
        follow_the_tutorial(emulator, api, made.json()["id"])
        emulator.advance(minutes=10)
        yield api


def held(item: Mapping[str, Any], path: str) -> list[Any]:
    """The values at a path, as the grammar spells it."""
    found: list[Any] = [item]
    for step in path.split("."):
        name = step.removesuffix("[]")
        inner = [each[name] for each in found if isinstance(each, Mapping) and name in each]
        found = [one for each in inner for one in each] if step.endswith("[]") else inner
    return found


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, paths in FIELDS.items() for path in paths]
)
def test_a_documented_field_finds_what_has_it_and_only_that(
    asked: httpx.Client, kind: str, path: str
) -> None:
    def items(**query: str) -> list[dict[str, Any]]:
        answer = asked.get(f"{FLOWSERVICE}/{kind}", params=query)
        assert answer.status_code == 200, answer.text
        listed: list[dict[str, Any]] = answer.json()["items"]
        return listed

    every = items()
    some = next((value for each in every for value in held(each, path)), None)
    assert some is not None, f"nothing in this world has a {path}"
    word = str(some).lower() if isinstance(some, bool) else str(some)
    found = items(property=f"{path}=={word}")
    assert [each["id"] for each in found] == [
        each["id"] for each in every if some in held(each, path)
    ]
    if path not in ("id", "createdAt"):
        assert items(property=f"{path}!={word}") == [each for each in every if each not in found]


@pytest.mark.parametrize("kind", SORTED)
def test_a_list_is_in_the_order_of_any_documented_field(asked: httpx.Client, kind: str) -> None:
    for path in FIELDS[kind]:
        if path.endswith("]") or "[]." in path:
            continue
        for sign in ("", "-"):
            answer = asked.get(f"{FLOWSERVICE}/{kind}", params={"orderby": sign + path})
            assert answer.status_code == 200, answer.text
            there = [value for each in answer.json()["items"] for value in held(each, path)]
            assert there == sorted(there, reverse=bool(sign))
