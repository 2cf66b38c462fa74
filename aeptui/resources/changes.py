"""What changed between the last clean and the first bad run of a flow.

A flow is made of a handful of definitions. Each knows when it was last changed;
what it was before is known as far as it was seen here (`mirror.earlier`), and of
mapping sets the platform can be asked. What nobody can tell is said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.earlier import Earlier
from aeptui.mirror.rows import AnyRow, FlowRow, MappingSetRow, RunRow, TargetConnectionRow
from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.resources.common import records_at
from aeptui.resources.definition import (
    Block,
    Detail,
    Fact,
    Facts,
    Grid,
    Prose,
    Target,
    Tone,
)
from aeptui.resources.differences import Difference, differences
from aeptui.resources.kinds import name_of

if TYPE_CHECKING:
    from aeptui.session import Session

UNSEEN = "What it was before was never seen here."
UNCHANGED = "Nothing that the flow is made of was changed"
SHOWN = 12
"""So many differences of one part are shown; the rest are counted."""
FEW, SIDE = 3, 18
"""In the short form: so many, and so much of what stood there before and after."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """One definition that was changed in between."""

    kind: str
    id: str
    name: str
    at: datetime
    by: str
    versions: str = ""
    """`v3 → v4`, where it counts them."""
    differences: tuple[Difference, ...] = ()
    note: str = ""
    """Why the differences are not told; empty where they are."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Two runs of a flow, and what was changed between them."""

    flow: FlowRow
    clean: RunRow | None
    bad: RunRow
    parts: tuple[PartChange, ...] = ()
    same: tuple[str, ...] = ()
    """The names of the kinds that were not changed in between."""
    unknown: tuple[str, ...] = ()
    """The names of the kinds of which nothing is known here."""


async def changes_of(session: Session, flow: FlowRow, run: RunRow) -> Changes:
    """What changed between the last clean run before `run` and the first bad one after that.

    Asks the platform for versions of a mapping set that were not seen here.
    """
    clean, first_bad = await session.mirror.ask(lambda reader: reader.turning_point(run))
    changes = Changes(flow, clean, first_bad or run)
    since, until = _began(clean), _ended(changes.bad)
    if since is None or until is None:
        return changes
    parts: list[PartChange] = []
    same: list[str] = []
    unknown: list[str] = []
    for kind, id in await _parts_of(session, flow):
        row = await session.mirror.get(kind, id) if id else None
        if row is None or row.updated_at is None:
            unknown.append(name_of(kind))
            continue
        part = await _part(session, kind, row, since, until)
        if part is None:
            same.append(name_of(kind))
        else:
            parts.append(part)
    known = replace(changes, parts=tuple(parts), same=tuple(same), unknown=tuple(unknown))
    return await _pinned(session, known)


async def _parts_of(session: Session, flow: FlowRow) -> list[tuple[str, str]]:
    """What a flow is made of, what is most often at fault first."""
    target = await session.mirror.get("target-connections", flow.target_connection_id)
    schema = target.schema_id if isinstance(target, TargetConnectionRow) else ""
    return [
        ("mapping-sets", flow.mapping_set_id),
        ("flows", flow.id),
        ("source-connections", flow.source_connection_id),
        ("base-connections", flow.base_connection_id),
        ("target-connections", flow.target_connection_id),
        ("schemas", schema),
    ]


async def _part(
    session: Session, kind: str, row: AnyRow, since: datetime, until: datetime
) -> PartChange | None:
    """How a definition was changed between the two times; None where it was not."""
    if row.updated_at is None or row.updated_at <= since:
        return None
    earlier = await session.mirror.ask(lambda reader: reader.earlier(kind, row.id))
    body = await session.mirror.body(kind, row.id) or {}
    known = [Earlier(row.updated_at, body), *earlier]
    within = [each for each in known if since < each.at <= until]
    if not within:
        # Changed since, and only since, as far as is known.
        return None
    after, before = within[0], next((each for each in known if each.at <= since), None)
    name = row.name or row.id
    by = str(after.body.get("updatedBy") or after.body.get("modifiedBy") or row.updated_by)
    made = PartChange(kind, row.id, name, after.at, by)
    if isinstance(row, MappingSetRow):
        return await _mapping(session, made, after.body, before.body if before else None)
    if before is None:
        return replace(made, note=UNSEEN)
    found = tuple(differences(kind, before.body, after.body))
    note = "" if found else "Nothing that the platform shows differs; secrets are not shown."
    return replace(made, differences=found, note=note)


