"""A pipeline file as answers to the wizard's forms, and their complaints at its lines.

What exists is answered by its id, what is missing by what the file says of it.
A field group that is still to be made is known to the forms under a mark, which
becomes a reference to the step that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aeptui.api.settings import Secret
from aeptui.api.xdmlibrary import Block
from aeptui.credentials import SecretSource, SecretUnavailable
from aeptui.forms.crm_parts import EXISTING, MAKE, NEW, PICK
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import BlockFields, Blocks
from aeptui.forms.schema import fields_of
from aeptui.nearest import nearest
from aeptui.pipelines import field_groups
from aeptui.pipelines.file import FieldGroup, PipelineError, PipelineFile
from aeptui.pipelines.known import Known
from aeptui.pipelines.plan import Ref, Step
from aeptui.tomlfile import Key

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

Reveal: TypeAlias = Callable[[str, SecretSource | None], Secret | None]
"""The secret for a parameter, read where the file says that it is; raises SecretUnavailable.
Asked with None where the file does not say, it may answer None."""

_MARK = "aeptui:field-group:"


def revealed(_param: str, source: SecretSource | None) -> Secret | None:
    """A secret, read now; raises SecretUnavailable."""
    return Secret(source.read()) if source is not None else None


def answers(
    file: PipelineFile, ids: Mapping[str, str], known: Known, reveal: Reveal
) -> dict[str, Any]:
    """The wizard's answers, where a part without an id is to be made; raises PipelineError."""
    own: dict[str, Callable[[], Mapping[str, Any]]] = {
        "base_connection": lambda: _base(file, known, reveal),
        "source_connection": lambda: _source(file, explored=bool(ids.get("base_connection"))),
        "schema": lambda: _schema(file, known),
        "dataset": dict,
        "target_connection": dict,
        "mapping_set": lambda: {"pairs": [each.as_answer() for each in file.mapping_set.fields]},
        "flow": lambda: flow_answers(file, known),
    }
    found: dict[str, Any] = {}
    for name, answer in own.items():
        if id := ids.get(name):
            told: Mapping[str, Any] = {MAKE: EXISTING, PICK: id}
        else:
            part = file.part(name)
            keys = ("name", "description")
            told = {MAKE: NEW, **{key: getattr(part, key, None) for key in keys}, **answer()}
        found |= {f"{name}.{key}": value for key, value in told.items() if value is not None}
    return found


def _base(file: PipelineFile, known: Known, reveal: Reveal) -> dict[str, Any]:
    part = file.base_connection
    connector = known.connector(part.connector or "")
    if connector is None:
        near = nearest(part.connector or "", [each.name for each in known.connectors])
        hint = f" Did you mean {near}?" if near else ""
        raise file.fault(
            ("base_connection", "connector"),
            f"The platform has no connector {part.connector!r}.{hint}",
        )
    found: dict[str, Any] = {"connector": connector.id, "variant": part.authentication}
    variant = connector.variant(part.authentication) if part.authentication else None
    fields = fields_of((variant or connector.variants[0]).schema)
    unsaid = {each.name: None for each in fields if each.kind == "secret" and each.required}
    for name, value in {**unsaid, **(part.auth or {})}.items():
        match value:
            case SecretSource() | None:
                try:
                    found[f"auth.{name}"] = reveal(name, value)
                except SecretUnavailable as reason:
                    raise file.fault(("base_connection", "auth", name), str(reason)) from None
            case bool() | str():
                found[f"auth.{name}"] = value
            case _:
                found[f"auth.{name}"] = str(value)
    return found


def _source(file: PipelineFile, *, explored: bool) -> dict[str, Any]:
    """Columns of a connection that is not made yet cannot be browsed and are typed."""
    part = file.source_connection
    columns: Any = None
    if part.columns is not None:
        names = [each.partition(":")[0].strip() for each in part.columns]
        columns = names if explored else ", ".join(part.columns)
    return {
        "table": part.table,
        "columns": columns,
        "filter": part.filter,
        "format": part.format,
    }


def _schema(file: PipelineFile, known: Known) -> dict[str, Any]:
    part = file.schema
    the_class = known.class_(part.class_id) if part.class_id else None
    if part.class_id and the_class is None:
        raise file.fault(("schema", "class"), f"The sandbox has no class {part.class_id}.")
    groups: list[str] = []
    for name in part.field_groups or ():
        block = known.field_group(name)
        if block is None:
            near = nearest(name, [each.title for each in known.field_groups])
            hint = f" Did you mean {near}?" if near else ""
            raise file.fault(
                ("schema", "field_groups"), f"The sandbox has no field group {name}.{hint}"
            )
        groups.append(block.id)
    return {
        "class": the_class.id if the_class else None,
        "field_groups": groups,
        "identities": [each.as_answer() for each in part.identities],
    }


