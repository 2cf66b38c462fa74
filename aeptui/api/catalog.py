"""Catalog: datasets and batches (AEP.md 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote

from aeptui.api import decode, wire
from aeptui.api.calls import Answer, Call, Caller, Service
from aeptui.api.errors import NotFound
from aeptui.api.models import Batch, Dataset
from aeptui.api.paging import catalog_pages


class Catalog:
    """Reads Catalog, whose collections are objects keyed by id, in the order asked for."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list_datasets(self) -> AsyncIterator[list[Dataset]]:
        """Datasets, last changed first."""
        call = Call(Service.CATALOG, "/dataSets", params=(("orderBy", "desc:updated"),))
        async for page in catalog_pages(self._caller, call):
            yield [decode.dataset(id, item) for id, item in page]

    async def list_batches(
        self,
        created_since: datetime | None = None,
        dataset_id: str | None = None,
        created_before: datetime | None = None,
    ) -> AsyncIterator[list[Batch]]:
        """Batches made from `created_since` to `created_before`, both included; newest first."""
        params = [("orderBy", "desc:created")]
        # AEP.md 5.2: both exclude their own moment.
        if created_since is not None:
            params.append(("createdAfter", str(int(created_since.timestamp() * 1000) - 1)))
        if created_before is not None:
            params.append(("createdBefore", str(int(created_before.timestamp() * 1000) + 1)))
        if dataset_id is not None:
            params.append(("dataSet", dataset_id))
        call = Call(Service.CATALOG, "/batches", params=tuple(params))
        async for page in catalog_pages(self._caller, call):
            yield [decode.batch(id, item) for id, item in page]

    async def get_dataset(self, id: str) -> Dataset:
        answer = await self._caller.ask(Call(Service.CATALOG, f"/dataSets/{quote(id, safe='')}"))
        return decode.dataset(*_only(answer, "dataset", id))

    async def get_batch(self, id: str) -> Batch:
        answer = await self._caller.ask(Call(Service.CATALOG, f"/batches/{quote(id, safe='')}"))
        return decode.batch(*_only(answer, "batch", id))


def _only(answer: Answer, what: str, id: str) -> tuple[str, bytes]:
    keyed = wire.keyed(answer)
    if not keyed:
        raise NotFound(
            f"Catalog has no {what} with the id {id}",
            service=Service.CATALOG.title,
            status=404,
            request_id=answer.request_id,
        )
    return keyed[0]
