"""Lists and details on whose resources something can be done: new, act, change, test."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.rows import FlowRow, MappingSetRow, Row, RunRow, SourceConnectionRow
from aeptui.resources.definition import Action, Resource
from aeptui.ui.messages import NewWanted
from aeptui.ui.screens.confirm import Confirm, TypedName
from aeptui.ui.screens.minding import MindingPage
from aeptui.ui.screens.page import Page

log = logging.getLogger(__name__)

CREATABLE = (
    "flows",
    "base-connections",
    "source-connections",
    "target-connections",
    "schemas",
    "datasets",
    "mapping-sets",
)
"""The kinds that a form makes."""


_ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("retry", ""): "runs are retried, not {}; they are in :runs, and under their flow",
    ("run_now", "runs"): "flows are run, not runs; R retries this one",
    ("run_now", ""): "flows are run, not {}; they are in :flows",
    ("switch", ""): "flows are on or off, not {}; they are in :flows",
    ("delete", "mapping-sets"): "mapping sets stay; without a flow they do nothing",
    ("delete", "runs"): "the platform keeps runs as they were; X on their flow deletes that",
    ("delete", "batches"): "batches stay; X on their dataset deletes it with all its rows",
    ("delete", ""): "{} are the platform's own, and stay",
}
"""What to do instead of an action that a kind does not have; by kind, else for all the others."""
_MADE_BY: Mapping[str, str] = {
    "runs": "runs come from their flows; N on a flow that is scheduled once makes one",
    "batches": "batches are written by runs",
    "sandboxes": "sandboxes are made in the Experience Platform itself; :sandbox opens another",
}


class ActingPage(MindingPage):
    """A page with a resource at hand; capitals act on it, and each is refused with its reason."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new", id="new", tooltip="make a new one; sends nothing by itself"),
        Binding(
            "d",
            "changes",
            "what changed",
            show=False,
            id="changes",
            tooltip="what changed between the last clean and the first bad run",
        ),
        Binding("t", "test", "test", id="test", tooltip="test the connection to the CRM"),
        Binding(
            "m",
            "mapping",
            "mapping",
            show=False,
            id="mapping",
            tooltip="the mapping: see it, change it, move the flow to another version",
        ),
        Binding("R", "retry", "retry", show=False, id="retry", tooltip="retry a run"),
        Binding("N", "run_now", "run now", show=False, id="run_now", tooltip="run a flow now"),
        Binding("O", "switch", "on/off", show=False, id="switch", tooltip="turn a flow on or off"),
        Binding(
            "E",
            "change",
            "change",
            id="change",
            tooltip="name, schedule, options, credentials: change what it is",
        ),
        Binding("X", "delete", "delete", show=False, id="delete", tooltip="delete; asks first"),
    ]

    resource: Resource

    # Why not -------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """The reason of the action itself, as the operator reads it on `?`."""
        if action == "new":
            if self.resource.kind in CREATABLE:
                return None
            return _MADE_BY.get(
                self.resource.kind, f"{self.resource.plural} are the platform's own"
            )
        if action == "changes":
            row = self.at_hand if self.is_mounted else None
            return None if isinstance(row, FlowRow | RunRow) else "only flows and runs are compared"
        if action in ("retry", "run_now", "switch", "delete"):
            return None if self.marking else self._refusal(action)
        if action == "change":
            return self._why_not_change()
        if action == "mapping" and not self._mapping()[0]:
            return "there is no mapping here"
        if action == "test" and self.connection() is None:
            return "connections are tested: on a base or source connection, a flow or a run"
        return super().why_not(action)

    def ever(self, action: str) -> bool:
        """Some kinds are never made by hand; a login is what base connections are about."""
        if action in ("test", "change"):
            return self.resource.kind == "base-connections"
        if action == "new":
            return self.resource.kind in CREATABLE
        return super().ever(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that acts is always taken: when it cannot be done, it says why."""
        if action in ("retry", "run_now", "switch", "delete", "change", "test"):
            return True
        return super().check_action(action, parameters)

    def target(self, name: str) -> tuple[Resource, Row | None]:
        """What the action called `name` would be about."""
        return self.resource, self.at_hand if self.is_mounted else None

    def to_change(self) -> tuple[Resource, Row | None]:
        """What `E` would be about."""
        return self.resource, self.at_hand if self.is_mounted else None

    def _refusal(self, name: str) -> str | None:
        resource, row = self.target(name)
        action = action_of(resource.kind, name)
        if action is None:
            told = _ELSEWHERE.get((name, resource.kind)) or _ELSEWHERE[name, ""]
            return told.format(resource.plural)
        if row is None:
            return f"there is no {resource.name} under the cursor"
        from aeptui.ui.unlocking import with_the_way_out

        return with_the_way_out(self.session, action.refusal(self.session, row))

    def _why_not_change(self) -> str | None:
        from aeptui.forms.changing import KINDS
        from aeptui.pipelines.here import why_not_write
        from aeptui.ui.unlocking import with_the_way_out

        resource, row = self.to_change()
        if resource.kind not in KINDS:
            if resource.kind == "mapping-sets":
                return "m changes the pairs of a mapping set"
            if resource.kind == "runs":
                return (
                    "runs stay as they were; E on their flow, or on its connections, changes those"
                )
            return f"{resource.plural} cannot be changed"
        if row is None:
            return f"there is no {resource.name} under the cursor"
        return with_the_way_out(self.session, why_not_write(self.session))

    def connection(self) -> str | None:
        """The base connection that `t` tests."""
        row = self._flow_of(self.at_hand if self.is_mounted else None)
        if row is None:
            return None
        if self.resource.kind == "base-connections":
            return row.id
        if isinstance(row, FlowRow | SourceConnectionRow):
            return row.base_connection_id or None
        return None

    def _mapping(self) -> tuple[str, str]:
        """The mapping set at hand, and the flow that it was asked for."""
        row = self._flow_of(self.at_hand if self.is_mounted else None)
        if isinstance(row, FlowRow):
            return row.mapping_set_id, row.id
        return (row.id, "") if isinstance(row, MappingSetRow) else ("", "")

    def _flow_of(self, row: Row | None) -> Row | None:
        """The flow of a run; anything else as it is."""
        if isinstance(row, RunRow):
            return self.session.mirror.get_now("flows", row.flow_id)
        return row

    # Acting --------------------------------------------------------------------------

    def action_changes(self) -> None:
        """Show what was changed since the last clean run of the flow at hand."""
        from aeptui.ui.screens.changes import ChangesPage

        row = self.at_hand
        if isinstance(row, FlowRow):
            self.app.push_screen(ChangesPage(self.session, row.id))
        elif isinstance(row, RunRow):
            self.app.push_screen(ChangesPage(self.session, row.flow_id, row.id))

    def action_new(self) -> None:
        """Open the form for this kind."""
        self.post_message(NewWanted(self.resource.kind))

    def action_mapping(self) -> None:
        """Open the mapping in the studio."""
        mapping_set, flow = self._mapping()
        if mapping_set:
            self.console.doing.open_mapping(mapping_set, flow)
        else:
            self.refuse("there is no mapping here")

    def action_retry(self) -> None:
        """Retry the run."""
        self.act("retry")

    def action_run_now(self) -> None:
        """Run the flow."""
        self.act("run_now")

    def action_switch(self) -> None:
        """Turn the flow on or off."""
        self.act("switch")

    def action_delete(self) -> None:
        """Delete it."""
        self.act("delete")

    def act(self, name: str) -> None:
        """Say why it cannot be done, or ask and do it; about the row that was there at the key."""
        resource, row = self.target(name)
        action = action_of(resource.kind, name)
        if self.marking:
            self._act_on_marked(name)
            return
        reason = self._refusal(name)
        if action is None or row is None or reason:
            self.refuse(reason or "nothing is under the cursor")
        elif name == "delete" and isinstance(row, FlowRow):
            self.console.doing.unmake(row)
        else:
            self.console.doing.act(self, action, row)

    @property
    def marking(self) -> bool:
        """Whether rows are marked here: then keys are about those."""
        return False

    def _act_on_marked(self, name: str) -> None:
        kind = self.resource.kind
        action = action_of("runs" if name == "retry" else kind, name)
        if name == "delete":
            self.refuse("one at a time is deleted; esc unmarks")
        elif action is None or kind not in ("flows", "runs"):
            self.refuse(self._refusal(name) or "esc unmarks")
        else:
            self.console.doing.together.act(self, action, kind, self.chosen)

    def action_change(self) -> None:
        """Open the form that changes what is under the cursor."""
        (resource, row), reason = self.to_change(), self._why_not_change()
        if row is None or reason:
            self.refuse(reason or "nothing is under the cursor")
        else:
            self.console.doing.change(resource, row)

    @work(exclusive=True, group="test")
    async def action_test(self) -> None:
        """Let the platform log in to the CRM, and say what came of it."""
        if self.marking:
            self.console.doing.together.test(self, self.chosen)
            return
        id = self.connection()
        if id is None:
            self.refuse(self.why_not("test") or "")
            return
        row = self.session.mirror.get_now("base-connections", id)
        name = row.name if row is not None and row.name else id
        self.say(f"Testing {name} …", "busy")

        try:
            services = await self.session.connected()
            result = await services.flows.test_connection(id)
        except ApiTrouble as trouble:
            self.say(f"{name} was not tested: {trouble}", "bad")
            return
        said = f"{name} {result.outcome}."
        if not result.ok and not result.down:
            here = self.to_change()[0].kind == "base-connections"
            way = "E" if here else ":bc lists the base connections; E there"
            said += f" {way} gives it other credentials."
        self.say(said, "good" if result.ok else "bad")


def action_of(kind: str, name: str) -> Action | None:
    """The action of a kind by its id."""
    from aeptui.pipelines.actions import of

    wanted = name.replace("_", "-")
    return next((each for each in of(kind) if each.id == wanted), None)


async def confirmed(page: Page, action: Action, row: Row) -> bool:
    """Whether a person agrees to the consequence; by the sandbox's name where it is protected."""
    session = page.session
    told = action.confirm(session, row) if action.confirm is not None else f"{action.label}?"
    question, _, consequence = told.partition("? ")
    question = question if question.endswith("?") else f"{question}?"
    if action.confirm is None and not session.protected:
        return True
    return await agreed(page, question, consequence)


async def agreed(page: Page, question: str, consequence: str) -> bool:
    """Whether a person says yes; by the sandbox's name where it is protected."""
    session = page.session
    asked: Confirm | TypedName = Confirm(question, consequence)
    if session.protected:
        asked = TypedName(question, consequence, session.sandbox)
    return await page.console.push_screen_wait(asked) is True
