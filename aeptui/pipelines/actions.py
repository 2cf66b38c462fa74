"""The everyday actions as plans of one write: retry, run now, on and off, delete.

Each says why it cannot be done just now, what it will bring about, and what
happened. They are judged by what the mirror knows; the platform has the last
word, and its refusal is shown as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from aeptui.api.models import Flow
from aeptui.api.paths import PATHS, path_of
from aeptui.forms.settling import LOOKS_S, STABLE
from aeptui.mirror.rows import DatasetRow, FlowRow, Row, RunRow, SchemaRow
from aeptui.pipelines import blast, on_demand
from aeptui.pipelines.here import carry_out, plan_for, read_again, why_not_write
from aeptui.pipelines.plan import Step, Undo
from aeptui.resources.definition import Action
from aeptui.resources.formats import date_time, due, plural
from aeptui.resources.kinds import name_of

if TYPE_CHECKING:
    from aeptui.session import Session

_APART = ("base-connections", "source-connections", "target-connections", "datasets", "schemas")
"""What is deleted alone; a flow goes with what only it uses."""


def of(kind: str) -> tuple[Action, ...]:
    """The actions that can be asked for a thing of `kind`, in the order of its keys."""
    return _ACTIONS.get(kind, ())


# Retry ------------------------------------------------------------------------

_ENDED = ("clean", "partial", "failed")


def why_not_retry(session: Session, row: RunRow) -> str | None:
    """AEP.md 3.5: only of a failed run or one without rows, that has ended, of a flow that is on."""
    if row.word not in _ENDED:
        if row.phase or row.word in ("waiting", "running"):
            return "This run has not ended yet"
        return f"Whether this run has ended cannot be told from its state, {row.state or 'none'}"
    if row.word != "failed" and row.received:
        rows = plural(row.received, "row")
        return f"Only runs that failed or found no rows can be retried; this one found {rows}"
    if row.word != "failed" and row.received is None:
        return "Only runs that failed or found no rows can be retried; this one ended well"
    flow = session.mirror.get_now("flows", row.flow_id)
    if flow is None:
        return "Its flow is not there any more"
    if flow.state != "enabled":
        return f"Its flow {flow.name} is {flow.state or 'not on'}; turn it on first"
    return why_not_write(session)


def _confirm_retry(session: Session, row: RunRow) -> str:
    moment = session.moment()
    window = ""
    if row.window_start or row.window_end:
        edges = (row.window_start, row.window_end)
        since, until = (date_time(edge, moment) if edge else "the start" for edge in edges)
        window = f", {since} to {until}"
    flow = row.flow_name or "the flow"
    return f"Retry this run of {flow}? It reads the same window of the CRM again{window}."


async def _retry(session: Session, row: RunRow) -> str:
    title = f"Retry a run of {row.flow_name or row.flow_id}"
    path = f"{path_of('runs', row.id)}/action?op=re-trigger"
    step = Step("run", title, "runs", "POST", path, target=row.id)
    made = await _made(session, title, step)
    await read_again(session, "runs", made)
    session.sync.refresh("runs", "flows")
    return f"Retried; the new run is {made}"


# Run now ----------------------------------------------------------------------


def why_not_run(session: Session, row: FlowRow) -> str | None:
    return on_demand.why_not(session, row) or why_not_write(session)


async def _run_now(session: Session, row: FlowRow) -> str:
    title = f"Run {row.name or row.id} now"
    body = on_demand.body(row, on_demand.window(session, row))
    step = Step("run", title, "runs", "POST", PATHS["runs"], body=body)
    made = await _made(session, title, step)
    await read_again(session, "runs", made)
    session.sync.refresh("runs", "flows")
    return f"Asked for; the new run is {made}"


# On and off -------------------------------------------------------------------


def why_not_switch(session: Session, row: FlowRow) -> str | None:
    if row.state not in STABLE:
        return f"This flow is being changed ({row.state or 'no state'}); try again when it is done"
    return why_not_write(session)


def _confirm_switch(session: Session, row: FlowRow) -> str:
    moment = session.moment()
    if row.state == "enabled":
        missed = "No run of it comes until it is on again"
        if row.next_due_at is not None:
            missed += f"; the next was due {due(row.next_due_at, moment)}"
        return f"Turn {row.name} off? {missed}."
    if row.state == "draft":
        begins = f" Its first run is due {due(row.start_at, moment)}." if row.start_at else ""
        return f"Publish {row.name}? It runs from then on and is never a draft again.{begins}"
    if row.frequency == "once":
        return f"Turn {row.name} on? It is scheduled once, so no run comes by itself."
    return f"Turn {row.name} on? It runs again when its schedule is next due."


async def _publish(session: Session, row: FlowRow) -> str:
    """A draft becomes a flow that runs (AEP.md 3.9); nothing makes it a draft again."""
    name = row.name or row.id
    title = f"Publish {name}"
    path = f"{path_of('flows', row.id)}/action?op=publish"
    await _made(session, title, Step("flow", title, "flows", "POST", path, target=row.id))
    session.sync.refresh("flows", "runs")
    await read_again(session, "flows", row.id)
    return f"{name} is published"


async def _switch(session: Session, row: FlowRow) -> str:
    if row.state == "draft":
        return await _publish(session, row)
    on = row.state != "enabled"
    title = f"Turn {row.name or row.id} {'on' if on else 'off'}"
    forth, back = ("enable", "disable") if on else ("disable", "enable")
    action = f"{path_of('flows', row.id)}/action?op="
    undo = Undo("POST", action + back)
    step = Step("flow", title, "flows", "POST", action + forth, undo=undo, target=row.id)
    await _made(session, title, step)
    session.sync.refresh("flows", "runs")
    wanted, state = f"{forth}d", ""
    for wait_s in (0.0, *LOOKS_S):
        await asyncio.sleep(wait_s)
        now = await read_again(session, "flows", row.id)
        state = now.state if isinstance(now, Flow) else ""
        if state == wanted:
            return f"{row.name or row.id} is {'on' if on else 'off'}"
    return f"Asked for; {row.name or row.id} is {state or 'in a state that nobody told'} so far"


# Delete -----------------------------------------------------------------------


def why_not_delete(kind: str) -> Callable[[Session, Row], str | None]:
    """What the platform would refuse, or what would break what is still in use."""

    def refusal(session: Session, row: Row) -> str | None:
        if kind in ("base-connections", "source-connections", "target-connections"):
            flows = blast.flows_of(session, kind, row)
            if flows:
                names = blast.named([flow.name or flow.id for flow in flows])
                verb = "uses" if len(flows) == 1 else "use"
                rest = "that flow" if len(flows) == 1 else "those flows"
                return f"{names} {verb} it; delete {rest} first"
        if kind == "schemas":
            datasets = [
                link.name or link.id
                for link in blast.users_of(session, kind, row.id)
                if link.kind == "datasets"
            ]
            if datasets:
                verb = "has" if len(datasets) == 1 else "have"
                return f"{blast.named(datasets)} {verb} rows of this schema; delete those first"
        return why_not_write(session)

    return refusal


def _confirm_delete(kind: str) -> Callable[[Session, Row], str]:
    def confirm(session: Session, row: Row) -> str:
        question = f"Delete the {name_of(kind)} {row.name or row.id}?"
        return f"{question} {_CONSEQUENCES[kind](session, row)}"

    return confirm


def _without_flow(session: Session, row: Row) -> str:
    flow = cast(FlowRow, row)
    told = []
    if flow.state == "enabled" and flow.next_due_at is not None:
        told.append(f"Its next run was due {due(flow.next_due_at, session.moment())}.")
    dataset = flow.dataset_name or flow.dataset_id
    if dataset:
        told.append(f"The rows in {dataset} stay.")
    told.append("Its source and target connections and its mapping set stay, used by nothing.")
    return " ".join(told)


def _without_connection(session: Session, row: Row) -> str:
    return "No flow uses it."


def _without_base(session: Session, row: Row) -> str:
    sources = blast.users_of(session, "base-connections", row.id)
    left = ""
    if sources:
        names = blast.named([link.name or link.id for link in sources])
        verb = "reads" if len(sources) == 1 else "read"
        left = f" {names} {verb} through it and cannot be used any more."
    return f"Its credentials go with it. No flow uses it.{left}"


def _without_dataset(session: Session, row: Row) -> str:
    dataset = cast(DatasetRow, row)
    rows = "All its rows go" if not dataset.row_count else f"{plural(dataset.row_count, 'row')} go"
    flows = blast.flows_of(session, "datasets", row)
    if not flows:
        return f"{rows} for good. No flow writes to it."
    verb = "writes to it and fails" if len(flows) == 1 else "write to it and fail"
    return f"{rows} for good. {blast.with_next(session, flows)} {verb} from then on."


def _without_schema(session: Session, row: Row) -> str:
    schema = cast(SchemaRow, row)
    users = [link.name or link.id for link in blast.users_of(session, "schemas", row.id)]
    used = f" It is still named by {blast.named(users)}." if users else ""
    profile = " It is enabled for Profile." if schema.profile_enabled else ""
    return f"No dataset uses it.{used}{profile}"


_CONSEQUENCES: Mapping[str, Callable[[Session, Row], str]] = {
    "flows": _without_flow,
    "base-connections": _without_base,
    "source-connections": _without_connection,
    "target-connections": _without_connection,
    "datasets": _without_dataset,
    "schemas": _without_schema,
}


def _delete(kind: str) -> Action:
    async def perform(session: Session, row: Row) -> str:
        title = f"Delete the {name_of(kind)} {row.name or row.id}"
        step = Step("gone", title, kind, "DELETE", path_of(kind, row.id), target=row.id)
        await _made(session, title, step)
        await session.mirror.forget(kind, [row.id])
        return f"The {name_of(kind)} {row.name or row.id} is deleted"

    return Action(
        key="X",
        id="delete",
        label="delete",
        help=f"delete this {name_of(kind)}; asks first and says what goes with it",
        perform=perform,
        refusal=why_not_delete(kind),
        confirm=_confirm_delete(kind),
    )


async def _made(session: Session, title: str, step: Step) -> str:
    """Carry out a plan of one step; answers the id that the platform named."""
    event = await carry_out(session, plan_for(session, title, [step]))
    return event.stands[-1][1].id if event.stands else ""


_ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "runs": (
        Action(
            key="R",
            id="retry",
            label="retry",
            help="read the window of a failed or empty run again, as a new run",
            perform=_retry,
            refusal=why_not_retry,
            confirm=_confirm_retry,
        ),
    ),
    "flows": (
        Action(
            key="N",
            id="run-now",
            label="run now",
            help="run a flow that is scheduled once",
            perform=_run_now,
            refusal=why_not_run,
            confirm=on_demand.confirm,
        ),
        Action(
            key="O",
            id="switch",
            label="on/off",
            help="turn this flow on or off; publish a draft",
            perform=_switch,
            refusal=why_not_switch,
            confirm=_confirm_switch,
        ),
        _delete("flows"),
    ),
    **{kind: (_delete(kind),) for kind in _APART},
}
