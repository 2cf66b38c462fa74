"""One function for each dialect of paging (AEP.md 2.3).

Each yields the items of one page after the other as raw JSON. A platform that
sends the same page token twice, or page after page of nothing, is told so
instead of being asked for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from aeptui.api import wire
from aeptui.api.calls import Call, Caller, Params
from aeptui.api.errors import BadAnswer

_EMPTY_PAGES = 20
_STALE_PAGES = 3
CATALOG_PAGE = 100
OFFSET_PAGE = 100


async def flow_pages(caller: Caller, call: Call) -> AsyncIterator[list[bytes]]:
    """Flow Service: `items` and a continuation token in `_links.next.href`."""
    progress = _Progress(call)
    while True:
        answer = await caller.ask(call)
        page = wire.page(answer, "items")
        yield page.items
        token = own_query(page.next_href).get("continuationToken")
        if not token:
            return
        progress.check(token, page.items)
        call = replace(call, params=_with(call.params, {"continuationToken": token}))


async def registry_pages(
    caller: Caller, call: Call, *, grouped: bool = False
) -> AsyncIterator[list[bytes]]:
    """Schema Registry: `results` and the next `start` in `_page.next`, null at the end.

    `grouped` ones may also come all at once, in a list for each type.
    """
    progress = _Progress(call)
    while True:
        answer = await caller.ask(call)
        page = wire.page(answer, "results", grouped=grouped)
        yield page.items
        start = page.next_start
        if not start or not page.items:
            return
        progress.check(start, page.items)
        call = replace(call, params=_with(call.params, {"start": start}))


async def offset_pages(caller: Caller, call: Call, key: str) -> AsyncIterator[list[bytes]]:
    """Data Prep, Data Access and Sandboxes: `start` and `limit` until there is no next link."""
    progress = _Progress(call)
    start = 0
    while True:
        paged = {"start": str(start), "limit": str(OFFSET_PAGE)}
        answer = await caller.ask(replace(call, params=_with(call.params, paged)))
        page = wire.page(answer, key)
        yield page.items
        if not page.next_href or not page.items:
            return
        told = own_query(page.next_href).get("start", "")
        start = int(told) if told.isdecimal() and len(told) < 12 else start + len(page.items)
        progress.check(str(start), page.items)


async def catalog_pages(caller: Caller, call: Call) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Catalog: an object keyed by id; a page shorter than its limit is the last.

    What moved down meanwhile comes on two pages; the first counts.
    """
    before: set[str] = set()
    start = stale = 0
    while True:
        paged = {"start": str(start), "limit": str(CATALOG_PAGE)}
        answer = await caller.ask(replace(call, params=_with(call.params, paged)))
        page = wire.keyed(answer)
        fresh = [(id, item) for id, item in page if id not in before]
        stale = 0 if fresh else stale + 1
        if stale > _STALE_PAGES:
            raise _looping(call, answer.request_id)
        before = {id for id, _ in page}
        yield fresh
        if len(page) < CATALOG_PAGE:
            return
        start += len(page)


def own_query(href: str) -> Mapping[str, str]:
    """The parameters in a link, whatever host and path it names (AEP.md 2.3).

    Split at the first `=`, since tokens are padded with more of them, and `+`
    stays itself, since tokens have it and never a space.
    """
    try:
        query = urlsplit(href).query
    except ValueError:
        return {}
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


class _Progress:
    """Sees to it that following links comes to an end."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._seen: set[str] = set()
        self._pages: set[int] = set()
        self._empty = self._stale = 0

    def check(self, token: str, items: list[bytes]) -> None:
        """`token` leads on from a page of `items`; a new one may still lead to an old page.

        A page is known again by its first and its last object.
        """
        page = hash((len(items), items[0], items[-1])) if items else 0
        self._empty = 0 if items else self._empty + 1
        self._stale = self._stale + 1 if items and page in self._pages else 0
        if token in self._seen or self._empty > _EMPTY_PAGES or self._stale > _STALE_PAGES:
            raise _looping(self._call, "")
        self._seen.add(token)
        self._pages.add(page)


def _looping(call: Call, request_id: str) -> BadAnswer:
    return BadAnswer(
        f"{call.service.title} sends the same page of {call.path} over and over",
        service=call.service.title,
        status=200,
        request_id=request_id,
        remedy="what came so far is kept; try again later",
    )


def _with(params: Params, changes: Mapping[str, str]) -> Params:
    kept = [(name, value) for name, value in params if name not in changes]
    return (*kept, *changes.items())