def flow_answers(file: PipelineFile, known: Known) -> dict[str, Any]:
    """What the file says of its flow, as answers to the forms that make and change one."""
    part = file.flow
    kind = known.flow_kind(part.spec) if part.spec else None
    percent, start = part.partial_ingestion_percent, part.schedule.start
    interval = part.schedule.interval
    return {
        "flow_spec": kind.name if kind else part.spec,
        "delta_column": part.delta_column,
        "error_diagnostics": part.error_diagnostics,
        "partial_ingestion_percent": None if percent is None else f"{percent:g}" if percent else "",
        "frequency": part.schedule.frequency,
        "interval": None if interval is None else str(interval),
        "start": None if start is None else start.isoformat(),
        "backfill": part.schedule.backfill,
    }


# Field groups that are not there yet -----------------------------------------------


async def missing_field_groups(
    file: PipelineFile, services: ServiceView, lookups: Lookups, known: Known
) -> tuple[Known, tuple[FieldGroup, ...]]:
    """What of the file's field groups is to be made, and the sandbox as if it had them."""
    made: list[FieldGroup] = []
    blocks: list[Block] = []
    for group in file.field_groups:
        if known.field_group(group.name) is not None:
            continue
        classes = {each.id for each in known.classes}
        group = replace(group, fits=tuple(each for each in group.fits if each in classes))
        block = Block(f"{_MARK}{len(made) + 1}", group.name, "tenant", fits=group.fits)
        made.append(group)
        blocks.append(block)
        fields = await field_groups.fields(services, group)
        lookups.tell(BlockFields("fieldgroups", "tenant", block.id), fields)
    if made:
        known = replace(known, field_groups=(*blocks, *known.field_groups))
        lookups.tell(Blocks("fieldgroups"), known.field_groups)
    return known, tuple(made)


def with_field_groups(steps: Iterable[Step], made: Sequence[FieldGroup]) -> tuple[Step, ...]:
    """The steps behind those that make the field groups they refer to."""
    names = [f"{field_groups.STEP}_{number}" for number in range(1, len(made) + 1)]
    refs = {f"{_MARK}{number}": Ref(name) for number, name in enumerate(names, start=1)}
    first = [field_groups.step(group, name) for group, name in zip(made, names, strict=True)]
    return (*first, *(replace(each, body=_with(each.body, refs)) for each in steps))


def _with(value: Any, refs: Mapping[str, Ref]) -> Any:
    match value:
        case str():
            return refs.get(value, value)
        case Mapping():
            return {key: _with(each, refs) for key, each in value.items()}
        case list() | tuple():
            return [_with(each, refs) for each in value]
        case _:
            return value


# Complaints -------------------------------------------------------------------------

_KEYS: Mapping[str, Key] = {
    "base_connection.variant": ("base_connection", "authentication"),
    "flow.flow_spec": ("flow", "spec"),
    **{f"flow.{key}": ("flow", "schedule", key) for key in ("frequency", "interval", "backfill")},
    "flow.start": ("flow", "schedule", "start"),
}


def placed(file: PipelineFile, name: str, sentence: str) -> PipelineError:
    """A form's complaint about its field `name`, at the line of the file that it is about."""
    part, _, own = name.partition(".")
    key = _KEYS.get(name) or ((part, *own.split(".", 1)) if own not in (MAKE, PICK) else (part,))
    if name == "mapping_set.pairs":
        key = _pair_in(file, sentence)
    if name == "flow.start" and "passed" in sentence:
        sentence = f"{sentence}. Without this line the first run comes within ten minutes"
    if part == "base_connection" and own.startswith("auth.") and sentence.endswith("is needed"):
        sentence += '; write it like { env = "CRM_PASSWORD" }, or apply on a terminal, which asks'
    return file.fault(key, sentence if sentence.endswith((".", "?")) else f"{sentence}.")


def _pair_in(file: PipelineFile, sentence: str) -> Key:
    """The pair that a sentence mentions: by its field, its source, or its namespace."""
    words = set(sentence.replace(",", " ").replace(";", " ").split())
    pairs = file.mapping_set.fields
    for names in (
        [pair.destination for pair in pairs],
        [pair.source for pair in pairs],
        [pair.namespace for pair in pairs],
    ):
        for index, name in enumerate(names):
            if name in words:
                return ("mapping_set", "fields", index)
    return ("mapping_set",)
