"""Several writers at once, and filters against a reading of the same list by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulated import FLOWSERVICE, Rehearsal

Maker = Callable[..., str]
CONNECTIONS = f"{FLOWSERVICE}/connections"
WRITERS = 8


def test_of_any_writers_with_one_etag_one_wins(fresh: Rehearsal, base_connection: Maker) -> None:
    with fresh.client() as api:
        url = f"{CONNECTIONS}/{base_connection(client=api)}"
        for _ in range(5):
            etag = api.get(url).json()["items"][0]["etag"]

            def write(number: int, etag: str = etag) -> httpx.Response:
                renamed = [{"op": "replace", "path": "/name", "value": f"Writer {number}"}]
                return api.patch(url, json=renamed, headers={"If-Match": etag})

            with ThreadPoolExecutor(WRITERS) as writers:
                answers = list(writers.map(write, range(WRITERS)))
            won = [n for n, each in enumerate(answers) if each.status_code == 200]
            lost = [each.json()["type"].rsplit("/", 1)[1] for each in answers if each.is_error]
            assert len(won) == 1
            assert lost == ["FLOW-1404-412"] * (WRITERS - 1)
            kept = api.get(url).json()["items"][0]
            assert kept["name"] == f"Writer {won[0]}"
            assert kept["etag"] == kept["version"] == answers[won[0]].json()["etag"] != etag


def test_what_is_made_at_once_is_all_there_under_ids_of_its_own(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        with ThreadPoolExecutor(WRITERS) as writers:
            ids = list(writers.map(lambda n: base_connection(f"Base {n}", client=api), range(40)))
        assert len(set(ids)) == 40
        listed = api.get(CONNECTIONS, params={"limit": 100}).json()["items"]
        assert {each["id"] for each in listed} == set(ids)


NAMES = ["a", "b", "B", "a,b", 'quo"ted', "a b", "ü", "10", "9", "<b>[red]"]


@pytest.fixture(scope="module")
def connections(emulator: Rehearsal) -> list[dict[str, Any]]:
    """Twelve connections whose names are hard to filter on, each a second after the one before."""
    emulator.ask("reset")
    with emulator.client("prod") as api:
        for name in [*NAMES, "a", "b"]:
            secrets = dict.fromkeys(("username", "password", "securityToken"), "x")
            params = {"environmentUrl": "https://example.my.salesforce.com"} | secrets
            body = {
                "name": name,
                "auth": {"specName": "Basic Authentication", "params": params},
                "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"},
            }
            assert api.post(CONNECTIONS, json=body).status_code == 201
            emulator.advance(seconds=1)
        found: list[dict[str, Any]] = api.get(CONNECTIONS, params={"limit": 100}).json()["items"]
    return found


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


CONDITIONS = st.one_of(
    st.tuples(
        st.just("name"),
        st.sampled_from(["==", "!="]),
        st.lists(st.sampled_from([*NAMES, "none"]), min_size=1, max_size=3),
    ),
    st.tuples(
        st.just("createdAt"),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(-1, 13).map(lambda place: [place]),
    ),
)
HOLDS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "==": lambda found, wanted: found in wanted,
    "!=": lambda found, wanted: found not in wanted,
    "<": lambda found, wanted: found < wanted[0],
    "<=": lambda found, wanted: found <= wanted[0],
    ">": lambda found, wanted: found > wanted[0],
    ">=": lambda found, wanted: found >= wanted[0],
}


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(CONDITIONS, max_size=3), falling=st.booleans())
def test_any_filter_finds_what_reading_the_list_by_hand_finds(
    emulator: Rehearsal,
    connections: list[dict[str, Any]],
    prod: httpx.Client,
    asked: list[tuple[str, str, list[Any]]],
    falling: bool,
) -> None:
    begin = connections[0]["createdAt"]
    expected, texts = connections, []
    for name, operator, wanted in asked:
        if name == "createdAt":
            wanted = [begin + wanted[0] * 1000]
            texts.append(f"createdAt{operator}{wanted[0]}")
        else:
            texts.append(f"name{operator}{','.join(map(quoted, wanted))}")
        holds = HOLDS[operator]
        expected = [e for e in expected if holds(e[name], wanted)]
    question: list[tuple[str, str]] = [("property", text) for text in texts]
    order = ("orderby", "-createdAt" if falling else "createdAt")
    found = prod.get(CONNECTIONS, params=[*question, order]).json()["items"]
    ordered = sorted(expected, key=lambda each: each["createdAt"], reverse=falling)
    assert [each["id"] for each in found] == [each["id"] for each in ordered]
    counted = prod.get(CONNECTIONS, params=[*question, ("count", "true")]).json()
    assert counted == {"count": len(expected)}


@pytest.fixture
def prod(emulator: Rehearsal) -> Any:
    with emulator.client("prod") as api:
        yield api
