"""Any valid pipeline file is written and read without loss and planned; any mutated one is one complaint."""

from __future__ import annotations

import asyncio
import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aeptui.api.services import Services
from aeptui.credentials import SecretSource
from aeptui.forms.identities import Identity
from aeptui.forms.pairs import Pair
from aeptui.pipelines.file import (
    FREQUENCIES,
    BaseConnection,
    Dataset,
    FieldGroup,
    Flow,
    MappingSet,
    PipelineError,
    PipelineFile,
    Schedule,
    Schema,
    SourceConnection,
    TargetConnection,
)
from aeptui.pipelines.file_text import written
from tests.emulated import Rehearsal
from tests.pipelines.files import CONTACTS, held_against, read

LETTERS = st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f")
NAMES = st.text(LETTERS, min_size=1, max_size=30).filter(lambda name: name == name.strip())
LINES = st.text(LETTERS, max_size=40)
MAYBE_NAME = st.none() | NAMES
SECRETS = st.one_of(
    st.builds(lambda name: SecretSource("env", name), NAMES),
    st.builds(lambda name: SecretSource("file", name), NAMES),
    st.builds(lambda a, b: SecretSource("keyring", f"{a}/{b}"), NAMES, NAMES),
    st.builds(
        lambda argv: SecretSource("command", argv[0], argv=tuple(argv)),
        st.lists(NAMES, min_size=1, max_size=3),
    ),
)
AUTH = st.dictionaries(
    NAMES, st.one_of(LINES, st.integers(-(2**62), 2**62), st.booleans(), SECRETS), max_size=3
)
LISTS = st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple)
PAIRS = st.lists(
    st.builds(
        lambda source, destination, way, mark: Pair(source, destination, way, *mark),
        NAMES,
        NAMES,
        st.sampled_from(["attribute", "expression", "static"]),
        st.just(("", False)) | st.tuples(NAMES, st.booleans()),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair.destination,
).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | LINES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(LINES, inner, max_size=2),
    max_leaves=4,
)
GROUPS = st.lists(
    st.builds(
        FieldGroup, NAMES, st.dictionaries(LINES, JSON, max_size=2), st.none() | LINES, LISTS
    ),
    max_size=2,
    unique_by=lambda group: group.name,
).map(tuple)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
SCHEDULES = st.builds(
    Schedule,
    st.none() | st.sampled_from([each for each in FREQUENCIES if each != "once"]),
    st.none() | st.integers(1, 10_000),
    st.none() | TIMES,
    st.none() | st.booleans(),
)
TEXT = st.none() | LINES
FILES = st.builds(
    PipelineFile,
    base_connection=st.builds(
        BaseConnection, NAMES, NAMES, TEXT, MAYBE_NAME, MAYBE_NAME, st.none() | AUTH
    ),
    source_connection=st.builds(
        SourceConnection, NAMES, NAMES, TEXT, MAYBE_NAME, st.none() | LISTS, TEXT, MAYBE_NAME
    ),
    schema=st.builds(
        Schema,
        NAMES,
        NAMES,
        TEXT,
        MAYBE_NAME,
        st.none() | LISTS,
        st.lists(st.builds(Identity, NAMES, NAMES, st.booleans()), max_size=2).map(tuple),
    ),
    dataset=st.builds(Dataset, NAMES, NAMES, TEXT),
    target_connection=st.builds(TargetConnection, NAMES, NAMES, TEXT),
    mapping_set=st.builds(MappingSet, PAIRS),
    flow=st.builds(
        Flow,
        NAMES,
        NAMES,
        TEXT,
        MAYBE_NAME,
        MAYBE_NAME,
        st.none() | st.booleans(),
        st.none() | st.floats(0, 100),
        SCHEDULES,
    ),
    field_groups=GROUPS,
    tenant=st.just("") | NAMES,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_any_file_is_read_as_it_was_written(file: PipelineFile) -> None:
    assert read(written(file)) == file


# Files that fit the sandbox -------------------------------------------------------

COLUMNS = ("Id", "FirstName", "LastName", "Email", "Description", "LastModifiedDate")
FIELDS = (
    "person.name.firstName",
    "person.name.lastName",
    "person.name.fullName",
    "_rehearsal.note",
)


@st.composite
def fitting(draw: st.DrawFn) -> PipelineFile:
    """A file that the sandbox of the tests can make."""
    file = read(CONTACTS)
    chosen = draw(st.lists(st.sampled_from(FIELDS), unique=True))
    pairs = [Pair("Id", "_rehearsal.crmId")]
    for field in chosen:
        source = draw(st.sampled_from(COLUMNS))
        way = draw(st.sampled_from(["attribute", "expression", "static"]))
        pairs.append(Pair(source, field, way))
    frequency = draw(st.sampled_from(["minute", "hour", "day", "week"]))
    least = 15 if frequency == "minute" else 1
    schedule = Schedule(
        frequency, draw(st.integers(least, 500)), None, draw(st.none() | st.booleans())
    )
    columns = draw(st.none() | st.just((*COLUMNS[:5], "LastModifiedDate:date-time")))
    return replace(
        file,
        source_connection=replace(
            file.source_connection,
            name=draw(NAMES),
            columns=columns,
            filter=draw(st.none() | st.sampled_from(["Email is not null", "Id = 'x' or Id = 'y'"])),
            description=draw(st.none() | NAMES),
        ),
        schema=replace(file.schema, name=draw(NAMES)),
        dataset=Dataset(draw(NAMES)),
        target_connection=TargetConnection(draw(NAMES)),
        mapping_set=MappingSet(tuple(pairs)),
        flow=replace(
            file.flow,
            name=draw(NAMES),
            partial_ingestion_percent=draw(st.none() | st.integers(0, 100)),
            error_diagnostics=draw(st.none() | st.booleans()),
            schedule=schedule,
        ),
    )


def test_any_fitting_file_comes_to_a_plan(emulator: Rehearsal) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(fitting())
    def planned(file: PipelineFile) -> None:
        async def resolved() -> Any:
            async with Services(emulator.settings()) as services:
                return await held_against(services, read(written(file)))

        found = asyncio.run(resolved())
        assert found.faults == ()
        names = [step.name for step in found.steps]
        assert names[:4] == ["base_connection", "source_connection", "schema", "dataset"]
        assert names[-1] == "flow"

    planned()


# Mutations ------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_file_is_the_same_or_one_complaint_at_a_line(data: st.DataObject) -> None:
    lines = CONTACTS.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1), "line")
    way = data.draw(st.sampled_from(["drop", "misspell", "retype", "garble", "twice"]), "way")
    line = lines[at]
    key, equals, value = line.partition(" = ")
    assume(line and not line.startswith(("  ", "]")))
    if way == "misspell":
        assume(equals)
        lines[at] = f"{key}x = {value}"
    elif way == "retype":
        assume(equals and not value.endswith(("[", "{")))
        lines[at] = f"{key} = {json.dumps(3.5) if value.startswith(chr(34)) else json.dumps('x y')}"
    elif way == "garble":
        lines[at] = line[: data.draw(st.integers(0, len(line)), "cut")] + "\x01"
    elif way == "twice":
        lines.insert(at, line)
    else:
        del lines[at]
    said = "\n".join(lines)
    try:
        file = read(said)
    except PipelineError as wrong:
        assert wrong.sentence and "\n" not in str(wrong)
        assert wrong.line is None or 1 <= wrong.line <= len(lines)
        if way in ("misspell", "retype", "garble"):
            # The line itself; what it opens comes in the lines after it.
            assert wrong.line is not None or "version" in key or line.startswith("[")
    else:
        assert way in ("drop", "twice", "misspell", "retype")
        told = tomllib.loads(said)
        assert file.flow.name == told["flow"]["name"]
