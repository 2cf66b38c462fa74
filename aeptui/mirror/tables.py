"""The kinds of the mirror: which table holds each, how a model fills it, how a row comes out.

A field of a row is either stored (a column of the table) or joined (an SQL
expression over other tables, so that a renamed dataset is renamed everywhere).
An empty text is stored as NULL, so that whatever is missing sorts last. Times
are milliseconds since 1970, ids are packed (`ids.py`), and what many rows of a
large table have in common, such as their flow, is a number into `shared`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any

from aeptui.api import models
from aeptui.mirror import rows
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.rows import AnyRow, Row
from aeptui.mirror.verdicts import FLOW_WORDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

UNUSUAL = "word <> 'clean'"
"""Most runs are clean, and an index finds most of anything no sooner than a scan does.

SQLite takes the index of the others only where a question has this very term.
"""

ENDED = "completed_at / 60000"
"""The minute in which a run ended: by it those that ended last are found; a moment takes more room."""

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


_LAST_BAD = FLOW_WORDS.index("unknown")

_WORST = (
    f"printf('%02d%02d %s', CASE WHEN calm THEN {_LAST_BAD} ELSE coalesce(rank, 99) END, "
    "CASE WHEN calm THEN 1 + coalesce(rank, 0) ELSE 0 END, lower(coalesce(name, '')))"
)
"""What flows are sorted by: those that are calm stand behind all others that need a person."""


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


_unpack_shared = lru_cache(maxsize=4096)(unpack_id)

_LOADS: Mapping[str, Callable[[Any], Any]] = {
    "id": unpack_id,
    "time": from_ms,
    "text": lambda value: value or "",
    "bool": lambda value: None if value is None else bool(value),
}
"""What a row makes of a column, by type of field."""


@dataclass(frozen=True)
class Field:
    """One field of a row: its type in words of ours, and the SQL that reads it."""

    name: str
    type: str
    """`id`, `text`, `time`, `int`, `real` or `bool`."""
    optional: bool
    sql: str
    stored: bool
    shared: bool = False
    """Whether the column has a number of `shared` and not the value itself."""

    @property
    def equal(self) -> str:
        """SQL for a comparison with one bound value, along an index where there is one."""
        if self.shared:
            return f't."{self.name}" = (SELECT n FROM shared WHERE value = ?)'  # noqa: S608
        return f"{self.sql} = ?"

    def store(self, value: Any) -> Any:
        """A model's value as the column has it."""
        store = _STORES.get(self.type)
        return value if store is None else store(value)

    def load(self, value: Any) -> Any:
        """A column's value as the row has it."""
        load = self.loads
        return value if load is None else load(value)

    @property
    def loads(self) -> Callable[[Any], Any] | None:
        """What `load` does; None where the row has the column as it is."""
        if self.shared:
            return _unpack_shared
        if self.optional and self.type == "text":
            return None
        if self.optional or self.type in ("id", "time", "text"):
            return _LOADS.get(self.type)
        return bool if self.type == "bool" else lambda value: value or 0