async def _mapping(
    session: Session, made: PartChange, after: dict[str, Any], before: dict[str, Any] | None
) -> PartChange:
    """The pairs that differ; the version before is asked for where it was not seen here."""
    version = _version(after)
    if before is None and version:
        before = await _asked(session, made.id, version - 1)
    if before is None:
        return replace(made, versions=f"v{version}", note=UNSEEN if version else "")
    return _between(made, before, after)


def _between(made: PartChange, before: dict[str, Any], after: dict[str, Any]) -> PartChange:
    found = tuple(differences("mapping-sets", before, after))
    versions = f"v{_version(before)} → v{_version(after)}"
    return replace(
        made, versions=versions, differences=found, note="" if found else "No pair differs."
    )


async def _pinned(session: Session, changes: Changes) -> Changes:
    """A flow uses the version that it names (AEP.md 6.1): the pairs are those of the versions named."""
    flow = changes.flow
    parts = [_unused(part, flow) for part in changes.parts]
    own = next((part for part in parts if part.kind == "flows"), None)
    named = {each.what: each for each in own.differences} if own is not None else {}
    moved = named.get("mapping version")
    old, new = (int(text) if text.isdigit() else None for text in (moved or ("", "", ""))[1:])
    if own is None or moved is None or old is None or new is None or "mapping set" in named:
        return replace(changes, parts=tuple(parts))
    row = await session.mirror.get("mapping-sets", flow.mapping_set_id)
    name = row.name if row is not None and row.name else flow.mapping_set_id
    made = PartChange("mapping-sets", flow.mapping_set_id, name, own.at, own.by)
    before = await _asked(session, flow.mapping_set_id, old)
    after = await _asked(session, flow.mapping_set_id, new)
    if before is None or after is None:
        made = replace(made, versions=f"v{old} → v{new}", note="Its pairs cannot be read now.")
    else:
        made = _between(made, before, after)
    others = tuple(each for each in own.differences if each is not moved)
    rest = [part for part in parts if part.kind not in ("mapping-sets", "flows")]
    flows = [replace(own, differences=others)] if others else []
    same = tuple(each for each in changes.same if each != name_of("mapping-sets"))
    return replace(changes, parts=(made, *flows, *rest), same=same)


def _unused(part: PartChange, flow: FlowRow) -> PartChange:
    """A version of a mapping set that the flow does not name changes nothing for it."""
    version, named = part.versions.rpartition("v")[2], flow.mapping_version
    if part.kind != "mapping-sets" or named is None or not version.isdigit():
        return part
    if int(version) <= named:
        return part
    note = f"v{version} was made, but the flow still uses v{named}: nothing changed for it."
    return replace(part, differences=(), note=note)


async def _asked(session: Session, id: str, version: int) -> dict[str, Any] | None:
    """One version of a mapping set: as it was seen here, else as the platform tells it."""
    body = await session.mirror.body("mapping-sets", id)
    seen = [body] if body else []
    seen += [
        each.body
        for each in await session.mirror.ask(lambda reader: reader.earlier("mapping-sets", id))
    ]
    for each in seen:
        if _version(each) == version and records_at(each, "mappings"):
            return each
    try:
        services = await session.connected()
        return (await services.data_prep.get_mapping_set(id, version)).raw()
    except ApiTrouble:
        return None


def _version(body: dict[str, Any]) -> int:
    version = body.get("version")
    return version if isinstance(version, int) else 0


def _began(run: RunRow | None) -> datetime | None:
    return (run.started_at or run.created_at) if run is not None else None


def _ended(run: RunRow) -> datetime | None:
    return run.completed_at or run.started_at or run.created_at


# In words ------------------------------------------------------------------------------


def short_blocks(changes: Changes, moment: Moment) -> list[Block]:
    """What changed, a line for each thing: the short form beside an explanation."""
    clean = changes.clean
    if clean is None:
        return []
    if not changes.parts:
        when = formats.date_time(_began(clean), moment)
        return [] if changes.unknown else [Prose(f"{UNCHANGED} since the last clean run ({when}).")]
    rows, leads = [], []
    for part in changes.parts:
        when = formats.date_time(part.at, moment)
        name = name_of(part.kind) + (f" {part.versions}" if part.versions else "")
        told = [_short(each) for each in part.differences[:FEW]] or [part.note]
        if len(part.differences) > FEW:
            told.append(f"{len(part.differences) - FEW:,} more")
        rows += [(name, when, told[0]), *(("", "", line) for line in told[1:])]
        leads += [Target(part.kind, part.id), *(None for _ in told[1:])]
    since = formats.date_time(_began(clean), moment)
    return [
        Grid(
            f"Changed since the last clean run ({since})",
            ("TYPE", "WHEN", "WHAT"),
            rows,
            leads=leads,
        )
    ]


