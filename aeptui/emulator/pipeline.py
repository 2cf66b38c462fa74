"""What a flow connects: the table it reads, the mapping it applies, the dataset it fills."""

from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from typing import Any

from aeptui.emulator.checks import Checker, compile_checks
from aeptui.emulator.crm import Flavour, flavour_of
from aeptui.emulator.documents import Document
from aeptui.emulator.mapping import Mapping, MappingRefused
from aeptui.emulator.world import World
from aeptui.emulator.xdm import Field, Unresolved, leaves, resolve


class Broken(Exception):
    """A part that the flow needs is gone or unusable; `sentence` names it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Source:
    """The side that a run reads."""

    connection_id: str
    base: Document
    flavour: Flavour
    table: str
    columns: tuple[str, ...]
    filters: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Options:
    """What the flow does with bad rows; no share means that none is tolerated."""

    diagnostics: bool
    tolerated_percent: float | None


def options_of(flow: ReadOnly[str, Any]) -> Options:
    """The options of a flow's body; a flow made without them keeps neither rows nor reasons."""
    options = flow.get("options") or {}
    percent = options.get("partialIngestionPercent")
    return Options(
        diagnostics=str(options.get("errorDiagnosticsEnabled", False)).lower() == "true",
        tolerated_percent=None if percent is None else float(percent),
    )


def params_of(flow: ReadOnly[str, Any], name: str) -> dict[str, Any] | None:
    """The parameters of the flow's transformation of that name (`Copy`, `Mapping`)."""
    for one in flow.get("transformations") or []:
        if one.get("name") == name:
            return dict(one.get("params") or {})
    return None


def delta_column_of(flow: ReadOnly[str, Any]) -> str | None:
    """The column that tells new rows from old ones."""
    delta = (params_of(flow, "Copy") or {}).get("deltaColumn") or {}
    name = delta.get("name")
    return None if name is None else str(name)


def source_of(world: World, sandbox: str, flow: ReadOnly[str, Any]) -> Source:
    """Raises `Broken` when the source or base connection is gone."""
    connection_id = _first(flow.get("sourceConnectionIds"))
    connection = world.get(sandbox, "sourceConnections", connection_id)
    if connection is None:
        raise Broken(f"The source connection {connection_id} is not found.")
    base_id = str(connection.body.get("baseConnectionId", ""))
    base = world.get(sandbox, "connections", base_id)
    if base is None:
        raise Broken(f"The base connection {base_id} is not found.")
    params = connection.body.get("params") or {}
    return Source(
        connection_id=connection_id,
        base=base,
        flavour=flavour_of(str((base.body.get("connectionSpec") or {}).get("id", ""))),
        table=str(params.get("tableName", "")),
        columns=tuple(str(column["name"]) for column in params.get("columns") or []),
        filters=params.get("filters"),
    )


def dataset_of(world: World, sandbox: str, flow: ReadOnly[str, Any]) -> Document:
    """The dataset behind the flow's target connection; raises `Broken`."""
    target_id = _first(flow.get("targetConnectionIds"))
    target = world.get(sandbox, "targetConnections", target_id)
    if target is None:
        raise Broken(f"The target connection {target_id} is not found.")
    params = target.body.get("params") or {}
    dataset_id = str(params.get("dataSetId") or params.get("datasetId") or "")
    dataset = world.get(sandbox, "dataSets", dataset_id)
    if dataset is None:
        raise Broken(f"The dataset {dataset_id} is not found.")
    return dataset


def mapping_version(flow: ReadOnly[str, Any]) -> tuple[str, int | None]:
    """The mapping set of a flow and the version it is pinned to; raises `Broken`."""
    params = params_of(flow, "Mapping")
    if not params or not params.get("mappingId"):
        raise Broken("The flow has no mapping.")
    version = params.get("mappingVersion")
    return str(params["mappingId"]), None if version is None else int(version)


@dataclass(frozen=True, slots=True)
class Tools:
    """A mapping and the checks behind it.

    `fragile` are the columns that are mapped as they are onto fields with limits: spoil
    one of them, and the checks notice.
    """

    mapping: Mapping
    check: Checker
    fragile: tuple[str, ...]


class Workshop:
    """Mappings and checks, compiled once for each version of mapping set and schema."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[tuple[str, ...], Tools] = {}
        self._known: dict[tuple[str, ...], Tools] = {}

    def look(self) -> None:
        """Others may have written: mapping sets and schemas are read again when asked for."""
        self._known.clear()

    def tools_of(self, sandbox: str, flow: ReadOnly[str, Any], dataset: Document) -> Tools:
        """The flow's mapping and the checks of its dataset's schema; raises `Broken`."""
        mapping_id, version = mapping_version(flow)
        asked = (sandbox, mapping_id, str(version), dataset.id)
        if asked not in self._known:
            self._known[asked] = self._find(sandbox, mapping_id, version, dataset)
        return self._known[asked]

    def _find(self, sandbox: str, mapping_id: str, version: int | None, dataset: Document) -> Tools:
        found = self._world.get(sandbox, "mappingSets", mapping_id)
        if found is None:
            raise Broken(f"The mapping set {mapping_id} is not found.")
        newest = int(found.body.get("version", 0))
        version = newest if version is None else version
        body: dict[str, Any] | None = found.body
        if version != newest:
            body = (found.private.get("versions") or {}).get(str(version))
        if body is None:
            raise Broken(f"The mapping set {mapping_id} has no version {version}.")
        schema_id = str((dataset.body.get("schemaRef") or {}).get("id", ""))
        schema = self._world.get(sandbox, "schemas", schema_id)
        if schema is None:
            raise Broken(f"The schema {schema_id} is not found.")
        key = (
            *(self._world.id, sandbox, mapping_id, str(version), schema_id),
            *self._editions(sandbox, schema),
        )
        if key not in self._made:
            self._made[key] = self._make(sandbox, body, schema)
        return self._made[key]

    def _editions(self, sandbox: str, schema: Document) -> list[str]:
        """What changes when the schema or a part of the tenant's own in it does."""
        parts = [schema]
        for ref in schema.body.get("refs") or []:
            for kind in ("classes", "fieldgroups"):
                part = self._world.get(sandbox, kind, str(ref))
                parts += [] if part is None else [part]
        metas = [part.body.get("meta:registryMetadata") or {} for part in parts]
        return [str(meta.get("eTag", "")) for meta in metas]

    def _make(self, sandbox: str, mapping_set: dict[str, Any], schema: Document) -> Tools:
        try:
            fields = leaves(resolve(self._world, sandbox, schema.body))
            mapping = Mapping.compile(mapping_set, fields)
        except MappingRefused as reason:
            raise Broken(reason.sentence) from None
        except Unresolved as reason:
            raise Broken(f"The schema cannot be resolved: {reason}.") from None
        return Tools(mapping, compile_checks(fields), _fragile(mapping_set, fields))


def _fragile(mapping_set: dict[str, Any], fields: ReadOnly[str, Field]) -> tuple[str, ...]:
    found = []
    for one in mapping_set.get("mappings") or []:
        field = fields.get(str(one.get("destination") or one.get("destinationXdmPath") or ""))
        kind = str(one.get("sourceType", "ATTRIBUTE"))
        if field is None or kind not in ("ATTRIBUTE", "text/x.schema-path"):
            continue
        limited = field.required or field.max_length is not None or field.format is not None
        if limited or field.type in ("integer", "number"):
            found.append(str(one.get("source") or one.get("sourceAttribute") or ""))
    return tuple(found)


def _first(ids: Any) -> str:
    return str(ids[0]) if ids else ""
