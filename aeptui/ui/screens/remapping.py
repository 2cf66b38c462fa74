"""The studio on a mapping set that exists: changed, saved as another version, flows moved to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.api.conflicts import Outdated
from aeptui.api.errors import ApiTrouble
from aeptui.forms import remapping
from aeptui.forms.answers import KeptAnswers
from aeptui.forms.choices import Choice
from aeptui.forms.pairs import pair_of
from aeptui.forms.questions import TheMappingSet
from aeptui.forms.remapping import Pin, Remap
from aeptui.forms.settling import LOOKS_S, STABLE
from aeptui.forms.workbench import Workbench
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import plan_for
from aeptui.pipelines.plan import Plan
from aeptui.session import Session
from aeptui.ui.palette import BOLD, DIM, TONES
from aeptui.ui.screens.choosing import Chooser, among
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.send import SendPage
from aeptui.ui.screens.studio import StudioPage
from aeptui.ui.widgets.text_line import Rule, TextLine

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

log = logging.getLogger(__name__)

NAMED = 2
"""So many changes are named under the plan; the request has all."""


class ReadingPage(Page):
    """What stands there while a mapping set is read; then the studio is in its place."""

    aged = ("flows", "runs")

    def __init__(self, session: Session, set_id: str, flows: list[str], of_flow: str) -> None:
        super().__init__(session, "mapping")
        self._set_id, self._flows, self._of_flow = set_id, flows, of_flow

    def body(self) -> Iterable[Widget]:
        """A sentence."""
        yield TextLine([(" Mapping", BOLD)])
        yield Rule()
        words = " Reading the mapping, its schema and sample rows. esc stops."
        yield TextLine([(words, DIM)], id="words")

    def on_mount(self) -> None:
        """Read."""
        self.read()

    @work(exclusive=True, group="ask")
    async def read(self) -> None:
        """Read all of it, and open the studio; leaving stops it."""
        try:
            services = await self.session.connected()
            found = await remapping.read(services, self._set_id, self._flows, of_flow=self._of_flow)
        except ApiTrouble as trouble:
            words = f" It could not be read: {trouble} r asks again."
            self.query_one("#words", TextLine).put([(words, TONES["warn"])])
            return
        if await self.comes_to_front():
            self.app.switch_screen(RemapPage(self.session, found, self._of_flow))

    def action_refresh(self) -> None:
        """Ask again."""
        self.read()


class RemapPage(StudioPage):
    """Changes are kept on disk as they are made; ctrl+g shows the plan that saves them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "send", "save", id="send", tooltip="save as another version, and move flows to it; shows the plan first"),
        Binding("ctrl+n", "afresh", "afresh", show=False, id="afresh", tooltip="forget the changes"),
    ]  # fmt: skip

    def __init__(self, session: Session, remap: Remap, of_flow: str) -> None:
        self.remap = remap
        self._of_flow = of_flow
        self._kept = KeptAnswers(
            session.config.state_dir,
            session.profile.name,
            session.sandbox,
            f"mapping-{remap.id}",
        )
        before = self._kept.read()
        self._since = before.get("version")
        pairs = before.get("pairs")
        begun = pairs if isinstance(pairs, list) else [pair.as_answer() for pair in remap.pairs]
        super().__init__(session, Workbench(remap.bench, begun), self._keep)
        self.what = f"{remap.name} v{remap.version}"

    def on_mount(self) -> None:
        """Say what is unusual about where one begins."""
        remap = self.remap
        if self._since is not None and self._since != remap.newest:
            self.say(
                f"Your changes of last time began from version {self._since}; by now there is"
                f" version {remap.newest}. ctrl+n forgets them.",
                "warn",
            )
        elif self._since is not None:
            self.say("Your changes of last time are here. ctrl+n forgets them.")
        elif remap.version != remap.newest:
            self.say(
                f"The flow uses version {remap.version}; version {remap.newest} was saved and is"
                " not used by it. What you save becomes the next one.",
                "warn",
            )

    def _keep(self, pairs: list[dict[str, Any]]) -> None:
        try:
            if self.changes:
                self._kept.keep({"pairs": pairs, "version": self.remap.newest})
            else:
                self._kept.forget()
        except OSError as reason:
            log.warning("the pairs could not be kept: %s", reason)

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What fills a field before and after, where that differs."""
        return remapping.differences(self.remap.pairs, self.work.pairs)

    def action_afresh(self) -> None:
        """Begin again with the pairs as they were read."""
        self.work.put(self.remap.pairs)
        self.changed(0)

    def why_not(self, action: str) -> str | None:
        """Nothing is saved while nothing changed."""
        if action == "send" and not self.changes:
            return "nothing was changed"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that acts is always taken: when it cannot be done, it says why."""
        return True if action == "send" else super().check_action(action, parameters)

    @work(exclusive=True, group="send")
    async def action_send(self) -> None:
        """Say what hinders, choose the flows, and show the plan."""
        wrong = next((at for at in range(len(self.work.pairs)) if self.fault_of(at)), None)
        if not self.changes:
            self.say("Nothing was changed, so there is nothing to save.")
        elif wrong is not None:
            self.show_pane("pairs")
            self._hold(wrong)
            self.say(f"Not yet: {self.fault_of(wrong)}.", "warn")
        elif self.work.lacking:
            self.show_pane("pairs")
            self.pairs.go_to(0)
            self.say(f"Not yet: {self.work.lacking[0].path} is required.", "warn")
        else:
            flows = await self._flows()
            if flows is not None:
                self._show_plan(flows)

    async def _flows(self) -> list[str] | None:
        """Which flows are moved: the one it was opened from, or those that are ticked."""
        pins = [pin for pin in self.remap.pins if pin.at >= 0]
        if self._of_flow or len(pins) < 2:
            return [pin.flow for pin in pins if not self._of_flow or pin.flow == self._of_flow]
        choices = [
            Choice(pin.flow, pin.name or pin.flow, f"uses version {pin.version}") for pin in pins
        ]
        chooser = Chooser(
            "Flows to move", among(choices), several=True, chosen=[pin.flow for pin in pins]
        )
        chosen: list[str] | None = await self.app.push_screen_wait(chooser)
        return chosen

    def _show_plan(self, flows: list[str]) -> None:
        remap = self.remap
        left = [pin.name or pin.flow for pin in remap.pins if pin.flow not in flows]
        named = [
            f"{path}: {old or 'nothing'} → {new or 'nothing'}" for path, old, new in self.changes
        ]
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        words = f"Nothing has been sent. {'; '.join(named[:NAMED])}{more}."
        if left:
            words += f" {', '.join(left)} stay on the version that they use."
        elif not remap.pins:
            words += " No flow uses it yet."
        self.app.push_screen(RemapPlan(self.session, remap, self.work, flows, words, self._saved))

    def _saved(self, event: Event) -> None:
        """Forget what was kept and say what is so now."""
        self._kept.forget()
        version = next(
            (made.version for step, made in event.stands if step.name == remapping.STEP), ""
        )
        moved = [step for step, _ in event.stands if step.kind == "flows"]
        self.session.sync.refresh("mapping-sets", "flows")
        app = self.console
        app.back()
        app.back()
        uses = "One flow uses" if len(moved) == 1 else f"{len(moved):,} flows use"
        app.page.say(f"Saved as version {version}. {uses} it from the next run on.", "good")


