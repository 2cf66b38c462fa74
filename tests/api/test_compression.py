"""Answers may come compressed: they are read whole, bounded, and never half."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import msgspec
import pytest

from aeptui.api.calls import Call, Service
from aeptui.api.errors import BadAnswer, NotFound
from aeptui.api.services import Services
from aeptui.api.writing import MayHaveLanded, WriteRequest
from tests.api.canned import Canned, Reply

FLOWS = "/data/foundation/flowservice"
FLOW = f"{FLOWS}/flows/f1"
WAYS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


def squeezed(body: object, way: str = "gzip", status: int = 200) -> Reply:
    headers = {"content-encoding": way}
    return Reply(WAYS[way](msgspec.json.encode(body)), status, headers)


@pytest.mark.parametrize("way", WAYS)
async def test_a_compressed_page_is_asked_for_and_read(
    canned: Canned, services: Services, way: str
) -> None:
    flows = [{"id": f"f{n}", "name": "Größe"} for n in range(100)]
    canned.says("GET", f"{FLOWS}/flows", squeezed({"items": flows}, way))
    pages = [page async for page in services.flows.list_flows()]
    assert [[flow.id for flow in page] for page in pages] == [[flow["id"] for flow in flows]]
    accepted = canned.asked(f"{FLOWS}/flows")[0].headers["accept-encoding"]
    assert way in accepted.split(", ")


async def test_a_compressed_refusal_keeps_its_sentence(canned: Canned, services: Services) -> None:
    canned.says("GET", FLOW, squeezed({"errorMessage": "There is no f1"}, status=404))
    with pytest.raises(NotFound, match="There is no f1"):
        await services.flows.get_flow("f1")


async def test_an_answer_that_is_compressed_wrongly_is_asked_for_again_and_told(
    canned: Canned, services: Services
) -> None:
    broken = Reply(b"not compressed at all", 200, {"content-encoding": "gzip"})
    canned.says("GET", FLOW, broken, squeezed({"items": [{"id": "f1"}]}))
    assert (await services.flows.get_flow("f1")).id == "f1"
    canned.says("GET", FLOW, broken)
    with pytest.raises(BadAnswer, match="Flow Service sent an answer that is compressed wrongly"):
        await services.flows.get_flow("f1")


async def test_a_compressed_page_that_is_cut_is_no_shorter_list(
    canned: Canned, services: Services
) -> None:
    whole = gzip.compress(msgspec.json.encode({"items": [{"id": f"f{n}"} for n in range(100)]}))
    canned.says("GET", f"{FLOWS}/flows", Reply(whole[:-20], 200, {"content-encoding": "gzip"}))
    with pytest.raises(BadAnswer, match="Flow Service sent"):
        [page async for page in services.flows.list_flows()]


async def test_a_small_answer_that_unfolds_without_end_is_refused(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", f"{FLOWS}/flows", squeezed("x" * 3_000_000))
    assert services._line.client is not None
    with pytest.raises(BadAnswer, match="more than 2 MB"):
        await services._line.client.ask(Call(Service.FLOWS, "/flows", max_bytes=2 * 1024 * 1024))


async def test_a_yes_to_a_write_is_read_and_one_compressed_wrongly_may_have_landed(
    canned: Canned, services: Services
) -> None:
    creation = WriteRequest("POST", f"{FLOWS}/flows", body=b"{}")
    broken = Reply(b"\x1f\x8b no", 201, {"content-encoding": "gzip"})
    canned.says("POST", f"{FLOWS}/flows", squeezed({"id": "f1"}, status=201), broken)
    assert (await services.writing.send(creation)).id == "f1"
    with pytest.raises(MayHaveLanded):
        await services.writing.send(creation)
    assert len(canned.asked(f"{FLOWS}/flows")) == 2
