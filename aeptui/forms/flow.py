"""The form for a flow: a source and a target connection joined by a mapping set, on a schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aeptui.api.exploring import SourceColumn
from aeptui.api.paths import PATHS
from aeptui.forms import schedule
from aeptui.forms.asking import DESCRIPTION, name_field, named, open_on
from aeptui.forms.choices import Choice
from aeptui.forms.connectors import TABLES, FlowKind, delta_format
from aeptui.forms.fields import Answers, Field, answer_to, flag_of, is_empty, text_of
from aeptui.forms.form import Form, Given
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import (
    Columns,
    FlowKinds,
    TheMappingSet,
    TheSourceConnection,
    TheTargetConnection,
)
from aeptui.forms.values import faults_in, read
from aeptui.forms.words import parts
from aeptui.pipelines.plan import Step, Undo

STEP = "flow"
DIAGNOSTICS = Field(
    "error_diagnostics",
    "Error diagnostics",
    "flag",
    help="Keeps the rows that are refused, with the reason, for 30 days. Without it nobody can"
    " say why a row was lost.",
    default=True,
)
PARTIAL = Field(
    "partial_ingestion_percent",
    "Partial ingestion, %",
    "number",
    help="So many percent of the rows may be refused before a run fails; empty means none.",
    default="5",
    above=0,
    most=100,
)
RUN, DRAFT = "run", "draft"
_MODE = Field(
    "mode",
    "Make it",
    "choice",
    default=RUN,
    choices=(Choice(RUN, "to run"), Choice(DRAFT, "as a draft")),
    help="A draft is kept and does not run; O in the list of flows publishes it.",
)


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    found = _picks(answers, lookups, given)
    given = completed(answers, lookups, given)
    kinds = lookups.get(FlowKinds()) or ()
    fitting = _fitting(kinds, given)
    spec = Field(
        "flow_spec",
        "Flow spec",
        "choice",
        required=True,
        help="What carries the rows; for tables it is CRMToAEP.",
        default=fitting[0].name if fitting else None,
        choices=tuple(Choice(each.name, each.name) for each in kinds),
    )
    found += [name_field(given.called), open_on(spec, lookups, FlowKinds())]
    when = schedule.fields(answers, lookups.now(), lookups.zone)
    found += when[:1]
    if _copies(answers, lookups, given):
        found.append(_delta_field(given))
    chosen = _chosen_kind(answers, lookups, given)
    mode = (_MODE,) if chosen is not None and chosen.drafts else ()
    return (*found, *when[1:], DIAGNOSTICS, PARTIAL, *mode, DESCRIPTION)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    asked = fields(answers, lookups, given)
    faults = faults_in(asked, answers)
    faults |= {
        name: fault
        for name, fault in schedule.faults(answers, lookups.now(), lookups.zone).items()
        if name not in faults
    }
    given = completed(answers, lookups, given)
    if "flow_spec" not in faults and given.connection_spec:
        kind = _chosen_kind(answers, lookups, given)
        if kind is None or given.connection_spec not in kind.takes:
            faults["flow_spec"] = _unfit(kind, lookups.get(FlowKinds()) or (), given)
    mapping, target = text_of(answers, "mapping_set"), text_of(answers, "target_connection")
    if mapping and target and given.mapping_set == mapping and given.target_connection == target:
        fills, filled = (
            lookups.peek(TheMappingSet(mapping)),
            lookups.peek(TheTargetConnection(target)),
        )
        if fills and filled and filled.schema_id and fills.schema_id != filled.schema_id:
            faults.setdefault(
                "mapping_set", "This mapping set fills another schema than the dataset has"
            )
    return faults


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    given = completed(answers, lookups, given)
    kind = _chosen_kind(answers, lookups, given)
    if kind is None:
        raise ValueError("the answers have not passed their check")
    mapping = {"mappingId": given.mapping_set, "mappingVersion": given.mapping_version}
    transformations: list[dict[str, Any]] = [{"name": "Mapping", "params": mapping}]
    if _copies(answers, lookups, given):
        delta = {
            "name": str(answer_to(_delta_field(given), answers) or "").strip(),
            "dateFormat": delta_format(given.connection_spec),
            "timezone": "UTC",
        }
        transformations.insert(0, {"name": "Copy", "params": {"deltaColumn": delta}})
    body = {
        **named(answers, given.called),
        "flowSpec": {"id": kind.id, "version": "1.0"},
        "sourceConnectionIds": [given.source_connection],
        "targetConnectionIds": [given.target_connection],
        "transformations": transformations,
        "scheduleParams": schedule.params(answers, lookups.now(), lookups.zone),
        "options": _options(answers),
    }
    drafted = kind.drafts and text_of(answers, _MODE.name, RUN) == DRAFT
    when = "as a draft" if drafted else schedule.in_words(answers)
    return [
        Step(
            name=STEP,
            title=f"Create the flow {body['name']}, {when}",
            kind="flows",
            method="POST",
            path=f"{PATHS['flows']}{'?mode=draft' if drafted else ''}",
            body=body,
            undo=Undo("DELETE", f"{PATHS['flows']}/{{{STEP}}}"),
        )
    ]


def completed(answers: Answers, lookups: Lookups, given: Given) -> Given:
    """What is given, with what was picked here and what is known about it."""
    source, target = text_of(answers, "source_connection"), text_of(answers, "target_connection")
    mapping = text_of(answers, "mapping_set")
    if given.source_connection is None and source:
        facts = lookups.get(TheSourceConnection(source))
        if facts is not None:
            columns = facts.columns
            if columns is None and facts.base_connection and facts.table:
                columns = lookups.get(Columns(facts.base_connection, facts.table))
            given = replace(
                given,
                source_connection=source,
                connection_spec=facts.connection_spec,
                columns=columns,
                table=facts.table,
            )
    if given.target_connection is None and target:
        given = replace(given, target_connection=target)
    if given.mapping_set is None and mapping:
        found = lookups.get(TheMappingSet(mapping))
        if found is not None:
            given = replace(given, mapping_set=mapping, mapping_version=found.version)
    return given


def likely_delta(columns: tuple[SourceColumn, ...]) -> str:
    """The column that tells when a row changed, by its name and type; empty when none does."""
    times = [column for column in columns if column.word in ("date-time", "date")]
    for words in _CHANGED:
        for column in times:
            if set(words) <= set(parts(column.name)):
                return column.name
    squeezed = {"".join(parts(column.name)): column.name for column in times}
    return next((squeezed[name] for name in _SQUEEZED if name in squeezed), "")


_CHANGED = (
    ("last", "modified"),
    ("modified",),
    ("updated",),
    ("modstamp",),
    ("changed",),
    ("modification",),
)
_SQUEEZED = ("modifiedon", "lastmodifieddate", "lastmodified", "updatedat", "lastupdate")


def _picks(answers: Answers, lookups: Lookups, given: Given) -> list[Field]:
    """The fields for the three resources that a flow joins, those that are not given."""
    found: list[Field] = []
    source, target = text_of(answers, "source_connection"), text_of(answers, "target_connection")
    mapping = text_of(answers, "mapping_set")
    if given.source_connection is None:
        pick = Field(
            "source_connection", "Source connection", "pick", True, picks="source-connections"
        )
        found.append(open_on(pick, lookups, TheSourceConnection(source)) if source else pick)
    if given.target_connection is None:
        pick = Field(
            "target_connection", "Target connection", "pick", True, picks="target-connections"
        )
        found.append(open_on(pick, lookups, TheTargetConnection(target)) if target else pick)
    if given.mapping_set is None:
        pick = Field("mapping_set", "Mapping set", "pick", True, picks="mapping-sets")
        found.append(open_on(pick, lookups, TheMappingSet(mapping)) if mapping else pick)
    return found


def _delta_field(given: Given) -> Field:
    hint = "Tells which rows changed since the last run."
    if not given.columns:
        return Field("delta_column", "Delta column", required=True, help=hint, longest=255)
    is_time = {column.name: column.word in ("date-time", "date") for column in given.columns}
    ordered = sorted(given.columns, key=lambda column: not is_time[column.name])
    return Field(
        "delta_column",
        "Delta column",
        "choice",
        required=True,
        help=hint,
        default=likely_delta(given.columns) or None,
        choices=tuple(Choice(each.name, each.name, each.word) for each in ordered),
    )


def _copies(answers: Answers, lookups: Lookups, given: Given) -> bool:
    """Whether the flow reads by a delta column: not once, and not from files."""
    kind = _chosen_kind(answers, lookups, given)
    return schedule.frequency_of(answers) != schedule.ONCE and (kind is None or kind.copies)


def _options(answers: Answers) -> dict[str, Any]:
    options: dict[str, Any] = {"errorDiagnosticsEnabled": flag_of(answers, DIAGNOSTICS.name, True)}
    percent = answer_to(PARTIAL, answers)
    if not is_empty(percent):
        options["partialIngestionPercent"] = read(PARTIAL, percent)
    return options


def _fitting(kinds: tuple[FlowKind, ...], given: Given) -> list[FlowKind]:
    """The flow specs that take the source, the one for tables first."""
    fitting = [each for each in kinds if given.connection_spec in each.takes]
    return sorted(fitting, key=lambda each: each.name != TABLES)


def _chosen_kind(answers: Answers, lookups: Lookups, given: Given) -> FlowKind | None:
    kinds = lookups.get(FlowKinds()) or ()
    fitting = _fitting(kinds, given)
    name = text_of(answers, "flow_spec", fitting[0].name if fitting else "")
    return next((each for each in kinds if each.name == name), None)


def _unfit(kind: FlowKind | None, kinds: tuple[FlowKind, ...], given: Given) -> str:
    others = [each.name for each in _fitting(kinds, given)]
    what = f"{kind.name} does not take this source" if kind else "No flow spec takes this source"
    return f"{what}; {others[0]} does" if others else what


FORM = Form(
    kind="flows",
    title="New flow",
    intro="Rows of a source connection into a dataset, through a mapping set, on a schedule.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
    clears={"source_connection": ("delta_column", "flow_spec")},
)