class RemapPlan(SendPage):
    """The plan that saves another version; sent only while the version read is still the newest."""

    def __init__(
        self,
        session: Session,
        remap: Remap,
        bench: Workbench,
        flows: list[str],
        words: str,
        done: Callable[[Event], None],
    ) -> None:
        self._remap, self._pairs, self._flows = remap, list(bench.pairs), flows
        steps = remapping.steps(remap, self._pairs, flows)
        plan = plan_for(session, f"Another version of the mapping {remap.name}", steps)
        super().__init__(session, plan, words=words, done=done, again=self.over_theirs)
        self._allowed = remap.newest

    async def may_begin(self) -> bool:
        """Ask whether somebody saved meanwhile: a mapping set has no etag that would say so."""
        try:
            services = await self.session.connected()
            if not await self._flows_settled(services):
                return False
            if self.stands:
                return True
            now = await TheMappingSet(self._remap.id).ask(services)
            if now.version == self._allowed:
                return True
            newest = await services.data_prep.get_mapping_set(self._remap.id, now.version)
        except ApiTrouble as trouble:
            self.saying.put(f"Nothing was sent: {trouble}", "warn")
            return False
        codes = self._remap.bench.codes
        told = newest.raw().get("mappings") or ()
        theirs = [pair_of(each, codes) for each in told if isinstance(each, dict)]
        found = remapping.differences(self._pairs, theirs)
        lines = [
            f"{path}: theirs {new or 'nothing'}, mine {old or 'nothing'}."
            for path, old, new in found
        ]
        question = Confirm(
            f"Somebody saved version {now.version} meanwhile. Save yours all the same?",
            f"{' '.join(lines[:4])} Theirs stays as version {now.version}; no flow is moved by it.",
        )
        if not await self.app.push_screen_wait(question):
            self.saying.put("Nothing was sent. esc leads back to your pairs.", "warn")
            return False
        self._allowed = now.version
        return True

    async def _flows_settled(self, services: ServiceView) -> bool:
        """Wait for a flow that is in the making: the platform refuses to change it meanwhile."""
        moving: list[Pin] = []
        for wait_s in (0.0, *LOOKS_S):
            await asyncio.sleep(wait_s)
            now = await remapping.pins(services, self._flows)
            moving = [pin for pin in now if pin.state not in STABLE]
            if not moving:
                self._remap = replace(self._remap, pins=remapping.settled(self._remap.pins, now))
                plan = self._renewed()
                if plan is not None:
                    self.plan = plan
                    self.view.show(plan)
                return True
            self.saying.put(f"{_in_the_making(moving)}; waiting until it can be changed …", "busy")
        self.saying.put(f"Nothing was sent: {_in_the_making(moving)}. ctrl+g asks again.", "warn")
        return False

    def _renewed(self) -> Plan | None:
        """The same plan over the flows as they were read last; None if it is another one now."""
        now = remapping.steps(self._remap, self._pairs, self._flows)
        steps = remapping.renewed(self.plan.steps, now, {step.name for step, _ in self.stands})
        return None if steps is None else replace(self.plan, steps=steps)

    async def over_theirs(self, _outdated: Outdated) -> Plan | None:
        """The same plan over the flows as they are now."""
        services = await self.session.connected()
        pins = await remapping.pins(services, [pin.flow for pin in self._remap.pins])
        self._remap = replace(self._remap, pins=pins)
        return self._renewed()


def _in_the_making(pins: Sequence[Pin]) -> str:
    return f"{pins[0].name or pins[0].flow} is {pins[0].state or 'in no state'} just now"
