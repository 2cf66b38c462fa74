"""The form for a source connection: a table of a base connection, and what to read of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aeptui.api.exploring import SourceColumn
from aeptui.api.paths import PATHS
from aeptui.forms import row_filter
from aeptui.forms.asking import DESCRIPTION, name_field, named, open_on
from aeptui.forms.choices import Choice
from aeptui.forms.connectors import Connector
from aeptui.forms.fields import Answers, Field, list_of, text_of
from aeptui.forms.form import Form, Given, Look
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import (
    Columns,
    Connectors,
    Rows,
    Tables,
    TheBaseConnection,
    as_json,
)
from aeptui.forms.values import faults_in
from aeptui.pipelines.plan import Ref, Step, Undo

STEP = "source_connection"
_TYPES = ("string", "integer", "double", "boolean", "date", "date-time")
_EVERY = "Every column, unless some are named: Id, Score:integer, Changed:date-time"


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    found: list[Field] = []
    if given.base_connection is None:
        pick = Field("base_connection", "Base connection", "pick", True, picks="base-connections")
        if base := text_of(answers, "base_connection"):
            pick = open_on(pick, lookups, TheBaseConnection(base))
        found.append(pick)
    given = completed(answers, lookups, given)
    if isinstance(given.base_connection, Ref):
        found += [_typed_table(), _typed_columns()]
    elif given.base_connection is not None:
        found += _explored(answers, lookups, given)
    source = _connector(lookups, given)
    table = text_of(answers, "table")
    found.append(name_field(f"{given.called} {table}".strip() if table else given.called))
    if source is not None:
        formats = tuple(Choice(each, each) for each in source.formats)
        found.append(Field("format", "Format", "choice", True, "", formats[0].value, formats))
        if source.filters_rows:
            found.append(_FILTER)
    found.append(DESCRIPTION)
    return tuple(found)


_FILTER = Field(
    "filter",
    "Only rows where",
    help="Such as City = 'Basel' and Score >= 20; the source itself leaves the others out.",
    longest=4000,
)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    faults = faults_in(fields(answers, lookups, given), answers)
    given = completed(answers, lookups, given)
    if given.base_connection is not None and _connector(lookups, given) is None:
        faults.setdefault("name" if given.connection_spec else "base_connection", _unknown(lookups))
    if isinstance(given.base_connection, Ref):
        try:
            typed_columns(text_of(answers, "columns"))
        except ValueError as reason:
            faults["columns"] = str(reason)
    elif text_of(answers, "table") and "table" not in faults:
        known = _known_columns(answers, lookups, given)
        if known == ():
            faults["table"] = "The source shows no columns in this table"
        elif list_of(answers, "columns") == []:
            faults["columns"] = "Choose at least one column"
    if filter := text_of(answers, "filter"):
        try:
            row_filter.parse(filter, _names(answers, lookups, given))
        except row_filter.NoFilter as reason:
            faults["filter"] = str(reason)
    return faults


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    given = completed(answers, lookups, given)
    if given.base_connection is None:
        raise ValueError("the answers have not passed their check")
    table = text_of(answers, "table")
    source = _connector(lookups, given)
    formats = source.formats if source else ("tabular",)
    begun = named(answers, f"{given.called} {table}".strip())
    body = {
        "name": begun.pop("name"),
        "baseConnectionId": given.base_connection,
        **begun,
        "data": {"format": text_of(answers, "format", formats[0])},
        "params": _params(answers, lookups, given),
        "connectionSpec": {"id": given.connection_spec, "version": "1.0"},
    }
    return [
        Step(
            name=STEP,
            title=f"Create the source connection {body['name']}",
            kind="source-connections",
            method="POST",
            path=PATHS["source-connections"],
            body=body,
            undo=Undo("DELETE", f"{PATHS['source-connections']}/{{{STEP}}}"),
        )
    ]


def _params(answers: Answers, lookups: Lookups, given: Given) -> dict[str, Any]:
    """What is read: a table with its columns, or a file or folder by its path."""
    table = text_of(answers, "table")
    source = _connector(lookups, given)
    if source is not None and source.has_files:
        return {"path": table, "type": _type_of(table, lookups, given)}
    params: dict[str, Any] = {"tableName": table}
    if columns := read_columns(answers, lookups, given):
        params["columns"] = [column.wire() for column in columns]
    if filter := text_of(answers, "filter"):
        params["filters"] = row_filter.parse(filter)
    return params


def look(answers: Answers, lookups: Lookups, given: Given) -> Look | None:
    """The first rows of the table under the filter, as the source gives them now."""
    given = completed(answers, lookups, given)
    table = text_of(answers, "table")
    source = _connector(lookups, given)
    if not table or not isinstance(given.base_connection, str) or (source and source.has_files):
        return None
    filters = ""
    if text := text_of(answers, "filter"):
        try:
            filters = as_json(row_filter.parse(text, _names(answers, lookups, given)))
        except row_filter.NoFilter as reason:
            return Look(table, faults={"filter": str(reason)})
    question = Rows(given.base_connection, table, filters)
    found = lookups.get(question)
    if found is None:
        trouble = lookups.trouble(question)
        return Look(table, trouble=trouble, waits="" if trouble else question.says)
    columns = read_columns(answers, lookups, given) or found.columns
    rows = tuple(tuple(cell_text(row.get(column.name)) for column in columns) for row in found.rows)
    note = "" if rows else "No row of the table passes the filter." if filters else "No rows."
    return Look(table, tuple(column.name for column in columns), rows, note)


def completed(answers: Answers, lookups: Lookups, given: Given) -> Given:
    """What is given, with the base connection that was picked here."""
    base = text_of(answers, "base_connection")
    if given.base_connection is not None or not base:
        return given
    known = lookups.get(TheBaseConnection(base))
    if known is None:
        return given
    return replace(
        given,
        base_connection=base,
        connection_spec=known.spec_id,
        called=given.called or known.name,
    )


def read_columns(
    answers: Answers, lookups: Lookups, given: Given
) -> tuple[SourceColumn, ...] | None:
    """The columns that will be read; None while they are not known, or when all are and unnamed."""
    if isinstance(given.base_connection, Ref):
        try:
            return typed_columns(text_of(answers, "columns")) or None
        except ValueError:
            return None
    known = _known_columns(answers, lookups, given)
    chosen = list_of(answers, "columns")
    if known is None or chosen is None:
        return known
    return tuple(column for column in known if column.name in chosen)


def typed_columns(text: str) -> tuple[SourceColumn, ...]:
    """`Id, Score:integer` as columns; ValueError, with a sentence, for what is none."""
    found: dict[str, SourceColumn] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, kind = (each.strip() for each in part.partition(":"))
        kind = kind or "string"
        if kind not in _TYPES:
            raise ValueError(f"{kind} is no type of a column; it is one of {', '.join(_TYPES)}")
        if not name or name in found:
            raise ValueError(f"The column {name or part!r} is named twice or not at all")
        is_time = kind in ("date", "date-time")
        xdm = {"double": "number"}.get(kind, kind)
        found[name] = SourceColumn(
            name,
            "string" if is_time else kind,
            xdm,
            (("type", "string"), ("format", kind)) if is_time else (("type", xdm),),
        )
    return tuple(found.values())


def cell_text(value: Any) -> str:
    """A value of a row as it is shown."""
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def _explored(answers: Answers, lookups: Lookups, given: Given) -> list[Field]:
    base = str(given.base_connection)
    source = _connector(lookups, given)
    has_files = source is not None and source.has_files
    tables = lookups.get(Tables(base)) or ()
    choices = tuple(Choice(each.path, each.name, each.type) for each in tables)
    label = "File or folder" if has_files else "Table"
    table = Field("table", label, "choice", True, choices=choices)
    found = [open_on(table, lookups, Tables(base))]
    chosen = text_of(answers, "table")
    if chosen and not has_files and any(choice.value == chosen for choice in choices):
        known = lookups.get(Columns(base, chosen)) or ()
        columns = Field(
            "columns",
            "Columns",
            "columns",
            required=True,
            default=[column.name for column in known],
            choices=tuple(Choice(each.name, each.name, each.word) for each in known),
        )
        found.append(open_on(columns, lookups, Columns(base, chosen)))
    return found


def _type_of(path: str, lookups: Lookups, given: Given) -> str:
    """Whether a path is a `file` or a `folder`, as the source told."""
    known = lookups.get(Tables(str(given.base_connection))) or ()
    return next((each.type for each in known if each.path == path), "file")


def _typed_table() -> Field:
    hint = "The base connection is not made yet, so its tables cannot be browsed: type the name."
    return Field("table", "Table", required=True, help=hint, longest=255)


def _typed_columns() -> Field:
    return Field("columns", "Columns", help=_EVERY, longest=20_000)


def _known_columns(
    answers: Answers, lookups: Lookups, given: Given
) -> tuple[SourceColumn, ...] | None:
    table = text_of(answers, "table")
    source = _connector(lookups, given)
    if not table or not isinstance(given.base_connection, str) or (source and source.has_files):
        return None
    return lookups.get(Columns(given.base_connection, table))


def _names(answers: Answers, lookups: Lookups, given: Given) -> tuple[str, ...]:
    known = _known_columns(answers, lookups, given)
    return tuple(column.name for column in known or ())


def _connector(lookups: Lookups, given: Given) -> Connector | None:
    known = lookups.get(Connectors()) or ()
    return next((each for each in known if each.id == given.connection_spec), None)


def _unknown(lookups: Lookups) -> str:
    if trouble := lookups.trouble(Connectors()):
        return trouble
    if lookups.peek(Connectors()) is None:
        return f"Still asking for {Connectors().says}"
    return "This base connection is of no source that the platform lists"


FORM = Form(
    kind="source-connections",
    title="New source connection",
    intro="One table of a base connection, with the columns to read.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
    look=look,
    looks="sample rows",
    clears={
        "base_connection": ("table", "columns", "filter", "format"),
        "table": ("columns", "filter"),
    },
)
