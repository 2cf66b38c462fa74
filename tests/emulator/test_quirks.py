"""Each oddity of the platform's answers, on and off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from aeptui.emulator.services.quirks import QUIRKS
from tests.emulated import FLOWSERVICE, Rehearsal
from tests.emulator.tutorial import PLATFORM, follow_the_tutorial, runs_of

Maker = Callable[..., str]


@contextmanager
def odd(rehearsal: Rehearsal, quirk: str) -> Iterator[None]:
    rehearsal.ask("quirks", **{quirk: "on"})
    try:
        yield
    finally:
        rehearsal.ask("quirks", **{quirk: "off"})


@pytest.fixture(scope="module")
def world(emulator: Rehearsal) -> dict[str, str]:
    """The tutorial's flow, run once, with some rows refused."""
    emulator.ask("reset")
    with emulator.client() as api:
        secrets = dict.fromkeys(("username", "securityToken"), "x") | {"password": "wrong"}
        params = {"environmentUrl": "https://example.my.salesforce.com"} | secrets
        body: dict[str, Any] = {
            "name": "Refused",
            "auth": {"specName": "Basic Authentication", "params": params},
            "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"},
        }
        refused = api.post(f"{FLOWSERVICE}/connections", json=body).json()["id"]
        body["auth"]["params"]["password"] = "right"
        base_id = api.post(f"{FLOWSERVICE}/connections", json=body).json()["id"]
        flow = follow_the_tutorial(emulator, api, base_id)
        emulator.advance(minutes=12)
        (run,) = runs_of(api, flow.flow_id)
    batch = run["activities"][1]["targetInfo"][0]["reference"]["ids"][0]
    return {"base": base_id, "refused": refused, "batch": batch, "dataset": flow.dataset_id}


ASKED: list[tuple[str, str, Callable[[httpx.Response], bool]]] = [
    (
        "explore-items",
        f"{FLOWSERVICE}/connections/{{base}}/explore?objectType=root",
        lambda answer: isinstance(answer.json(), dict) and bool(answer.json()["items"]),
    ),
    (
        "test-error",
        f"{FLOWSERVICE}/connections/{{refused}}/test",
        lambda answer: answer.status_code >= 400,
    ),
    (
        "transformation-spec",
        f"{FLOWSERVICE}/flowSpecs",
        lambda answer: "transformationSpec" in answer.json()["items"][0],
    ),
    (
        "source-paths",
        f"{PLATFORM}/conversion/mappingSets?limit=1",
        lambda answer: (
            answer.json()["data"][0]["mappings"][0]["sourceType"] == "text/x.schema-path"
        ),
    ),
    (
        "data-object",
        f"{PLATFORM}/conversion/mappingSets",
        lambda answer: isinstance(answer.json()["data"], dict),
    ),
    (
        "modified-by",
        f"{PLATFORM}/sandbox-management/",
        lambda answer: "modifiedBy" in answer.json()["sandboxes"][0],
    ),
    (
        "type-objects",
        f"{PLATFORM}/sandbox-management/sandboxTypes",
        lambda answer: isinstance(answer.json()["sandboxTypes"][0], dict),
    ),
    (
        "legacy-errors",
        f"{FLOWSERVICE}/flows/none",
        lambda answer: answer.status_code == 404 and set(answer.json()) == {"errorMessage"},
    ),
    (
        "bare-errors",
        f"{PLATFORM}/conversion/mappingSets/none",
        lambda answer: answer.status_code == 404 and answer.content == b"",
    ),
]


@pytest.mark.parametrize(("quirk", "path", "shown"), ASKED, ids=[each[0] for each in ASKED])
def test_an_answer_is_odd_while_its_quirk_is_on(
    emulator: Rehearsal,
    api: httpx.Client,
    world: dict[str, str],
    quirk: str,
    path: str,
    shown: Callable[[httpx.Response], bool],
) -> None:
    asked = path.format(**world)
    with odd(emulator, quirk):
        assert shown(api.get(asked))
    assert not shown(api.get(asked))


def test_a_reference_may_be_in_lower_case(
    emulator: Rehearsal, api: httpx.Client, world: dict[str, str]
) -> None:
    url = f"{PLATFORM}/catalog/dataSets/{world['dataset']}"
    renamed = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    with odd(emulator, "datasets-lower"):
        assert api.patch(url, json=renamed).json() == [f"@/datasets/{world['dataset']}"]
    assert api.patch(url, json=renamed).json() == [f"@/dataSets/{world['dataset']}"]


def test_the_last_line_of_row_errors_may_be_cut_off(
    emulator: Rehearsal, api: httpx.Client, world: dict[str, str]
) -> None:
    meta = f"{PLATFORM}/export/batches/{world['batch']}/meta"
    path = {"path": "row_errors/conversion_errors_0.json"}
    whole = api.get(meta, params=path).text.splitlines()
    assert [json.loads(line) for line in whole]
    with odd(emulator, "broken-row-errors"):
        *lines, last = api.get(meta, params=path).text.splitlines()
    assert lines == whole[:-1]
    with pytest.raises(json.JSONDecodeError):
        json.loads(last)


def test_every_quirk_is_explained(emulator: Rehearsal) -> None:
    assert all(sentence and "\n" not in sentence for sentence in QUIRKS.values())
    listed = emulator.control.get("/quirks").json()
    assert set(listed) == set(QUIRKS)
    assert set(listed.values()) == {"off"}
