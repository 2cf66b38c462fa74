"""The kinds of the mirror: which table holds each, how a model fills it, how a row comes out.

A field of a row is either stored (a column of the table) or joined (an SQL
expression over other tables, so that a renamed dataset is renamed everywhere).
An empty text is stored as NULL, so that whatever is missing sorts last. Times
are milliseconds since 1970, ids are packed (`ids.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from aeptui.api import models
from aeptui.mirror import rows
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.rows import AnyRow, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

UNUSUAL = "word <> 'clean'"
"""Most runs are clean, and an index finds most of anything no sooner than a scan does.

SQLite takes the index of the others only where a question has this very term.
"""

JUDGED = (
    "word",
    "rank",
    "reason",
    "since",
    "lost",
    "next_due_at",
    "strip",
    "last_run_id",
    "last_run_at",
)
"""The columns of a flow that the monitor writes and the platform does not know."""


def to_ms(at: datetime | None) -> int | None:
    """A time as stored."""
    return None if at is None else (at - _EPOCH) // _MS


def from_ms(ms: int | None) -> datetime | None:
    """A stored time, aware, in UTC."""
    return None if ms is None else _EPOCH + ms * _MS


_STORES: Mapping[str, Callable[[Any], Any]] = {
    "id": pack_id,
    "time": to_ms,
    "text": lambda value: value or None,
    "bool": lambda value: None if value is None else int(value),
}
"""By type of field; other types are stored as they are."""


_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Field:
    """One field of a row: its type in words of ours, and the SQL that reads it."""

    name: str
    type: str
    """`id`, `text`, `time`, `int`, `real` or `bool`."""
    optional: bool
    sql: str
    stored: bool

    def store(self, value: Any) -> Any:
        """A model's value as the column has it."""
        store = _STORES.get(self.type)
        return value if store is None else store(value)

    def load(self, value: Any) -> Any:
        """A column's value as the row has it."""
        if self.type == "id":
            return unpack_id(value)
        if self.type == "time":
            return from_ms(value)
        if value is None:
            return None if self.optional else "" if self.type == "text" else 0
        return bool(value) if self.type == "bool" else value


