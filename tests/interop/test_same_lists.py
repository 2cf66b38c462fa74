"""Adobe's own client and ours, asked for the same lists of the same world, bring the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import pytest

from aeptui.api.services import Services
from tests.emulated import demo_world, emulated
from tests.interop.conftest import Adobe

pytestmark = pytest.mark.filterwarnings("ignore")  # aepp's own: no TLS, old calls of pandas


@pytest.fixture(scope="module")
def demo(aepp: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adobe]:
    """aepp on the whole demo, whose runs fill several pages."""
    with emulated(demo_world(tmp_path_factory), "--speed", "0") as rehearsal:
        yield Adobe(rehearsal, aepp)


@pytest.fixture
async def ours(demo: Adobe) -> AsyncIterator[Services]:
    async with Services(demo.rehearsal.settings()) as services:
        yield services


async def ids(pages: AsyncIterator[list[Any]]) -> list[str]:
    return [model.id async for page in pages for model in page]


def theirs(found: list[dict[str, Any]]) -> list[str]:
    return [str(each["id"]) for each in found]


async def test_connections_come_with_the_same_ids_in_the_same_order(
    demo: Adobe, ours: Services
) -> None:
    flows, aepp = ours.flows, demo.flow
    assert await ids(flows.list_base_connections()) == theirs(aepp.getConnections(n_results="inf"))
    sources = theirs(aepp.getSourceConnections(n_results="inf"))
    assert await ids(flows.list_source_connections()) == sources
    targets = theirs(aepp.getTargetConnections(n_results="inf"))
    assert await ids(flows.list_target_connections()) == targets
    assert len(sources) == len(targets) > 1


async def test_flows_and_runs_come_with_the_same_ids_in_the_order_of_their_times(
    demo: Adobe, ours: Services
) -> None:
    """aepp asks for no order, so its lists are put into the one that ours are asked for in."""
    flows = demo.flow.getFlows(limit=100, n_results="inf")
    assert len(flows) > 1
    await same_in_order(ours.flows.list_flows(), flows, "updatedAt")
    runs = demo.flow.getRuns(limit=100, n_results="inf")
    assert len(runs) > 100
    await same_in_order(ours.flows.list_runs(), runs, "createdAt")


async def same_in_order(
    pages: AsyncIterator[list[Any]], told: list[dict[str, Any]], field: str
) -> None:
    found = await ids(pages)
    times = {each["id"]: each[field] for each in told}
    assert sorted(found) == sorted(times)
    assert [times[id] for id in found] == sorted(times.values(), reverse=True)


async def test_mapping_sets_come_with_the_same_ids(demo: Adobe, ours: Services) -> None:
    found = await ids(ours.data_prep.list_mapping_sets())
    assert found == theirs(demo.dataprep.getMappingSets())


async def test_schemas_and_sandboxes_come_with_the_same_ids(demo: Adobe, ours: Services) -> None:
    schemas = demo.schema.getSchemas()
    assert len(schemas) > 1
    assert sorted(await ids(ours.schemas.list_schemas())) == sorted(s["$id"] for s in schemas)
    sandboxes = [each["name"] for each in demo.sandboxes.getSandboxes()]
    assert sorted(await ids(ours.sandboxes.list_sandboxes())) == sorted(sandboxes)


async def test_datasets_and_batches_come_with_the_same_ids_in_the_same_order(
    demo: Adobe, ours: Services
) -> None:
    """On one page each: aepp passes over one after every page."""
    datasets = list(demo.catalog.getDataSets(limit=100, orderBy="desc:updated"))
    assert await ids(ours.catalog.list_datasets()) == datasets
    dataset = datasets[0]
    batches = list(demo.catalog.getBatches(limit=100, dataSet=dataset, orderBy="desc:created"))
    found = await ids(ours.catalog.list_batches(dataset_id=dataset))
    assert 0 < len(found) < 100
    assert found == batches
