"""Each dialect of paging gives every item once and comes to an end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.calls import Answer, Call, Service
from aeptui.api.errors import BadAnswer
from aeptui.api.paging import (
    CATALOG_PAGE,
    catalog_pages,
    flow_pages,
    offset_pages,
    own_query,
    registry_pages,
)

CALL = Call(Service.FLOWS, "/runs", params=(("property", "flowId==f1"), ("orderby", "-createdAt")))


class Pages:
    """Answers one body after the other and remembers what it was asked."""

    def __init__(self, *bodies: Any) -> None:
        self.bodies = list(bodies)
        self.asked: list[Call] = []

    async def ask(self, call: Call) -> Answer:
        self.asked.append(call)
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return Answer(200, raw, "rid", call.service)


def ids(pages: list[list[bytes]]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for page in pages for item in page]


def page(*names: str, **more: Any) -> dict[str, Any]:
    return {"items": [{"id": name} for name in names], **more}


def linked(*names: str, href: str) -> dict[str, Any]:
    return page(*names, _links={"next": {"href": href}})


@pytest.mark.parametrize(
    "href",
    [
        "/runs?continuationToken=ab%2Bc%3D%3D",
        "/runs?continuationToken=ab+c==",
        "runs?continuationToken=ab+c==",
        "?limit=2&continuationToken=ab+c==",
        "/data/foundation/flowservice/runs?continuationToken=ab%2Bc==",
        "https://platform-int.adobe.io:443/data/foundation/flowservice/runs?continuationToken=ab%2Bc==",
        "//evil.example/runs?continuationToken=ab%2Bc==&property=flowId==other",
    ],
)
async def test_a_next_link_gives_its_token_and_nothing_else(href: str) -> None:
    pages = Pages(linked("a", href=href), page("b", _links={}))
    assert ids([items async for items in flow_pages(pages, CALL)]) == ["a", "b"]
    second = pages.asked[1]
    assert (second.path, second.service) == (CALL.path, CALL.service)
    assert second.params == (*CALL.params, ("continuationToken", "ab+c=="))


@pytest.mark.parametrize("links", [{}, {"next": None}, {"next": {}}, None, {"next": {"href": ""}}])
async def test_a_list_ends_however_its_links_say_so(links: Any) -> None:
    pages = Pages(page("a", _links=links))
    assert ids([items async for items in flow_pages(pages, CALL)]) == ["a"]


async def test_a_list_without_links_is_whole() -> None:
    assert ids([items async for items in flow_pages(Pages(page("a")), CALL)]) == ["a"]


@given(total=st.integers(0, 60), size=st.integers(1, 20))
async def test_any_size_of_page_gives_the_same_list(total: int, size: int) -> None:
    class Sized(Pages):
        async def ask(self, call: Call) -> Answer:
            start = int((dict(call.params).get("continuationToken") or "0").rstrip("="))
            end = min(start + size, total)
            names = [str(n) for n in range(start, end)]
            more = linked(*names, href=f"/runs?continuationToken={end}==")
            self.bodies = [more if end < total else page(*names, _links={})]
            return await super().ask(call)

    found = ids([items async for items in flow_pages(Sized({}), CALL)])
    assert found == [str(n) for n in range(total)]


async def test_a_token_that_comes_again_is_told_and_not_followed() -> None:
    pages = Pages(linked("a", href="/runs?continuationToken=x"))
    got: list[list[bytes]] = []
    with pytest.raises(BadAnswer, match="over and over"):
        async for items in flow_pages(pages, CALL):
            got.append(items)
    assert len(pages.asked) == 2


async def test_empty_pages_for_ever_are_told() -> None:
    class Endless(Pages):
        async def ask(self, call: Call) -> Answer:
            self.bodies = [linked(href=f"/runs?continuationToken={len(self.asked)}")]
            return await super().ask(call)

    pages = Endless({})
    with pytest.raises(BadAnswer):
        async for _ in flow_pages(pages, CALL):
            pass
    assert len(pages.asked) < 50


@pytest.mark.parametrize("body", [b"", b"{}", b'"text"', b"true", b'{"count": 3}'])
async def test_an_answer_without_a_list_is_no_empty_list(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="Flow Service sent"):
        async for _ in flow_pages(Pages(body), CALL):
            pass


@pytest.mark.parametrize(
    "body", [[{"id": "a"}], {"id": "a"}, {"items": {"id": "a"}}, {"items": [None, {"id": "a"}, 3]}]
)
async def test_wrappers_that_are_missing_or_odd_are_seen_through(body: Any) -> None:
    assert ids([items async for items in flow_pages(Pages(body), CALL)]) == ["a"]


async def test_the_registry_goes_on_from_page_next() -> None:
    pages = Pages(
        {"results": [{"id": "a"}], "_page": {"next": "Title A", "count": 1}, "_links": {}},
        {"results": [{"id": "b"}], "_page": {"next": None}, "_links": {"next": None}},
    )
    assert ids([items async for items in registry_pages(pages, CALL)]) == ["a", "b"]
    assert ("start", "Title A") in pages.asked[1].params


async def test_a_registry_that_repeats_its_start_is_told() -> None:
    pages = Pages({"results": [{"id": "a"}], "_page": {"next": "T"}})
    with pytest.raises(BadAnswer):
        async for _ in registry_pages(pages, CALL):
            pass


async def test_offsets_follow_the_next_link_or_count_on() -> None:
    pages = Pages(
        {"data": [{"id": "a"}, {"id": "b"}], "_links": {"next": {"href": "x?start=2&limit=2"}}},
        {"data": [{"id": "c"}], "_links": {"next": {"href": "/batches?path=x"}}},
        {"data": {"id": "d"}, "_links": {}},
    )
    assert ids([items async for items in offset_pages(pages, CALL, "data")]) == list("abcd")
    starts = [dict(call.params)["start"] for call in pages.asked]
    assert starts == ["0", "2", "3"]


async def test_a_server_that_does_not_mind_the_offset_is_told() -> None:
    pages = Pages({"data": [{"id": "a"}], "_links": {"next": {"href": "more"}}})
    with pytest.raises(BadAnswer, match="over and over"):
        async for _ in offset_pages(pages, CALL, "data"):
            pass
    assert len(pages.asked) < 10


async def test_an_offset_that_stands_still_is_told() -> None:
    pages = Pages({"data": [{"id": "a"}], "_links": {"next": {"href": "x?start=0"}}})
    with pytest.raises(BadAnswer):
        async for _ in offset_pages(pages, CALL, "data"):
            pass


async def test_catalog_keeps_the_order_sent_and_puts_the_ids_in() -> None:
    pages = Pages(b'{"z": {"name": "one"}, "a": {}, "m": {"name": "three"}}')
    found = [pair async for items in catalog_pages(pages, CALL) for pair in items]
    assert [id for id, _ in found] == ["z", "a", "m"]
    assert [msgspec.json.decode(item)["id"] for _, item in found] == ["z", "a", "m"]


async def test_an_empty_catalog_is_an_empty_list() -> None:
    assert [items async for items in catalog_pages(Pages(b"{}"), CALL)] == [[]]


async def test_a_catalog_that_sends_the_same_page_for_ever_is_told() -> None:
    pages = Pages({str(n): {} for n in range(CATALOG_PAGE)})
    with pytest.raises(BadAnswer):
        async for _ in catalog_pages(pages, CALL):
            pass


@given(total=st.integers(0, 320), moved=st.integers(0, 5))
async def test_a_catalog_of_any_size_gives_each_resource_once(total: int, moved: int) -> None:
    """Even when new resources push the rest onto the next page meanwhile."""

    class Shifting(Pages):
        async def ask(self, call: Call) -> Answer:
            start = int(dict(call.params)["start"])
            shift = moved if start else 0
            shown = [f"new{n}" for n in range(shift)] + [f"id{n}" for n in range(total)]
            self.bodies = [{id: {} for id in shown[start : start + CATALOG_PAGE]}]
            return await super().ask(call)

    found = [id async for items in catalog_pages(Shifting({}), CALL) for id, _ in items]
    assert len(found) == len(set(found))
    assert {f"id{n}" for n in range(total)} <= set(found)


@given(st.text())
def test_no_link_makes_the_reader_raise(href: str) -> None:
    own_query(href)
