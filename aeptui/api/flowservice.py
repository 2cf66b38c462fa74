"""Flow Service: connections, their specs, flows and runs (AEP.md 3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar
from urllib.parse import quote

from aeptui.api import decode, wire
from aeptui.api.calls import Call, Caller, Params, Service
from aeptui.api.errors import ApiError, AuthError, NotFound, RateLimited
from aeptui.api.models import (
    BaseConnection,
    ConnectionSpec,
    Flow,
    FlowSpec,
    Model,
    Run,
    SourceConnection,
    TargetConnection,
)
from aeptui.api.paging import flow_pages

M = TypeVar("M", bound=Model)

Span: TypeAlias = tuple[datetime | None, datetime | None]
"""From and to, both included; None where it is open."""

PAGE = 100
IDS_AT_ONCE = 30
"""So many ids fit in one address of 2,000 characters (AEP.md 2.2)."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """Whether a connection works, and what the platform says about it."""

    ok: bool
    sentence: str
    """Where it does not work: why, in the words of the CRM where those came."""
    down: bool = False
    """Whether nobody could judge the login: other credentials would fare no better."""

    @property
    def outcome(self) -> str:
        """All of it, to go behind the connection's name."""
        return "can log in" if self.ok else f"cannot log in: {self.sentence.rstrip('.')}"


