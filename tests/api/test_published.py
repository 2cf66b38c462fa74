"""Every response example of the published specifications is understood by the client.

They are read from the folder that AEPTUI_SPECS names; without it these tests are skipped.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aeptui.api.calls import Answer, Call
from aeptui.api.catalog import Catalog
from aeptui.api.dataprep import DataPrep
from aeptui.api.errors import ApiError
from aeptui.api.exploring import Exploring
from aeptui.api.flowservice import FlowService
from aeptui.api.mappingtrials import MappingTrials
from aeptui.api.models import Model
from aeptui.api.problems import refusal
from aeptui.api.sandboxes import Sandboxes
from aeptui.api.schemaregistry import SchemaRegistry
from aeptui.api.scrub import scrub_json
from aeptui.api.writing import read_answer
from aeptui.api.xdmlibrary import XdmLibrary
from tests.api.published import SPECS, Example, examples

FOLDER = os.environ.get("AEPTUI_SPECS", "")
LEAST = 140
"""So many there were when this was written; fewer means that they are not read any more."""

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="AEPTUI_SPECS names no folder with the published specifications"
)


class Said:
    """A platform that says one thing, whatever it is asked."""

    def __init__(self, example: Example) -> None:
        self._example = example

    async def ask(self, call: Call) -> Answer:
        body = scrub_json(msgspec.json.encode(self._example.body))
        return Answer(self._example.status, body, "", SPECS[self._example.spec])


async def first(pages: AsyncIterator[list[Any]]) -> list[Any]:
    """The first page; what it links to is not there."""
    return await anext(pages)


async def identities(api: Said) -> list[Any]:
    return list(await XdmLibrary(api).identities(DESCRIBED))


DESCRIBED = "https://ns.adobe.com/{TENANT_ID}/schemas/837ea89d1103906bf6f2710064ae40b1"
"""The schema that the published identity descriptor is of."""

Reader = Callable[[Said], Awaitable[Any]]
READERS: dict[str, Reader] = {
    "flow-service GET /connections": lambda api: first(FlowService(api).list_base_connections()),
    "flow-service GET /connections/{BASE_CONNECTION_ID}": (
        lambda api: FlowService(api).get_base_connection("x")
    ),
    "flow-service GET /connections/{BASE_CONNECTION_ID}/test": (
        lambda api: FlowService(api).test_connection("x")
    ),
    "flow-service GET /connections/{BASE_CONNECTION_ID}/explore": (
        lambda api: Exploring(api).tables("x")
    ),
    "flow-service GET /connectionSpecs": lambda api: first(
        FlowService(api).list_connection_specs()
    ),
    "flow-service GET /connectionSpecs/{CONNECTION_SPEC_ID}": (
        lambda api: FlowService(api).get_connection_spec("x")
    ),
    "flow-service GET /flows": lambda api: first(FlowService(api).list_flows()),
    "flow-service GET /flows/{FLOW_ID}": lambda api: FlowService(api).get_flow("x"),
    "flow-service GET /flowSpecs": lambda api: first(FlowService(api).list_flow_specs()),
    "flow-service GET /flowSpecs/{FLOW_SPEC_ID}": lambda api: FlowService(api).get_flow_spec("x"),
    "flow-service GET /runs": lambda api: first(FlowService(api).list_runs()),
    "flow-service GET /runs/{RUN_ID}": lambda api: FlowService(api).get_run("x"),
    "flow-service GET /sourceConnections": (
        lambda api: first(FlowService(api).list_source_connections())
    ),
    "flow-service GET /sourceConnections/{SOURCE_CONNECTION_ID}": (
        lambda api: FlowService(api).get_source_connection("x")
    ),
    "flow-service GET /targetConnections": (
        lambda api: first(FlowService(api).list_target_connections())
    ),
    "flow-service GET /targetConnections/{TARGET_CONNECTION_ID}": (
        lambda api: FlowService(api).get_target_connection("x")
    ),
    "schema-registry GET /{CONTAINER_ID}/schemas": (
        lambda api: first(SchemaRegistry(api).list_schemas())
    ),
    "schema-registry GET /{CONTAINER_ID}/schemas/{SCHEMA_ID}": (
        lambda api: SchemaRegistry(api).get_schema("x")
    ),
    "schema-registry GET /{CONTAINER_ID}/fieldgroups/{FIELD_GROUP_ID}": (
        lambda api: XdmLibrary(api).full("fieldgroups", "global", "x")
    ),
    "schema-registry GET /{CONTAINER_ID}/classes/{CLASS_ID}": (
        lambda api: XdmLibrary(api).full("classes", "tenant", "x")
    ),
    "schema-registry GET /{CONTAINER_ID}/descriptors": lambda api: identities(api),
    "catalog GET /batches": lambda api: first(Catalog(api).list_batches()),
    "catalog GET /batches/{BATCH_ID}": lambda api: Catalog(api).get_batch("x"),
    "catalog GET /dataSets": lambda api: first(Catalog(api).list_datasets()),
    "catalog GET /dataSets/{DATASET_ID}": lambda api: Catalog(api).get_dataset("x"),
    "data-prep GET /mappingSets": lambda api: first(DataPrep(api).list_mapping_sets()),
    "data-prep GET /mappingSets/{MAPPING_SET_ID}": lambda api: DataPrep(api).get_mapping_set("x"),
    "data-prep POST /mappingSets/validate": lambda api: MappingTrials(api).validate({}),
    "data-prep POST /mappingSets/preview": lambda api: MappingTrials(api).preview({}, {}),
    "data-prep POST /languages/el/validate": lambda api: MappingTrials(api).accepts("x"),
    "data-prep GET /languages/el/functions": lambda api: MappingTrials(api).functions(),
    "sandbox GET /sandbox-management/": lambda api: first(Sandboxes(api).list_sandboxes()),
}
NAMELESS = {"data-prep GET /mappingSets/{MAPPING_SET_ID}"}
"""Whose example shows no id."""


def operation(example: Example) -> str:
    return f"{example.spec} {example.method} {example.path}"


def ids_in(found: Any) -> list[str]:
    models = found if isinstance(found, list) else [found]
    return [model.id for model in models if isinstance(model, Model)]


async def read(example: Example) -> str:
    """Understand one example, as the client would meet it; tells how."""
    reader = READERS.get(operation(example))
    body = scrub_json(msgspec.json.encode(example.body))
    if example.status >= 400:
        error = refusal(example.status, body, service=SPECS[example.spec].title)
        assert isinstance(error, ApiError)
        assert error.code
        assert error.request_id
        assert str(error).isprintable()
        return "refusals"
    if reader is not None:
        found = await reader(Said(example))
        assert found is not None
        assert all(ids_in(found)) or operation(example) in NAMELESS
        if isinstance(found, list):
            assert found
        return "answers that a service reads"
    if example.method != "GET":
        answer = read_answer(example.status, body, etag="", location="", request_id="")
        assert answer.id or not has_id(example.body)
        return "answers to writes"
    told = msgspec.json.decode(body)  # line ends in its texts have become visible
    assert isinstance(told, type(example.body))
    assert len(told) == len(example.body)
    return "answers that nothing here asks for in this form"


def has_id(body: Any) -> bool:
    return isinstance(body, dict) and bool({"id", "$id", "@id"} & body.keys())


async def test_every_published_example_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    how: Counter[str] = Counter()
    for example in examples(Path(FOLDER)):
        try:
            how[await read(example)] += 1
        except Exception as reason:
            raise AssertionError(f"{example}: {reason!r}") from reason
    with capsys.disabled():
        told = ", ".join(f"{count} {what}" for what, count in sorted(how.items()))
        print(f"\n{how.total()} published examples understood: {told}")
    assert how.total() >= LEAST


def test_every_reader_meets_an_example() -> None:
    shown = {operation(example) for example in examples(Path(FOLDER)) if example.status < 400}
    assert READERS.keys() <= shown