@dataclass(frozen=True)
class Kind:
    """One kind of resource in the mirror."""

    name: str
    row: type[Row]
    model: type[models.Model]
    order: str = "name"
    reverse: bool = False
    more: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Fields that the model does not have under the row's own names, and how to find them."""
    shared: tuple[str, ...] = ()
    """Fields with few values among very many rows."""
    joins: str = ""
    joined: Mapping[str, str] = field(default_factory=dict)
    """Fields that come from other tables, as SQL over `t` and the joins."""
    indexes: tuple[str, ...] = ("name, id",)
    """Columns of each index; one that ends in `WHERE ...` is partial.

    Where rows come by the million the id, which decides between rows of one
    moment, is left out: SQLite sorts the few of them. `DESC` is the way in which
    they come, which fills the pages of the index.
    """
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
        shared = name in self.shared
        sql = f"{name}_.value" if shared else self.joined.get(name, f't."{name}"')
        optional = annotation.endswith("None")
        return Field(name, type_, optional, sql, name not in self.joined, shared)

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
        shared = (f"LEFT JOIN shared {name}_ ON {name}_.n = t.{name}" for name in self.shared)
        return " ".join((f'FROM "{self.table}" t', *shared, self.joins))

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
        columns = [
            f'"{each.name}" {"INTEGER" if each.shared else sql_types[each.type]}'
            for each in self.fields
            if each.stored
        ]
        if self.name == "flows":
            columns += ["check_at INTEGER", "calm INTEGER", f"worst TEXT AS ({_WORST})"]
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

    def values(self, model: models.Model) -> list[Any]:
        """The written columns of `model`; shared ones as they are, and None for what it has not."""
        values = list(self._own(model))
        for place, find in self._found:
            values[place] = find(model)
        for place, store in self._stores:
            values[place] = store(values[place])
        return values

    # Looked up once, since runs come by the million.

    @cached_property
    def _own(self) -> Callable[[Any], tuple[Any, ...]]:
        """The written columns in one reach, with anything in the place of what is found otherwise."""
        own = set(self.model.__struct_fields__) - set(self.more)
        return attrgetter(*(each.name if each.name in own else "id" for each in self.written))

    @cached_property
    def _found(self) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
        own = self.model.__struct_fields__
        return tuple(
            (place, self.more.get(each.name, lambda _model: None))
            for place, each in enumerate(self.written)
            if each.name in self.more or each.name not in own
        )

    @cached_property
    def _stores(self) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
        return tuple(
            (place, _STORES[each.type])
            for place, each in enumerate(self.written)
            if each.type in _STORES and not each.shared
        )

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each written column stands among `values`."""
        return {each.name: place for place, each in enumerate(self.written)}

    @cached_property
    def _loads(self) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
        found = ((place, each.loads) for place, each in enumerate(self.fields))
        return tuple((place, load) for place, load in found if load is not None)

    def load(self, values: Iterable[Any]) -> AnyRow:
        """The row that a `select` gave."""
        loaded = list(values)
        for place, load in self._loads:
            loaded[place] = load(loaded[place])
        row: Any = self.row(*loaded)  # the fields are selected in the row's own order
        return row  # type: ignore[no-any-return]


def _join(table: str, alias: str, on: str) -> str:
    return f'LEFT JOIN "{table}" {alias} ON {alias}.id = {on}'


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
        more={"column_count": lambda source: len(source.columns)},
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
        # What the mirror cannot know, the word, what was lost and which of several errors
        # says most, is put in by the writer.
        more={
            "code": lambda run: run.errors[0].code if run.errors else None,
            "message": lambda run: run.errors[0].message if run.errors else None,
        },
        shared=("flow_id", "state", "updated_by"),
        joins=_join("flows", "fl", "flow_id_.value"),
        joined={"flow_name": "fl.name"},
        named=("id", "flow_id", "batch_id"),
        indexes=(
            "created_at DESC",
            "flow_id, created_at",
            f"word, created_at WHERE {UNUSUAL}",
            f"{ENDED} DESC",
            "created_at, lost WHERE lost > 0",
        ),
    ),
    Kind(
        "batches",
        rows.BatchRow,
        models.Batch,
        order="created_at",
        reverse=True,
        shared=("dataset_id", "flow_id", "updated_by"),
        joins=_join("datasets", "ds", "dataset_id_.value")
        + " "
        + _join("flows", "fl", "flow_id_.value"),
        joined={"dataset_name": "ds.name", "flow_name": "fl.name"},
        named=("id", "dataset_id", "flow_id"),
        indexes=("created_at DESC", "dataset_id, created_at", "flow_id, created_at"),
    ),
    Kind(
        "sandboxes",
        rows.SandboxRow,
        models.Sandbox,
        # A sandbox is called by its name everywhere but in titles.
        more={"name": lambda sandbox: sandbox.id, "title": lambda sandbox: sandbox.name},
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
        more={"source_count": lambda spec: len(spec.source_spec_ids)},
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
