"""A platform of a few lines, which changes while it is being read and fails when it is told to.

The emulator cannot be made to change between two pages of one answer, nor to
live through hundreds of short lives in a second.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from aeptui.api.errors import ApiUnreachable
from aeptui.api.models import Batch, Flow, Model, Run

M = TypeVar("M", bound=Model)

START = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
LATE = timedelta(minutes=4)
"""The longest that a run or a batch is made before it is listed."""


class World:
    """Flows, runs and batches that live by a seed, as lists in pages and by id."""

    def __init__(self, seed: int, page: int = 3) -> None:
        self.random = random.Random(seed)
        self.page = page
        self.time = START
        self.heard, self.speed = True, 1.0
        self.unrest = 0.0
        """How likely something happens, or fails, at each page."""
        self.held: dict[str, dict[str, Any]] = {"flows": {}, "runs": {}, "batches": {}}
        self.shown_at: dict[str, datetime] = {}
        self._made = 0
        for _ in range(30):
            self.happen()
        self.calls_per_minute = 1000
        self.flows = self.catalog = self.schemas = self.data_prep = self.sandboxes = self
        self.budget = self

    def now(self) -> datetime:
        return self.time

    def happen(self) -> None:
        """Time passes, and something is made, moves, ends or goes."""
        self.time += timedelta(seconds=self.random.randrange(1, 100))
        flows, runs = self.held["flows"], self.held["runs"]
        open_ = [run for run in runs.values() if run.state == "inProgress"]
        match self.random.randrange(6):
            case 0:
                self._put("flows", Flow(id=self._id(), updated_at=self.time, created_at=self.time))
            case 1 if flows:
                flow = self.random.choice(list(flows.values()))
                changed = {"name": f"at {self.time}", "updated_at": self.time}
                self._put("flows", msgspec.structs.replace(flow, **changed))
            case 2 if len(flows) > 2:
                del flows[self.random.choice(list(flows))]
            case 3 if open_:
                run = self.random.choice(open_)
                ended = {"state": "success", "updated_at": self.time, "completed_at": self.time}
                self._put("runs", msgspec.structs.replace(run, **ended))
            case 4:
                self._put("batches", self._late(Batch(id=self._id(), state="success")))
            case _:
                self._put("runs", self._late(Run(id=self._id(), state="inProgress", flow_id="f")))

    def _id(self) -> str:
        self._made += 1
        return f"n{self._made}"

    def _late(self, model: M) -> M:
        """Made now, and listed only a little later."""
        self.shown_at[model.id] = self.time + self.random.random() * LATE
        return msgspec.structs.replace(model, created_at=self.time, updated_at=self.time)

    def _put(self, kind: str, model: Model) -> None:
        body = msgspec.json.encode({"id": model.id, "name": model.name, "state": model.state})
        self.held[kind][model.id] = msgspec.structs.replace(model, body=body)

    def _disturb(self) -> None:
        for _ in range(3):
            if self.random.random() < self.unrest:
                self.happen()
        if self.random.random() < self.unrest / 8:
            raise ApiUnreachable("nobody answered", host="h")

    async def _list(
        self, kind: str, at: Callable[[Model], datetime], since: datetime | None, before: Any
    ) -> AsyncIterator[list[Any]]:
        """Newest first; each page is what follows the last one, as things are by then."""
        place: tuple[datetime, str] | None = None
        while True:
            self._disturb()
            left = sorted(
                (
                    (at(model), model.id)
                    for model in self.held[kind].values()
                    if self.shown_at.get(model.id, START) <= self.time
                    and (since is None or at(model) >= since)
                    and (before is None or at(model) <= before)
                    and (place is None or (at(model), model.id) < place)
                ),
                reverse=True,
            )
            found = [self.held[kind][id] for _, id in left[: self.page]]
            if found and self.random.random() < self.unrest:
                found.append(self.random.choice(found))  # the same thing twice
            yield found
            if len(left) <= self.page:
                return
            place = left[self.page - 1]

    def list_flows(self, updated_since: datetime | None = None) -> AsyncIterator[list[Flow]]:
        return self._list("flows", lambda flow: flow.updated_at or START, updated_since, None)

    def list_runs(
        self, created_since: datetime | None = None, created_before: datetime | None = None
    ) -> AsyncIterator[list[Run]]:
        return self._list("runs", _made_at, created_since, created_before)

    def list_batches(
        self, created_since: datetime | None = None, created_before: datetime | None = None
    ) -> AsyncIterator[list[Batch]]:
        return self._list("batches", _made_at, created_since, created_before)

    async def get_runs(self, ids: Sequence[str]) -> list[Run]:
        self._disturb()
        return [self.held["runs"][id] for id in ids if id in self.held["runs"]]

    def __getattr__(self, name: str) -> Any:
        """Every other kind is empty."""
        if not name.startswith("list_"):
            raise AttributeError(name)
        return _nothing


async def _nothing() -> AsyncIterator[list[Model]]:
    yield []


def _made_at(model: Model) -> datetime:
    return model.created_at or START
