"""A page that is left while the platform still thinks: the console goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
from textual.widget import Widget

from aeptui.forms.catalogue import FORMS
from aeptui.mirror.rows import FlowRow
from aeptui.mirror.values import Listing
from aeptui.resources import registry
from aeptui.session import Session, session_for
from aeptui.ui.screens.detail import DetailPage
from aeptui.ui.screens.form import FormPage
from aeptui.ui.screens.help import HelpPage
from aeptui.ui.screens.orphans import OrphansPage
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.remapping import ReadingPage
from aeptui.ui.screens.why import WhyPage
from aeptui.ui.screens.wizard import WizardPage
from tests.emulated import Rehearsal
from tests.emulator.tutorial import Pipeline, follow_the_tutorial
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import configured, profile_on, proxied


class Slow(Widget):
    """A widget that takes its time to go, so that its page stays half taken down meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go = asyncio.Event()

    async def on_unmount(self) -> None:
        await self.may_go.wait()


def pages_of(session: Session, made: Pipeline) -> Iterator[Page]:
    """One of each page that asks the platform."""
    flow = session.mirror.get_now("flows", made.flow_id)
    [run, *_] = session.mirror.window_now(Listing("runs"), 1).rows
    assert isinstance(flow, FlowRow)
    yield FormPage(session, FORMS["base-connections"])
    yield FormPage(session, FORMS["mapping-sets"])
    yield WizardPage(session)
    yield DetailPage(session, registry.BY_KIND["flows"], flow)
    yield WhyPage(session, run.id, "a run")
    yield OrphansPage(session)
    yield ReadingPage(session, flow.mapping_set_id, [made.flow_id], made.flow_id)


async def left_half_way(at: Console, page: Page) -> None:
    """Open a page and leave it; all its answers come while its widgets are gone and it is not."""
    slow = Slow()
    await at.app.push_screen(page)
    await page.mount(slow)
    workers = [each for each in at.app.workers if each.node is page]
    at.app.back()
    try:
        async with asyncio.timeout(30):
            while page.query("#keys") or not all(each.is_finished for each in workers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        slow.may_go.set()


async def test_an_answer_that_comes_while_a_page_is_taken_down_ends_nothing_but_the_page(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    made = follow_the_tutorial(platform, api, make_base(api))
    platform.advance(minutes=2)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.until(lambda: session.mirror.window_now(Listing("runs"), 1).rows)
            platform.ask("faults", kind="latency", latency_s=0.1, times=None)
            for page in pages_of(session, made):
                await left_half_way(at, page)
                assert at.app._exception is None, type(page).__name__
                await at.until(lambda: at.app.page is at.app.home)
            await at.press("question_mark")
            await at.until(lambda: isinstance(at.app.screen, HelpPage))