@dataclass(frozen=True)
class Kind:
    """One kind of resource in the mirror."""

    name: str
    row: type[Row]
    model: type[models.Model]
    order: str = "name"
    reverse: bool = False
    more: Callable[[Any], Mapping[str, Any]] = lambda _model: {}
    """Values that the model does not have under the row's own field names."""
    joins: str = ""
    joined: Mapping[str, str] = field(default_factory=dict)
    """Fields that come from other tables, as SQL over `t` and the joins."""
    indexes: tuple[str, ...] = ("name, id",)
    """Columns of each index; one that ends in `WHERE ...` is partial."""
    uses: Callable[[Any], Iterable[tuple[str, str]]] | None = None
    """Kinds and ids of what a model refers to; None where no links are kept."""
    shown_in: tuple[str, ...] = ()
    """Kinds whose rows join fields of this one."""
    named: tuple[str, ...] = ("id",)
    """Columns with ids that stand in the body too, where they need not be kept again."""

    @cached_property
    def table(self) -> str:
        return self.name.replace("-", "_")

    @cached_property
    def word(self) -> str:
        """The column that `state:` means: the monitor's word where there is one."""
        return "word" if "word" in self.row.__struct_fields__ else "state"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        types: dict[str, str] = {}
        for base in reversed(self.row.__mro__):
            types |= getattr(base, "__annotations__", {})
        return tuple(self._field(name, types[name]) for name in self.row.__struct_fields__)

    def _field(self, name: str, annotation: str) -> Field:
        if annotation == "str":
            type_ = "id" if name == "id" or name.endswith("_id") else "text"
        else:
            python = annotation.removesuffix(" | None")
            type_ = {"datetime": "time", "float": "real"}.get(python, python)
        sql = self.joined.get(name, f't."{name}"')
        return Field(name, type_, annotation.endswith("None"), sql, name not in self.joined)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {each.name: each for each in self.fields}

    @cached_property
    def written(self) -> tuple[Field, ...]:
        """What an upsert writes and compares: stored, and not the monitor's or our own."""
        ours = {"seen_at", *(JUDGED if self.name == "flows" else ())}
        return tuple(each for each in self.fields if each.stored and each.name not in ours)

    @cached_property
    def select(self) -> str:
        """`SELECT fields FROM table joins`, to be followed by WHERE."""
        return f"SELECT {', '.join(each.sql for each in self.fields)} {self.source}"

    @cached_property
    def source(self) -> str:
        return f'FROM "{self.table}" t {self.joins}'

    @cached_property
    def create(self) -> str:
        """The SQL that makes the table, its bodies and indexes."""
        sql_types = {
            "id": "BLOB",
            "text": "TEXT COLLATE NOCASE",
            "real": "REAL",
            "time": "INTEGER",
            "int": "INTEGER",
            "bool": "INTEGER",
        }
        columns = [f'"{each.name}" {sql_types[each.type]}' for each in self.fields if each.stored]
        if self.name == "flows":
            columns.append("check_at INTEGER")
            columns.append(
                "worst TEXT AS (printf('%02d %s', coalesce(rank, 99), lower(coalesce(name, ''))))"
            )
        lines = [
            f'CREATE TABLE "{self.table}" (n INTEGER PRIMARY KEY, digest INTEGER, '
            f"{', '.join(columns)});",
            f'CREATE UNIQUE INDEX "{self.table}_id" ON "{self.table}" (id);',
            f'CREATE TABLE "{self.table}_body" '
            "(n INTEGER PRIMARY KEY, dictionary INTEGER, body BLOB);",
        ]
        for number, index in enumerate(self.indexes):
            keys, _, partial = index.partition(" WHERE ")
            where = f" WHERE {partial}" if partial else ""
            lines.append(f'CREATE INDEX "{self.table}_{number}" ON "{self.table}" ({keys}){where};')
        return "\n".join(lines)

    def values(self, model: models.Model, known: Mapping[str, Any] = _NOTHING) -> tuple[Any, ...]:
        """The written columns of `model`, some of which may be known from elsewhere."""
        more = {**self.more(model), **known}
        values = []
        for name, store in self._stores:
            value = more[name] if name in more else getattr(model, name)
            values.append(value if store is None else store(value))
        return tuple(values)

    @cached_property
    def _stores(self) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
        """What each written column makes of a value: looked up once, since runs come by the million."""
        return tuple((each.name, _STORES.get(each.type)) for each in self.written)

    def load(self, values: Iterable[Any]) -> AnyRow:
        """The row that a `select` gave."""
        loaded = {
            each.name: each.load(value) for each, value in zip(self.fields, values, strict=True)
        }
        row: Any = self.row(**loaded)
        return row  # type: ignore[no-any-return]


def _join(table: str, alias: str, on: str) -> str:
    return f'LEFT JOIN "{table}" {alias} ON {alias}.id = {on}'


def _run_columns(run: models.Run) -> dict[str, Any]:
    code, message = "", ""
    if run.errors:
        code, message = run.errors[0].code, run.errors[0].message
    # What the mirror cannot know, the word and what was lost, is put in by the writer.
    return {"code": code, "message": message}


def phase(run: models.Run, word: str) -> str:
    """What an open run is doing; empty once it has ended."""
    if word == "waiting":
        return "waiting"
    if word != "running":
        return ""
    begun = any(step.name == "promotionActivity" and step.started_at for step in run.activities)
    return "promoting" if begun else "copying"


def _flow_uses(flow: models.Flow) -> Iterable[tuple[str, str]]:
    yield "source-connections", flow.source_connection_id
    yield "target-connections", flow.target_connection_id
    yield "base-connections", flow.base_connection_id
    yield "mapping-sets", flow.mapping_set_id
    yield "flow-specs", flow.flow_spec_id


