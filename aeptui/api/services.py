"""Services: everything of AEP that a session can ask, over one client.

Importing this costs no httpx and no service; entering it does, in a thread, so
that a console has long painted by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from aeptui.api.budget import Budget
from aeptui.api.calls import Answer, Call
from aeptui.api.clock import PlatformClock
from aeptui.api.errors import ApiTrouble, ApiUnreachable, Conflict
from aeptui.api.meter import Meter
from aeptui.api.settings import ApiSettings, Secret, Timeouts, origin

if TYPE_CHECKING:
    from aeptui.api.catalog import Catalog
    from aeptui.api.dataaccess import DataAccess
    from aeptui.api.dataprep import DataPrep
    from aeptui.api.exploring import Exploring
    from aeptui.api.flowservice import FlowService
    from aeptui.api.identities import Identities
    from aeptui.api.mappingtrials import MappingTrials
    from aeptui.api.sandboxes import Sandboxes
    from aeptui.api.schemaregistry import SchemaRegistry
    from aeptui.api.writer import WritingClient
    from aeptui.api.writing import WriteAnswer, WriteRequest, Writing
    from aeptui.api.xdmlibrary import XdmLibrary

__all__ = ["ApiSettings", "Secret", "ServiceView", "Services", "Timeouts"]

T = TypeVar("T")

_CLOSING_S = 1.0
_OLD_ETAG = 412


class _Line:
    """The one way to the client: open from entering to closing, shared by every view."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.client: WritingClient | None = None
        self.under_way: set[asyncio.Future[Any]] = set()


class _Caller:
    """Puts questions either as an operator's or as background work."""

    def __init__(self, line: _Line, *, background: bool) -> None:
        self._line = line
        self._background = background

    async def ask(self, call: Call) -> Answer:
        asking = self._client().ask(call, background=self._background)
        try:
            return await self._until_closed(asking)
        except _Closed:
            raise ApiUnreachable(
                f"{call.service.title} was not waited for, since this session ended",
                host=self._line.host,
            ) from None

    async def write(self, request: WriteRequest) -> WriteAnswer:
        from aeptui.api.writing import MayHaveLanded

        title = request.service.title
        try:
            return await self._until_closed(self._client().write(request))
        except _Closed:
            raise MayHaveLanded(
                f"{title} was not waited for, since this session ended", service=title
            ) from None
        except Conflict as refused:
            if request.method != "PATCH" or refused.status != _OLD_ETAG:
                raise
            raise await self._beside_now(request, refused) from None

    async def _beside_now(self, request: WriteRequest, refused: Conflict) -> Conflict:
        """`refused` with what stands there now, where that can be read."""
        from aeptui.api import wire
        from aeptui.api.conflicts import outdated

        path = request.path.removeprefix(request.service.path).partition("?")[0].rstrip("/")
        try:
            found = wire.items(await self.ask(Call(request.service, path)), "items")
        except ApiTrouble:
            return refused
        return outdated(refused, request.body, wire.told_by(found[0])) if found else refused

    def _client(self) -> WritingClient:
        if self._line.client is None:
            raise RuntimeError("Services must be entered before they are asked")
        return self._line.client

    async def _until_closed(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives; raises _Closed when the services are closed before."""
        asking = asyncio.ensure_future(work)
        self._line.under_way.add(asking)
        asking.add_done_callback(self._line.under_way.discard)
        try:
            return await asking
        except asyncio.CancelledError:
            asker = asyncio.current_task()
            if asker is not None and asker.cancelling():
                raise
            raise _Closed from None


class _Closed(Exception):
    """The services were closed while a call was under way."""


class ServiceView:
    """The services, each over one caller, and each loaded when it is first spoken of."""

    def __init__(
        self, line: _Line, clock: PlatformClock, meter: Meter, budget: Budget, *, background: bool
    ) -> None:
        self._caller = _Caller(line, background=background)
        self.clock = clock
        self.meter = meter
        self.budget = budget

    @cached_property
    def flows(self) -> FlowService:
        from aeptui.api.flowservice import FlowService

        return FlowService(self._caller)

    @cached_property
    def schemas(self) -> SchemaRegistry:
        from aeptui.api.schemaregistry import SchemaRegistry

        return SchemaRegistry(self._caller)

    @cached_property
    def catalog(self) -> Catalog:
        from aeptui.api.catalog import Catalog

        return Catalog(self._caller)

    @cached_property
    def data_prep(self) -> DataPrep:
        from aeptui.api.dataprep import DataPrep

        return DataPrep(self._caller)

    @cached_property
    def data_access(self) -> DataAccess:
        from aeptui.api.dataaccess import DataAccess

        return DataAccess(self._caller)

    @cached_property
    def sandboxes(self) -> Sandboxes:
        from aeptui.api.sandboxes import Sandboxes

        return Sandboxes(self._caller)

    @cached_property
    def exploring(self) -> Exploring:
        from aeptui.api.exploring import Exploring

        return Exploring(self._caller)

    @cached_property
    def library(self) -> XdmLibrary:
        from aeptui.api.xdmlibrary import XdmLibrary

        return XdmLibrary(self._caller)

    @cached_property
    def trials(self) -> MappingTrials:
        from aeptui.api.mappingtrials import MappingTrials

        return MappingTrials(self._caller)

    @cached_property
    def identities(self) -> Identities:
        from aeptui.api.identities import Identities

        return Identities(self._caller)

    @cached_property
    def writing(self) -> Writing:
        from aeptui.api.writing import Writing

        return Writing(self._caller)


class Services(ServiceView):
    """One profile and one sandbox. `async with` opens it; `aclose()` ends within a second.

    `sleep` and `chance` (0..1) are for waiting between tries; tests give their own.
    """

    def __init__(
        self,
        settings: ApiSettings,
        *,
        clock: PlatformClock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._sleep = sleep
        self._chance = chance
        self._line = _Line(origin(settings.platform_url)[1])
        super().__init__(
            self._line,
            clock or PlatformClock(),
            Meter(),
            Budget(settings.calls_per_minute),
            background=False,
        )

    def background(self) -> ServiceView:
        """The same services for work that nobody waits for: its calls go behind the operator's."""
        return ServiceView(self._line, self.clock, self.meter, self.budget, background=True)

    async def __aenter__(self) -> Services:
        if self._line.client is None:
            self._line.client = await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; a question still under way ends with ApiUnreachable."""
        client, self._line.client = self._line.client, None
        for asking in tuple(self._line.under_way):
            asking.cancel()
        if client is not None:
            # A peer that does not answer our good-bye is not waited for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING_S):
                    await client.aclose()

    def _open(self) -> WritingClient:
        from aeptui.api.http import load_the_rest
        from aeptui.api.writer import WritingClient

        load_the_rest()
        for name, part in vars(ServiceView).items():
            if isinstance(part, cached_property):
                getattr(self, name)  # loaded in this thread, not by the loop that also draws
        return WritingClient(
            self.settings,
            clock=self.clock,
            meter=self.meter,
            budget=self.budget,
            sleep=self._sleep,
            chance=self._chance,
        )
