"""Flows: the list that home shows, and a flow laid out from its source to its dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import (
    DatasetRow,
    FlowRow,
    MappingSetRow,
    Row,
    RunRow,
    SchemaRow,
    SourceConnectionRow,
    TargetConnectionRow,
)
from aeptui.moment import Moment
from aeptui.monitor import tones
from aeptui.resources import formats
from aeptui.resources.common import identity, lost_by_run
from aeptui.resources.definition import (
    Block,
    Chain,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Prose,
    Resource,
    Stage,
    Target,
    Tone,
)
from aeptui.resources.trends import trends

if TYPE_CHECKING:
    from aeptui.session import Session

NEWEST = 10
"""So many runs are listed under a flow."""


def lost(row: FlowRow) -> str:
    """Rows lost by the last runs; a run that failed before it counted lost all it read.

    A flow may be partial and have lost no row: values inside of rows are lost then.
    """
    if row.word == "failed" and not row.lost:
        return "all"
    if row.word == "partial" and not row.lost:
        return "values"
    return formats.count(row.lost) if row.lost else formats.DASH


def following(row: FlowRow, moment: Moment) -> str:
    """When the next run is expected, or how late it is."""
    if row.word in ("off", "draft"):
        return formats.DASH
    if row.word == "late":
        return formats.overdue(row.since, moment)
    return formats.brief(row.next_due_at, moment)


def word_tone(row: FlowRow) -> Tone:
    return tones.tone(row.word)


def schedule(row: FlowRow, moment: Moment) -> str:
    """The schedule in one line."""
    parts = [formats.every(row.frequency, row.interval)]
    if row.start_at is not None:
        parts.append(f"from {formats.date_time(row.start_at, moment)}")
    text = " ".join(parts)
    return f"{text}, backfill" if row.backfill else text


def safety(row: FlowRow) -> str:
    """Whether lost rows can be seen, and how many are allowed."""
    diagnostics = {True: "on", False: "off", None: "not set"}[row.error_diagnostics]
    percent = row.partial_ingestion_percent
    allowed = "no errors allowed" if not percent else f"{percent:g} % errors allowed"
    return f"error diagnostics {diagnostics}, {allowed}"


async def detail(session: Session, row: Row) -> Detail:
    """A flow from its base connection to its dataset, then its last runs."""
    flow = cast(FlowRow, row)
    mirror, moment = session.mirror, session.moment()
    source = cast(
        "SourceConnectionRow | None",
        await mirror.get("source-connections", flow.source_connection_id),
    )
    mapping = cast("MappingSetRow | None", await mirror.get("mapping-sets", flow.mapping_set_id))
    dataset = cast("DatasetRow | None", await mirror.get("datasets", flow.dataset_id))
    target = cast(
        "TargetConnectionRow | None",
        await mirror.get("target-connections", flow.target_connection_id),
    )
    schema_id = (dataset and dataset.schema_id) or (target and target.schema_id) or ""
    schema = cast("SchemaRow | None", await mirror.get("schemas", schema_id))
    runs = await mirror.runs_of(flow.id, NEWEST)
    blocks: list[Block] = []
    if flow.reason:
        blocks.append(Prose(flow.reason, tone=word_tone(flow)))
    blocks.append(_chain(flow, source, mapping, dataset))
    known = await said_of(session, flow)
    blocks.append(Facts([*known, *_facts(flow, schema, schema_id, runs, moment)]))
    if runs:
        blocks.append(await trends(session, flow.id))
    blocks.append(runs_grid(runs, moment))
    blocks.append(identity(flow, moment))
    return Detail(
        title=flow.name or flow.id,
        blocks=blocks,
        word=formats.said(flow.word) or flow.state,
        tone=word_tone(flow),
    )


async def said_of(session: Session, flow: FlowRow) -> list[Fact]:
    """Who said that the flow needs nobody just now, until when, and why."""
    mark = (await session.marks()).of_flow(flow.id, session.now())
    if mark is None:
        return []
    moment = session.moment()
    told = f"{mark.kind} by {mark.who}, {formats.date_time(mark.at, moment)}"
    if mark.until is not None:
        told += f", until {formats.due(mark.until, moment)}"
    return [Fact("Known", f"{told}: {mark.note}" if mark.note else told)]


def _chain(
    flow: FlowRow,
    source: SourceConnectionRow | None,
    mapping: MappingSetRow | None,
    dataset: DatasetRow | None,
) -> Chain:
    """From the CRM to the data lake as the rows go, with a measure of each part."""
    version = "" if flow.mapping_version is None else f" v{flow.mapping_version}"
    columns = source.column_count if source is not None else 0
    fields = mapping.field_count if mapping is not None else 0
    held = dataset.row_count if dataset is not None else None
    return Chain(
        [
            Stage(
                "base connection",
                flow.base_connection_name or flow.base_connection_id or formats.DASH,
                target=_target("base-connections", flow.base_connection_id),
            ),
            Stage(
                "source connection",
                flow.table or formats.DASH,
                formats.plural(columns, "column") if columns else "all columns",
                _target("source-connections", flow.source_connection_id),
            ),
            Stage(
                "mapping set",
                f"mapping{version}" if flow.mapping_set_id else "no mapping",
                formats.plural(fields, "field") if fields else "",
                _target("mapping-sets", flow.mapping_set_id),
            ),
            Stage(
                "dataset",
                flow.dataset_name or flow.dataset_id or formats.DASH,
                "" if held is None else formats.plural(held, "row"),
                _target("datasets", flow.dataset_id),
            ),
        ]
    )


def _target(kind: str, id: str) -> Target | None:
    return Target(kind, id) if id else None


def _facts(
    flow: FlowRow,
    schema: SchemaRow | None,
    schema_id: str,
    runs: list[RunRow],
    moment: Moment,
) -> list[Fact]:
    facts = [
        Fact("State", f"{flow.state or 'unknown'}, {said_since(flow, moment)}"),
        Fact("Schedule", f"{schedule(flow, moment)}, next {following(flow, moment)}"),
        Fact("Delta", _delta(flow, runs, moment)),
        Fact("Safety", safety(flow), tone="" if flow.error_diagnostics else "warn"),
    ]
    if schema is not None:
        profile = ", profile enabled" if schema.profile_enabled else ""
        text = f"{schema.name} {schema.version}{profile}"
        facts.append(Fact("Schema", text, kind="schemas", id=schema.id))
    elif schema_id:
        facts.append(Fact("Schema", schema_id, kind="schemas", id=schema_id))
    if flow.dataset_expires_at is not None:
        when = formats.date_time(flow.dataset_expires_at, moment)
        left = formats.left(flow.dataset_expires_at, moment)
        facts.append(Fact("Dataset", f"expires {when} ({left})", tone="warn"))
    return facts


def said_since(flow: FlowRow, moment: Moment) -> str:
    """The flow's word and since when it is so."""
    word = flow.word or "not judged yet"
    return f"{word} since {formats.date_time(flow.since, moment)}" if flow.since else word


