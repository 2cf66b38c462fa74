"""Lookups: what a form has to ask of the platform, asked once and remembered.

A form reads an answer with `get`; one that is not there yet is noted as
missing, and `ask` puts it. Asking can be cancelled: the call ends with the one
who asked first, and the question stays missing. Failures are kept as sentences
until `forget`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Generic, Protocol, TypeVar, cast

from aeptui.api.errors import ApiTrouble
from aeptui.api.services import ServiceView

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Question(Protocol, Generic[T_co]):
    """One thing to ask: hashable, with the words for it and the way to ask."""

    @property
    def says(self) -> str:
        """What is being asked for, such as `the tables`."""
        ...

    async def ask(self, services: ServiceView) -> T_co: ...


def _nothing_known(_kind: str, _name: str) -> bool:
    return False


class Lookups:
    """The questions of one form or wizard, and their answers.

    `services` gives the services, connected; `now` is the platform's time and
    `zone` the one in which the operator types times. `taken` tells whether
    something of a kind has a name already, as far as anybody knows here.
    """

    def __init__(
        self,
        services: Callable[[], Awaitable[ServiceView]],
        now: Callable[[], datetime],
        zone: tzinfo = UTC,
        taken: Callable[[str, str], bool] = _nothing_known,
    ) -> None:
        self._services = services
        self.now = now
        self.zone = zone
        self.taken = taken
        self._known: dict[Question[Any], Any] = {}
        self._troubles: dict[Question[Any], str] = {}
        self._wanted: dict[Question[Any], None] = {}
        self._asking: dict[Question[Any], asyncio.Task[None]] = {}

    def get(self, question: Question[T]) -> T | None:
        """The answer; None while it is not known, and then it is noted as missing."""
        if question in self._known:
            return cast(T, self._known[question])
        if question not in self._troubles:
            self._wanted[question] = None
        return None

    def peek(self, question: Question[T]) -> T | None:
        """The answer when it is known, without asking for it."""
        return cast("T | None", self._known.get(question))

    def trouble(self, question: Question[Any]) -> str:
        """Why the question could not be answered; empty when it was or is still open."""
        return self._troubles.get(question, "")

    def missing(self) -> tuple[Question[Any], ...]:
        """What forms have read and nobody has answered, in the order of reading."""
        return tuple(self._wanted)

    def start_over(self) -> None:
        """Forget what was noted as missing; the next reading notes it again."""
        self._wanted.clear()

    def tell(self, question: Question[T], answer: T) -> None:
        """Answer a question without asking the platform."""
        self._known[question] = answer
        self._troubles.pop(question, None)
        self._wanted.pop(question, None)

    def forget(self, question: Question[Any] | None = None) -> None:
        """Ask again next time: one question, or every one that failed."""
        if question is None:
            self._troubles.clear()
        else:
            self._known.pop(question, None)
            self._troubles.pop(question, None)

    async def ask(self, question: Question[Any]) -> None:
        """Put one question; two who ask at once share one call."""
        task = self._asking.get(question)
        if task is None:
            task = asyncio.ensure_future(self._put(question))
            self._asking[question] = task
            task.add_done_callback(lambda _: self._asking.pop(question, None))
            await task  # cancelling the first one who asked ends the call
        else:
            await asyncio.wait({task})

    async def ask_missing(self) -> bool:
        """Put every missing question side by side; False when there was none."""
        wanted = self.missing()
        async with asyncio.TaskGroup() as group:
            for question in wanted:
                group.create_task(self.ask(question))
        return bool(wanted)

    async def _put(self, question: Question[Any]) -> None:
        try:
            self.tell(question, await question.ask(await self._services()))
        except ApiTrouble as trouble:
            self._troubles[question] = str(trouble)
            self._wanted.pop(question, None)
