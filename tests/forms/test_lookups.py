"""Lookups: asked once, shared, cancelled with who asked, and failures kept as sentences."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from aeptui.api.errors import ApiUnreachable
from aeptui.api.services import ApiSettings, Secret, Services, ServiceView
from aeptui.forms.lookups import Lookups
from tests.forms.fixed import NOW


@dataclass(eq=False)
class Asked:
    """A question whose answer the test holds back."""

    says: str = "something"
    calls: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str = ""
    trouble: bool = False

    async def ask(self, services: ServiceView) -> int:
        self.calls += 1
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        if self.trouble:
            raise ApiUnreachable("The platform was not reached", host="here")
        return self.calls


@pytest.fixture
def lookups() -> Lookups:
    services = Services(
        ApiSettings(org_id="o", client_id="c", sandbox="dev", client_secret=Secret("s"))
    )

    async def connected() -> ServiceView:
        return services

    return Lookups(connected, lambda: NOW)


async def test_what_is_read_and_not_known_is_asked_once(lookups: Lookups) -> None:
    question = Asked()
    question.let_go.set()
    assert lookups.get(question) is None
    assert lookups.missing() == (question,)
    assert await lookups.ask_missing()
    assert lookups.get(question) == 1
    assert not await lookups.ask_missing()
    assert question.calls == 1


async def test_two_who_ask_at_once_share_one_call(lookups: Lookups) -> None:
    question = Asked()
    first = asyncio.create_task(lookups.ask(question))
    second = asyncio.create_task(lookups.ask(question))
    await asyncio.sleep(0)
    question.let_go.set()
    await asyncio.gather(first, second)
    assert question.calls == 1


async def test_a_cancelled_question_stays_missing(lookups: Lookups) -> None:
    question = Asked()
    lookups.get(question)
    asking = asyncio.create_task(lookups.ask_missing())
    await question.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert question.ended == "cancelled"
    assert lookups.missing() == (question,)
    question.let_go.set()
    await lookups.ask_missing()
    assert lookups.get(question) == 2


async def test_a_failure_is_a_sentence_until_it_is_forgotten(lookups: Lookups) -> None:
    question = Asked(trouble=True)
    question.let_go.set()
    lookups.get(question)
    await lookups.ask_missing()
    assert lookups.trouble(question) == "The platform was not reached"
    assert lookups.get(question) is None
    assert lookups.missing() == ()
    question.trouble = False
    lookups.forget()
    assert lookups.get(question) is None
    await lookups.ask_missing()
    assert lookups.get(question) == 2


async def test_what_nobody_reads_any_more_is_not_asked(lookups: Lookups) -> None:
    question = Asked()
    lookups.get(question)
    lookups.start_over()
    assert not await lookups.ask_missing()
    assert question.calls == 0
