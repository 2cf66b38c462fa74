"""One action for many resources: one question before, one after another, a result for each.

Each write stays a plan of its own, so that the journal says of each what came of
it, and none is sent twice: what has been sent is never tried again from here.
Whoever draws the progress reads `items` whenever `changed` is called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, cast

from aeptui.api.errors import ApiTrouble, ApiUnreachable, AuthError, SettingsError
from aeptui.mirror.rows import FlowRow, Row, RunRow, SourceConnectionRow
from aeptui.monitor.state import ENDED
from aeptui.pipelines.blast import named, with_next
from aeptui.pipelines.here import why_not_write
from aeptui.pipelines.journal import JournalError
from aeptui.resources.formats import plural

if TYPE_CHECKING:
    from aeptui.resources.definition import Action
    from aeptui.session import Session

Came: TypeAlias = Literal["waiting", "under way", "done", "skipped", "failed", "not tried"]

_HOPELESS = (ApiUnreachable, AuthError, SettingsError, JournalError)
"""Where one meets these, the next one would."""
LOOKED = 20
"""So many of a flow's newest runs are looked through for the one to retry."""


class Said(NamedTuple):
    """What came of one: whether it is well, and a sentence."""

    well: bool
    sentence: str


@dataclass(slots=True)
class Item:
    """One of many, and what came of it so far."""

    kind: str
    row: Row
    name: str
    came: Came = "waiting"
    said: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person agrees to before anything is sent."""

    question: str
    consequence: str


class Many:
    """The same for many resources, in their order; what cannot be done is skipped with its reason."""

    def __init__(
        self,
        title: str,
        items: Iterable[Item],
        perform: Callable[[Row], Awaitable[Said]],
        refusal: Callable[[Row], Awaitable[str | None]] | None = None,
        *,
        again: Callable[[Item], Awaitable[Row | None]] | None = None,
    ) -> None:
        self.title = title
        self.items = list({(each.kind, each.row.id): each for each in items}.values())
        self.changed: Callable[[], None] = lambda: None
        """Called after each change of an item."""
        self.stopped = ""
        """Why the rest is not tried; empty while it goes on."""
        self.over = False
        self._perform = perform
        self._refusal = refusal
        self._again = again

    async def weigh(self) -> None:
        """Skip what cannot be done; keys are heard meanwhile."""
        for item in self.items:
            if item.came == "waiting" and (reason := await self._refused(item.row)):
                item.came, item.said = "skipped", reason

    async def _refused(self, row: Row) -> str | None:
        return None if self._refusal is None else await self._refusal(row)

    @property
    def ready(self) -> list[Item]:
        """Those that are going to be tried."""
        return [item for item in self.items if item.came == "waiting"]

    def count(self, came: Came) -> int:
        """How many came to that."""
        return sum(item.came == came for item in self.items)

    @property
    def summary(self) -> str:
        """`7 done, 1 failed, 2 skipped, 3 to go`."""
        told: Sequence[tuple[Came, str]] = (
            ("done", "done"),
            ("failed", "failed"),
            ("skipped", "skipped"),
            ("under way", "under way"),
            ("waiting", "to go"),
            ("not tried", "not tried"),
        )
        return ", ".join(
            f"{number:,} {word}" for came, word in told if (number := self.count(came))
        )

    def stop(self, why: str) -> None:
        """Try no more; what is under way is finished."""
        self.stopped = self.stopped or why

    async def run(self) -> None:
        """Do it for each that waits."""
        try:
            for item in self.items:
                if item.came == "waiting":
                    await self._try(item)
        finally:
            self.over = True
            self.changed()

    async def _try(self, item: Item) -> None:
        if self.stopped:
            self._set(item, "not tried", self.stopped)
            return
        if self._again is not None:
            item.row = await self._again(item) or item.row
        if reason := await self._refused(item.row):
            self._set(item, "skipped", reason)
            return
        self._set(item, "under way", "")
        try:
            said = await self._perform(item.row)
        except (ApiTrouble, JournalError) as trouble:
            self._set(item, "failed", str(trouble))
            if isinstance(trouble, _HOPELESS):
                self.stop("the one before could not be sent")
        else:
            self._set(item, "done" if said.well else "failed", said.sentence)

    def _set(self, item: Item, came: Came, said: str) -> None:
        item.came, item.said = came, said
        self.changed()


# What can be done for many ---------------------------------------------------------


async def acting(session: Session, action: Action, kind: str, rows: Sequence[Row]) -> Many:
    """An action of `kind` for `rows`; a retry of flows is one of their last runs, if those failed."""
    items = [await _item(session, action, kind, row) for row in rows]
    agreed = {item.row.id: item.row.state for item in items}

    async def perform(row: Row) -> Said:
        return Said(True, await action.perform(session, row))

    async def again(item: Item) -> Row | None:
        return await session.mirror.get(item.kind, item.row.id)

    async def refusal(row: Row) -> str | None:
        before = agreed[row.id]
        if action.id == "switch" and row.state != before:
            # What turns an enabled flow off would turn a disabled one on.
            return f"It was {before or 'in no state'} when this was asked, and is {row.state} now"
        return await session.aside(lambda there: action.refusal(there, row))

    many = Many(action.label, items, perform, refusal, again=again)
    await many.weigh()
    return many


async def _item(session: Session, action: Action, kind: str, row: Row) -> Item:
    if kind == "runs" or action.id != "retry":
        name = row.flow_name if isinstance(row, RunRow) else row.name
        return Item(kind, row, name or row.id)
    flow = cast(FlowRow, row)
    name = flow.name or flow.id
    run = to_retry(await session.mirror.runs_of(flow.id, LOOKED))
    if isinstance(run, str):
        return Item(kind, row, name, "skipped", run)
    return Item("runs", run, name)


def to_retry(newest: Iterable[RunRow]) -> RunRow | str:
    """The run that a retry of a flow is about, of its newest: the last, if it failed; else why not."""
    for run in newest:
        if run.word == "failed":
            return run
        if run.word in ENDED:
            return "Its last run did not fail"
        return "A run of it has not ended yet"
    return "It has no run to retry"


async def testing(session: Session, rows: Sequence[Row]) -> Many:
    """A test of the base connections behind `rows`, each once."""
    items = []
    for row in rows:
        id = base_of(row)
        base = await session.mirror.get("base-connections", id) if id else None
        if base is None:
            items.append(
                Item("flows", row, row.name or row.id, "skipped", "It has no base connection")
            )
        else:
            items.append(Item("base-connections", base, base.name or base.id))

    async def perform(row: Row) -> Said:
        services = await session.connected()
        result = await services.flows.test_connection(row.id)
        return Said(result.ok, f"It {result.outcome}")

    return Many("test", items, perform)


def base_of(row: Row) -> str:
    """The id of the base connection behind a row; empty where there is none."""
    if isinstance(row, FlowRow | SourceConnectionRow):
        return row.base_connection_id
    return "" if isinstance(row, RunRow) else row.id


def question(session: Session, many: Many, action: Action) -> Question:
    """What it will bring about: how many, which, what follows, and what is skipped."""
    ready = many.ready
    rows = [item.row for item in ready]
    names = named(list(dict.fromkeys(item.name for item in ready)))
    count = len(ready)
    if action.id == "retry":
        asked = f"Retry {plural(count, 'run')} of {names}?"
        told = "Each reads the same window of the CRM again, as a new run."
    elif action.id == "run-now":
        asked = f"Run {plural(count, 'flow')} now: {names}?"
        told = "Each reads what its table changed since its last good run."
    else:
        asked, told = _switched(session, cast("list[FlowRow]", rows))
    parts = [told, "They go one after another, within the budget of calls.", skipped(many)]
    return Question(asked, " ".join(part for part in parts if part))


def _switched(session: Session, flows: Sequence[FlowRow]) -> tuple[str, str]:
    on = [flow for flow in flows if flow.state == "enabled"]
    off = [flow for flow in flows if flow.state != "enabled"]
    asked = " and ".join(
        part
        for part in (
            f"turn {plural(len(on), 'flow')} off" if on else "",
            f"turn {plural(len(off), 'flow')} on" if off else "",
        )
        if part
    )
    told = [f"Off until they are on again: {with_next(session, on)}."] if on else []
    told += [f"On, and run when next due: {named([f.name or f.id for f in off])}."] if off else []
    return f"{asked[0].upper()}{asked[1:]}?", " ".join(told)


def skipped(many: Many) -> str:
    """How many are skipped, and why, one reason for each."""
    left = [item for item in many.items if item.came == "skipped"]
    if not left:
        return ""
    reasons = list(dict.fromkeys(item.said for item in left))
    more = f", and {len(reasons) - 2} reasons more" if len(reasons) > 2 else ""
    return f"Skipped: {len(left):,} ({'; '.join(reasons[:2])}{more})."


def why_not(session: Session, many: Many) -> str | None:
    """Why nothing of it can be done."""
    if many.ready:
        return None
    return why_not_write(session) or (many.items[0].said if many.items else "nothing is marked")