def _short(each: Difference) -> str:
    """`birthDate: date(birthdate) → birthdate`, each side cut; the page has it whole."""
    name = each.what.rpartition(".")[2]
    before, after = (
        text if len(text) <= SIDE else text[: SIDE - 1] + "…"
        for text in (_was(each.before), _was(each.after))
    )
    return f"{name}: {before} → {after}"


def detail(changes: Changes, moment: Moment) -> Detail:
    """The two runs, and every part that was changed between them with its differences."""
    clean, bad = changes.clean, changes.bad
    title = f"{changes.flow.name or changes.flow.id}: what changed"
    if clean is None:
        words = (
            "No clean run is known before this one, so there is nothing to compare it with. "
            "Older runs are read in the background, as far back as history_days."
        )
        return Detail(title, (Prose(words),))
    blocks: list[Block] = [_runs_grid(clean, bad, moment)]
    for part in changes.parts:
        blocks += _part_blocks(part, moment)
    if not changes.parts:
        blocks.append(Prose(_nothing(changes)))
    facts = []
    if changes.same:
        facts.append(Fact("Not changed", ", ".join(changes.same)))
    if changes.unknown:
        facts.append(Fact("Not known here", ", ".join(changes.unknown)))
    if facts:
        blocks.append(Facts(facts))
    return Detail(title, blocks, word=formats.said(bad.word), tone=_tone(bad))


def _nothing(changes: Changes) -> str:
    if changes.unknown:
        return "Nothing that is known here was changed between the two."
    return f"{UNCHANGED} between the two: it is the source, or what it sends."


def _runs_grid(clean: RunRow, bad: RunRow, moment: Moment) -> Grid:
    def column(run: RunRow) -> tuple[str, ...]:
        return (
            formats.date_time(_began(run), moment),
            formats.said(run.word) or run.state,
            formats.count(run.received),
            formats.count(run.ingested),
            formats.count(run.lost),
            formats.took(run.started_at, run.completed_at),
        )

    return Grid(
        title="",
        header=("", "STARTED", "STATE", "RECEIVED", "INGESTED", "LOST", "TOOK"),
        rows=[("last clean run", *column(clean)), ("first bad run", *column(bad))],
        right=frozenset({3, 4, 5, 6}),
        tones=("", _tone(bad)),
        leads=(Target("runs", clean.id), Target("runs", bad.id)),
    )


def _part_blocks(part: PartChange, moment: Moment) -> list[Block]:
    by = f" by {part.by}" if part.by else ""
    when = f"{formats.date_time(part.at, moment)}{by}"
    versions = f" {part.versions}" if part.versions else ""
    title = f"{name_of(part.kind).capitalize()} {part.name}{versions}, {when}"
    target = Target(part.kind, part.id)
    if not part.differences:
        return [Facts([Fact("Note", part.note, kind=part.kind, id=part.id)], title=title)]
    shown = part.differences[:SHOWN]
    rest = len(part.differences) - len(shown)
    grid = Grid(
        title=title,
        header=("FIELD" if part.kind == "mapping-sets" else "WHAT", "BEFORE", "AFTER"),
        rows=[(each.what, _was(each.before), _was(each.after)) for each in shown],
        leads=(target, *(None for _ in shown[1:])),
    )
    more = [Prose(f"{formats.plural(rest, 'difference')} more.", tone="dim")] if rest else []
    return [grid, *more]


def _was(text: str) -> str:
    return text or formats.DASH


def _tone(run: RunRow) -> Tone:
    from aeptui.monitor import tones

    return tones.tone(run.word)


def likely(changes: Changes, code: str, column: str, moment: Moment) -> str:
    """What the facts point at, in a sentence; empty where they point nowhere.

    A changed pair counts only where the trouble is about its field or its
    column, a changed connection only where the source refused the login.
    """
    for part in changes.parts:
        when = formats.date_time(part.at, moment)
        if part.kind == "mapping-sets":
            for each in part.differences:
                if column and _touches(each, column):
                    return _pair_words(each, when)
        if part.kind == "base-connections" and code == "CONNECTOR-1001-500":
            return f"{part.name} was changed {when}, after the last clean run: test it with t."
        if part.kind == "source-connections":
            for each in part.differences:
                if column and each.what.endswith(column):
                    return f"The source connection's {each.what} was changed {when}."
    return ""


def _touches(each: Difference, column: str) -> bool:
    return each.what == column or column in (each.before, each.after)


def _pair_words(each: Difference, when: str) -> str:
    if not each.after:
        return f"Nothing is mapped to {each.what} any more since {when}; it was {each.before}."
    if not each.before:
        return f"{each.what} is mapped since {when}: {each.after}."
    return f"{each.what} is made of {each.after} since {when}; it was {each.before}."