def _delta(flow: FlowRow, runs: list[RunRow], moment: Moment) -> str:
    if not flow.delta_column:
        return "none, every run reads everything"
    reached = next((run.window_end for run in runs if run.word in ("clean", "partial")), None)
    if reached is None:
        return flow.delta_column
    return f"{flow.delta_column}, reached {formats.full(reached, moment)}"


def runs_grid(runs: list[RunRow], moment: Moment) -> Grid:
    """The last runs of a flow, newest first."""
    return Grid(
        title="Runs",
        header=("RUN", "STATE", "RECEIVED", "INGESTED", "SKIPPED", "LOST", "TOOK"),
        rows=tuple(
            (
                formats.date_time(run.started_at or run.created_at, moment),
                formats.said(run.word),
                formats.count(run.received),
                formats.count(run.ingested),
                formats.count(run.skipped),
                lost_by_run(run),
                formats.took(run.started_at, run.completed_at, _open(run, moment)),
            )
            for run in runs
        ),
        right=frozenset({2, 3, 4, 5, 6}),
        spare=(4, 3),  # what was lost, and how long it took, say more
        tones=tuple(tones.tone(run.word) for run in runs),
        empty="No runs yet.",
        leads=tuple(Target("runs", run.id) for run in runs),
        part="runs",
    )


def _open(run: RunRow, moment: Moment) -> Moment | None:
    return moment if run.phase else None


FLOWS = Resource(
    kind="flows",
    aliases=("flow", "fl", "dataflows"),
    columns=(
        Column(
            "STATE",
            lambda row, moment: formats.said(row.word) or row.state,
            width=8,
            order="rank",
            tone=word_tone,
        ),
        Column("FLOW", lambda row, moment: row.name, width=24, order="name", grow=True),
        Column("LAST 20 RUNS", lambda row, moment: formats.strip(row.strip), width=20, least=12),
        Column("LOST", lambda row, moment: lost(row), width=6, order="lost", align="right"),
        Column("NEXT", following, width=11, order="next_due_at", shed=1),
        Column("WHY", lambda row, moment: row.reason, width=22, grow=True, shed=2, tone=word_tone),
        Column(
            "LAST RUN",
            lambda row, moment: formats.ago(row.last_run_at, moment),
            width=10,
            order="last_run_at",
            shed=3,
        ),
        Column("DATASET", lambda row, moment: row.dataset_name, width=22, shed=4),
        Column("BASE CONNECTION", lambda row, moment: row.base_connection_name, width=18, shed=5),
        Column("TABLE", lambda row, moment: row.table, width=14, shed=6),
    ),
    detail=detail,
    order="rank",
    empty="No flows in this sandbox yet. A flow brings rows from one CRM table into one dataset.",
)
