"""The parts of a CRM flow: what each makes or picks, and what that settles for the later ones.

A part settles an id that is known, or a reference to the step that will bring
it, and beside it what later parts go by: columns, sample rows, fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aeptui.forms import (
    base_connection,
    dataset,
    flow,
    mapping_set,
    source_connection,
    target_connection,
    xdm_schema,
)
from aeptui.forms.fields import Answers, text_of
from aeptui.forms.form import Form, Given
from aeptui.forms.identities import Identity
from aeptui.forms.lookups import Lookups, Question
from aeptui.forms.questions import (
    Rows,
    TheBaseConnection,
    TheDataset,
    TheMappingSet,
    TheSchema,
    TheSourceConnection,
    TheTargetConnection,
)
from aeptui.forms.xdm_fields import slashes
from aeptui.pipelines.plan import Ref

NEW, EXISTING = "new", "existing"
MAKE, PICK = "make", "existing"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of the flow: its form, the question for one that exists, and what it settles."""

    name: str
    noun: str
    form: Form
    ask: Callable[[str], Question[Any]] | None
    settle: Callable[[Answers, Lookups, Given], Given]
    needs: Callable[[Given], str]
    """The page that has to be answered first; empty when all is there."""
    default: str = NEW


def makes(part: Part, own: Answers) -> bool:
    """Whether a part makes its thing, rather than picking one."""
    return part.ask is None or text_of(own, MAKE, part.default) == NEW


def _base(own: Answers, lookups: Lookups, given: Given) -> Given:
    if not makes(BASE, own):
        id = text_of(own, PICK)
        known = lookups.get(TheBaseConnection(id)) if id else None
        if known is None:
            return given
        return replace(given, base_connection=id, connection_spec=known.spec_id, called=known.name)
    chosen = base_connection.chosen_connector(own, lookups)
    if chosen is None:
        return given
    name = text_of(own, "name", chosen.title)
    return replace(
        given,
        base_connection=Ref(base_connection.STEP),
        connection_spec=chosen.id,
        called=name,
    )


def _source(own: Answers, lookups: Lookups, given: Given) -> Given:
    if not makes(SOURCE, own):
        id = text_of(own, PICK)
        facts = lookups.get(TheSourceConnection(id)) if id else None
        if facts is None:
            return given
        rows = lookups.get(Rows(facts.base_connection, facts.table))
        return replace(
            given,
            source_connection=id,
            connection_spec=facts.connection_spec,
            columns=facts.columns or (rows.columns if rows else None),
            sample=rows.rows if rows else (),
            table=facts.table,
            called=_called(given, facts.table),
        )
    table = text_of(own, "table")
    if given.base_connection is None or not table:
        return given
    base = given.base_connection
    rows = lookups.get(Rows(base, table)) if isinstance(base, str) else None
    return replace(
        given,
        source_connection=Ref(source_connection.STEP),
        columns=source_connection.read_columns(own, lookups, given),
        sample=rows.rows if rows else (),
        table=table,
        called=_called(given, table),
    )


def _schema(own: Answers, lookups: Lookups, given: Given) -> Given:
    if not makes(SCHEMA, own):
        id = text_of(own, PICK)
        known = lookups.get(TheSchema(id)) if id else None
        if known is None:
            return given
        return replace(
            given, schema=known.id, schema_version=known.version, schema_fields=known.fields
        )
    found = xdm_schema.resulting(own, lookups, given)
    if found is None:
        return given
    return replace(
        given,
        schema=Ref(xdm_schema.STEP),
        schema_version=xdm_schema.FIRST_VERSION,
        schema_fields=found,
        identified=tuple(map(_told, xdm_schema.marked_in(own))),
    )


def _dataset(own: Answers, _lookups: Lookups, given: Given) -> Given:
    id = text_of(own, PICK)
    if makes(DATASET, own):
        return replace(given, dataset=Ref(dataset.STEP))
    return replace(given, dataset=id) if id else given


def _target(own: Answers, _lookups: Lookups, given: Given) -> Given:
    id = text_of(own, PICK)
    if makes(TARGET, own):
        return replace(given, target_connection=Ref(target_connection.STEP))
    return replace(given, target_connection=id) if id else given


def _mapping(own: Answers, lookups: Lookups, given: Given) -> Given:
    if makes(MAPPING, own):
        version = Ref(mapping_set.STEP, "version")
        return replace(given, mapping_set=Ref(mapping_set.STEP), mapping_version=version)
    id = text_of(own, PICK)
    known = lookups.get(TheMappingSet(id)) if id else None
    if known is None:
        return given
    return replace(given, mapping_set=id, mapping_version=known.version)


def _flow(_own: Answers, _lookups: Lookups, given: Given) -> Given:
    return given


def _called(given: Given, table: str) -> str:
    """`Salesforce prod Contact`, once."""
    return given.called if given.called.endswith(f" {table}") else f"{given.called} {table}".strip()


def _told(each: Identity) -> tuple[str, str, bool]:
    return slashes(each.field), each.namespace, each.primary


def _schema_first(given: Given) -> str:
    return "" if given.schema is not None else "Schema"


def _dataset_first(given: Given) -> str:
    return _schema_first(given) or ("" if given.dataset is not None else "Dataset")


def _table_first(given: Given) -> str:
    return _schema_first(given) or ("" if given.source_connection is not None else "Table")


def _all_first(given: Given) -> str:
    if given.target_connection is None:
        return _dataset_first(given) or "Dataset"
    return _table_first(given) or ("" if given.mapping_set is not None else "Mapping")


BASE = Part(
    "base_connection",
    "base connection",
    base_connection.FORM,
    TheBaseConnection,
    _base,
    lambda _given: "",
    default=EXISTING,
)
SOURCE = Part(
    "source_connection",
    "source connection",
    source_connection.FORM,
    TheSourceConnection,
    _source,
    lambda given: "" if given.base_connection else "Source",
)
SCHEMA = Part("schema", "schema", xdm_schema.FORM, TheSchema, _schema, lambda _given: "")
DATASET = Part("dataset", "dataset", dataset.FORM, TheDataset, _dataset, _schema_first)
TARGET = Part(
    "target_connection",
    "target connection",
    target_connection.FORM,
    TheTargetConnection,
    _target,
    _dataset_first,
)
MAPPING = Part(
    "mapping_set", "mapping set", mapping_set.FORM, TheMappingSet, _mapping, _table_first
)
FLOW = Part("flow", "flow", flow.FORM, None, _flow, _all_first)

PARTS = (BASE, SOURCE, SCHEMA, DATASET, TARGET, MAPPING, FLOW)