_ALL = (
    Kind(
        "base-connections",
        rows.BaseConnectionRow,
        models.BaseConnection,
        joins=_join("connection_specs", "cs", "t.spec_id"),
        joined={
            "spec_name": "cs.name",
            "flow_count": "(SELECT count(*) FROM flows f WHERE f.base_connection_id = t.id)",
        },
        uses=lambda base: [("connection-specs", base.spec_id)],
        shown_in=("source-connections", "flows"),
    ),
    Kind(
        "source-connections",
        rows.SourceConnectionRow,
        models.SourceConnection,
        more=lambda source: {"column_count": len(source.columns)},
        joins=_join("connection_specs", "cs", "t.spec_id")
        + " "
        + _join("base_connections", "bc", "t.base_connection_id"),
        joined={"spec_name": "cs.name", "base_connection_name": "bc.name"},
        indexes=("name, id", "base_connection_id, name, id"),
        uses=lambda source: [("base-connections", source.base_connection_id)],
        shown_in=("flows",),
    ),
    Kind(
        "target-connections",
        rows.TargetConnectionRow,
        models.TargetConnection,
        joins=_join("datasets", "ds", "t.dataset_id") + " " + _join("schemas", "sm", "t.schema_id"),
        joined={"dataset_name": "ds.name", "schema_name": "sm.name"},
        indexes=("name, id", "dataset_id, name, id"),
        uses=lambda target: [("datasets", target.dataset_id), ("schemas", target.schema_id)],
        shown_in=("flows",),
    ),
    Kind(
        "schemas",
        rows.SchemaRow,
        models.Schema,
        shown_in=("target-connections", "datasets", "mapping-sets"),
    ),
    Kind(
        "datasets",
        rows.DatasetRow,
        models.Dataset,
        joins=_join("schemas", "sm", "t.schema_id"),
        joined={"schema_name": "sm.name"},
        indexes=("name, id", "schema_id, name, id"),
        uses=lambda dataset: [("schemas", dataset.schema_id)],
        shown_in=("target-connections", "flows", "batches"),
    ),
    Kind(
        "mapping-sets",
        rows.MappingSetRow,
        models.MappingSet,
        joins=_join("schemas", "sm", "t.schema_id"),
        joined={"schema_name": "sm.name"},
        uses=lambda mapping: [("schemas", mapping.schema_id)],
    ),
    Kind(
        "flows",
        rows.FlowRow,
        models.Flow,
        order="rank",
        joins=" ".join(
            (
                _join("source_connections", "sc", "t.source_connection_id"),
                _join("base_connections", "bc", "t.base_connection_id"),
                _join("target_connections", "tc", "t.target_connection_id"),
                _join("datasets", "ds", "tc.dataset_id"),
            )
        ),
        joined={
            "base_connection_name": "bc.name",
            "table": 'sc."table"',
            "dataset_id": "tc.dataset_id",
            "dataset_name": "ds.name",
            "dataset_expires_at": "ds.expires_at",
        },
        indexes=(
            "name, id",
            "worst, id",
            "updated_at, id",
            "source_connection_id",
            "target_connection_id",
            "base_connection_id",
            "mapping_set_id",
            "check_at WHERE check_at IS NOT NULL",
        ),
        uses=_flow_uses,
        shown_in=("runs", "batches", "base-connections"),
    ),
    Kind(
        "runs",
        rows.RunRow,
        models.Run,
        order="created_at",
        reverse=True,
        more=_run_columns,
        joins=_join("flows", "fl", "t.flow_id"),
        joined={"flow_name": "fl.name"},
        named=("id", "flow_id", "batch_id"),
        indexes=(
            "created_at, id",
            "flow_id, created_at, id",
            f"word, created_at, id WHERE {UNUSUAL}",
            "completed_at",
            "created_at, lost WHERE lost > 0",
        ),
    ),
    Kind(
        "batches",
        rows.BatchRow,
        models.Batch,
        order="created_at",
        reverse=True,
        joins=_join("datasets", "ds", "t.dataset_id") + " " + _join("flows", "fl", "t.flow_id"),
        joined={"dataset_name": "ds.name", "flow_name": "fl.name"},
        named=("id", "dataset_id", "flow_id"),
        indexes=("created_at, id", "dataset_id, created_at, id", "flow_id, created_at, id"),
    ),
    Kind(
        "sandboxes",
        rows.SandboxRow,
        models.Sandbox,
        # A sandbox is called by its name everywhere but in titles.
        more=lambda sandbox: {"name": sandbox.id, "title": sandbox.name},
    ),
    Kind(
        "connection-specs",
        rows.ConnectionSpecRow,
        models.ConnectionSpec,
        shown_in=("base-connections", "source-connections"),
    ),
    Kind(
        "flow-specs",
        rows.FlowSpecRow,
        models.FlowSpec,
        more=lambda spec: {"source_count": len(spec.source_spec_ids)},
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