class FlowService:
    """Reads Flow Service; lists come page by page, so that a reader may stop early."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._refused: set[str] = set()
        """Fields that the platform would not filter by; it is not asked twice."""

    # Lists -----------------------------------------------------------------

    def list_base_connections(self) -> AsyncIterator[list[BaseConnection]]:
        return self._list("/connections", decode.base_connection)

    def list_source_connections(self) -> AsyncIterator[list[SourceConnection]]:
        return self._list("/sourceConnections", decode.source_connection)

    def list_target_connections(self) -> AsyncIterator[list[TargetConnection]]:
        return self._list("/targetConnections", decode.target_connection)

    def list_connection_specs(self) -> AsyncIterator[list[ConnectionSpec]]:
        return self._list("/connectionSpecs", decode.connection_spec)

    def list_flow_specs(self) -> AsyncIterator[list[FlowSpec]]:
        return self._list("/flowSpecs", decode.flow_spec)

    def list_flows(self, updated_since: datetime | None = None) -> AsyncIterator[list[Flow]]:
        """Flows that changed at or after `updated_since`, or all; last changed first."""
        return self._newest("/flows", decode.flow, "updatedAt", (updated_since, None), ())

    def list_runs(
        self,
        created_since: datetime | None = None,
        flow_id: str | None = None,
        created_before: datetime | None = None,
    ) -> AsyncIterator[list[Run]]:
        """Runs made from `created_since` to `created_before`, both included, or all; newest first.

        A reading that broke off goes on with the moment of its last run as `created_before`.
        """
        only = (("property", f"flowId=={flow_id}"),) if flow_id else ()
        span = (created_since, created_before)
        return self._newest("/runs", decode.run, "createdAt", span, only)

    # Single things ---------------------------------------------------------

    async def get_runs(self, ids: Sequence[str]) -> list[Run]:
        """The runs with these ids that still exist, in no particular order."""
        found: list[Run] = []
        for start in range(0, len(ids), IDS_AT_ONCE):
            wanted = ",".join(ids[start : start + IDS_AT_ONCE])
            params = (("property", f"id=={wanted}"), ("limit", str(PAGE)))
            async for page in self._pages("/runs", decode.run, params):
                found += page
        return found

    async def get_base_connection(self, id: str) -> BaseConnection:
        return await self._get("/connections", id, decode.base_connection)

    async def get_source_connection(self, id: str) -> SourceConnection:
        return await self._get("/sourceConnections", id, decode.source_connection)

    async def get_target_connection(self, id: str) -> TargetConnection:
        return await self._get("/targetConnections", id, decode.target_connection)

    async def get_connection_spec(self, id: str) -> ConnectionSpec:
        return await self._get("/connectionSpecs", id, decode.connection_spec)

    async def get_flow_spec(self, id: str) -> FlowSpec:
        return await self._get("/flowSpecs", id, decode.flow_spec)

    async def get_flow(self, id: str) -> Flow:
        return await self._get("/flows", id, decode.flow)

    async def get_run(self, id: str) -> Run:
        return await self._get("/runs", id, decode.run)

    async def test_connection(self, id: str) -> TestResult:
        """Let the platform log in to the CRM; a refusal by the CRM is a result, not an error.

        AEP.md 3.6: it is told as `result: false` or as a 4xx or 5xx with the CRM's words.
        """
        path = f"/connections/{quote(id, safe='')}/test"
        try:
            answer = await self._caller.ask(Call(Service.FLOWS, path, slow=True))
        except (AuthError, NotFound, RateLimited):
            raise  # our own trouble, which says nothing about the connection
        except ApiError as refusal:
            return TestResult(False, str(refusal), down=refusal.status >= 500)
        return _test_result(answer.body)

    # How -------------------------------------------------------------------

    def _list(self, path: str, read: Callable[[bytes], M]) -> AsyncIterator[list[M]]:
        return self._pages(path, read, (("limit", str(PAGE)),))

    async def _pages(
        self, path: str, read: Callable[[bytes], M], params: Params
    ) -> AsyncIterator[list[M]]:
        async for items in flow_pages(self._caller, Call(Service.FLOWS, path, params=params)):
            yield decode.many(items, read)

    async def _newest(
        self,
        path: str,
        read: Callable[[bytes], M],
        field: str,
        span: Span,
        only: Params,
    ) -> AsyncIterator[list[M]]:
        """Newest first by `field`, filtered by the platform where it can, by us where not.

        AEP.md 3.3: which fields a list can be filtered and ordered by differs, and
        a refusal comes as 400 with a code of its own; then newest first until old.
        """
        order: Params = (*only, ("orderby", f"-{field}"), ("limit", str(PAGE)))
        filters = _within(field, span)
        if filters and f"{path} {field}" not in self._refused:
            try:
                async for page in self._pages(path, read, (*order, *filters)):
                    yield page
                return
            except ApiError as refusal:
                if refusal.code not in _FILTER_REFUSED:
                    raise
                self._refused.add(f"{path} {field}")
        since, before = span
        async for page in self._pages(path, read, order):
            moments = [_moment(model, field) for model in page]
            known = [moment for moment in moments if moment is not None]
            yield [
                model
                for model, moment in zip(page, moments, strict=True)
                if moment is None
                or ((since is None or moment >= since) and (before is None or moment <= before))
            ]
            # Only an order that is really kept says that nothing newer can follow.
            is_kept = known == sorted(known, reverse=True)
            if since is not None and known and is_kept and known[-1] < since:
                return

    async def _get(self, path: str, id: str, read: Callable[[bytes], M]) -> M:
        call = Call(Service.FLOWS, f"{path}/{quote(id, safe='')}")
        answer = await self._caller.ask(call)
        items = wire.items(answer, "items")
        if not items:
            raise NotFound(
                f"Flow Service has no {path.strip('/')} with the id {id}",
                service=Service.FLOWS.title,
                status=404,
                request_id=answer.request_id,
            )
        return read(items[0])


_FILTER_REFUSED = frozenset(
    f"FLOW-{number}-400" for number in (1440, 1441, 1442, 1443, 1448, 1449, 1450, 1451, 1452)
)


def _within(field: str, span: Span) -> Params:
    """The filters for a span; both operators exclude their own millisecond."""
    since, before = span
    filters = []
    if since is not None:
        filters.append(("property", f"{field}>{int(since.timestamp() * 1000) - 1}"))
    if before is not None:
        filters.append(("property", f"{field}<{int(before.timestamp() * 1000) + 1}"))
    return tuple(filters)


def _moment(model: Model, field: str) -> datetime | None:
    return model.updated_at if field == "updatedAt" else model.created_at


def _test_result(body: bytes) -> TestResult:
    """What a connection test answered; only a clear true is a yes."""
    told = wire.told_by(body)
    if told.get("result") is True:
        return TestResult(True, "The platform can log in with this connection")
    reason = wire.text(told, "message", "errorMessage")
    return TestResult(False, reason or "the platform does not say why")
