"""For every connector and every way to log in, the form lets through what its schema does."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from aeptui.api import decode
from aeptui.api.exploring import SourceTable
from aeptui.api.models import BaseConnection
from aeptui.api.services import Services
from aeptui.api.settings import Secret
from aeptui.emulator.services.connectors import connection_specs
from aeptui.forms.base_connection import FORM, PARAM
from aeptui.forms.catalogue import FORMS
from aeptui.forms.connectors import Connector, Variant, connector, flow_kind
from aeptui.forms.form import NOTHING, Given, answered
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import Connectors, FlowKinds, Tables, TheBaseConnection
from aeptui.forms.schema import fields_of
from aeptui.pipelines.plan import SecretRef
from tests.forms.fixed import NOW, no_services

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cf")),
    min_size=1,
    max_size=40,
)
URL = st.from_regex(r"https://[a-z0-9]{1,20}(\.[a-z]{2,10}){1,2}(/[a-z]{0,9})?", fullmatch=True)
VERSION = st.from_regex(r"[0-9]{1,3}\.[0-9]{1,2}", fullmatch=True)


@cache
def known() -> tuple[Connector, ...]:
    read = (
        connector(decode.connection_spec(msgspec.json.encode(spec))) for spec in connection_specs()
    )
    return tuple(each for each in read if each is not None)


VARIANTS = [(each, variant) for each in known() for variant in each.variants]
IDS = [f"{each.name}-{variant.name.replace(' ', '-')}" for each, variant in VARIANTS]


def lookups() -> Lookups:
    found = Lookups(no_services, lambda: NOW)
    found.tell(Connectors(), known())
    return found


def valid(variant: Variant) -> st.SearchStrategy[dict[str, Any]]:
    """Answers that the variant's schema takes, optional ones now and then left out."""
    needed: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, told in variant.schema["properties"].items():
        strategy: st.SearchStrategy[Any] = TEXT
        if told.get("format") == "uri":
            strategy = URL
        elif told.get("pattern") == "^[0-9]+\\.[0-9]+$":
            strategy = VERSION
        if told.get("format") == "password":
            strategy = strategy.map(Secret)
        (needed if name in variant.schema["required"] else optional)[PARAM + name] = strategy
    return st.fixed_dictionaries(needed, optional=optional)


def begun(source: Connector, variant: Variant) -> dict[str, Any]:
    return {"connector": source.id, "name": "A connection", "variant": variant.name}


def test_there_is_a_case_for_every_variant_that_the_emulator_serves() -> None:
    served = [
        (spec["id"], auth["name"]) for spec in connection_specs() for auth in spec["authSpec"]
    ]
    assert sorted(served) == sorted((each.id, variant.name) for each, variant in VARIANTS)
    assert len(served) > 40


@pytest.mark.parametrize(("source", "variant"), VARIANTS, ids=IDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_valid_answers_pass_the_schema_of_the_connector(
    source: Connector, variant: Variant, data: st.DataObject
) -> None:
    answers = begun(source, variant) | data.draw(valid(variant))
    assert FORM.check(answers, lookups(), NOTHING) == {}
    (step,) = FORM.steps(answers, lookups(), NOTHING)
    secrets = FORM.secrets(answers, lookups(), NOTHING)
    params = {
        name: secrets[value.name].reveal() if isinstance(value, SecretRef) else value
        for name, value in step.body["auth"]["params"].items()
    }
    Draft7Validator(dict(variant.schema)).validate(params)
    assert params == {
        name.removeprefix(PARAM): value.reveal() if isinstance(value, Secret) else value.strip()
        for name, value in answers.items()
        if name.startswith(PARAM)
    }
    for name, told in variant.schema["properties"].items():
        if told.get("format") == "password" and name in params:
            assert isinstance(step.body["auth"]["params"][name], SecretRef)


def spoiled(name: str, told: dict[str, Any], required: bool) -> list[Any]:
    """Answers to one parameter that its schema refuses."""
    wrong: list[Any] = []
    if required:
        wrong += [None, ""] if told.get("format") != "password" else [None, Secret("")]
    if told.get("format") == "uri":
        wrong += ["acme", "https://", "https://a b"]
    if told.get("pattern"):
        wrong += ["52", "v52.0", "52.0.1"]
    return wrong


@pytest.mark.parametrize(("source", "variant"), VARIANTS, ids=IDS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_invalid_answers_are_refused_at_their_field(
    source: Connector, variant: Variant, data: st.DataObject
) -> None:
    good = begun(source, variant) | data.draw(valid(variant))
    for name, told in variant.schema["properties"].items():
        for wrong in spoiled(name, told, name in variant.schema["required"]):
            answers = good | {PARAM + name: wrong}
            faults = FORM.check(answers, lookups(), NOTHING)
            assert list(faults) == [PARAM + name], (name, wrong)
            label = next(
                field.label
                for field in fields_of(variant.schema, PARAM)
                if field.name == PARAM + name
            )
            assert faults[PARAM + name].startswith(label)


def test_a_schema_that_fields_cannot_say_still_has_the_last_word() -> None:
    schema = {
        "type": "object",
        "properties": {
            "mode": {"enum": ["key", "user"], "type": "string"},
            "nested": {"type": "object", "properties": {"a": {"type": "integer"}}},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "tls": {"type": "boolean", "default": True},
            "accessKey": {"type": "string"},
        },
        "required": ["mode"],
        "if": {"properties": {"mode": {"const": "key"}}},
        "then": {"required": ["accessKey"]},
    }
    odd = Connector("odd", "odd", "Odd", "database", (Variant("Only", "x", schema),))
    asked = Lookups(no_services, lambda: NOW)
    asked.tell(Connectors(), (odd,))
    kinds = {field.name: field.kind for field in fields_of(schema)}
    assert kinds == {
        "mode": "choice",
        "nested": "json",
        "port": "integer",
        "tls": "flag",
        "accessKey": "secret",
    }
    answers: dict[str, Any] = {"connector": "odd", "name": "Odd", "auth.mode": "key"}
    assert FORM.check(answers, asked, NOTHING) == {"auth.accessKey": "Access key is needed"}
    answers["auth.accessKey"] = Secret("k")
    assert FORM.check(answers, asked, NOTHING) == {}
    for name, wrong, says in (
        ("auth.port", "0", "Port is at least 1"),
        ("auth.port", "many", "Port is a whole number, such as 1"),
        ("auth.nested", "{", "Nested is written as JSON"),
        ("auth.nested", '{"a": "x"}', "Nested must be of the type integer"),
        ("auth.mode", "other", "Mode has no 'other' to choose"),
    ):
        assert FORM.check(answers | {name: wrong}, asked, NOTHING) == {name: says}
    (step,) = FORM.steps(answers | {"auth.port": "443", "auth.nested": '{"a": 1}'}, asked, NOTHING)
    assert step.body["auth"]["params"] == {
        "mode": "key",
        "nested": {"a": 1},
        "port": 443,
        "tls": True,
        "accessKey": SecretRef("CRM_ACCESS_KEY"),
    }


def test_another_connector_takes_no_credentials_over() -> None:
    answers = {"connector": "a", "name": "Mine", "auth.password": Secret("x"), "variant": "Basic"}
    assert answered(FORM, answers, "connector", "b") == {"connector": "b", "name": "Mine"}


async def test_the_emulator_serves_the_connectors_that_these_tests_know(
    services: Services,
) -> None:
    told = await Connectors().ask(services)
    assert {each.id for each in told} == {each.id for each in known()}
    assert [each.title for each in told[:2]] == ["Microsoft Dynamics", "Salesforce"]


async def test_files_are_read_by_their_path_and_without_a_delta_column() -> None:
    spec = {
        "id": "s3",
        "name": "amazon-s3",
        "authSpec": [{"name": "Access Key", "type": "x", "spec": {"type": "object"}}],
        "sourceSpec": {"spec": {"properties": {"path": {}, "type": {}}}},
        "attributes": {"category": "cloudStorage", "isSource": True},
    }
    bucket = connector(decode.connection_spec(msgspec.json.encode(spec)))
    assert bucket is not None
    told = {
        "id": "files",
        "name": "CloudStorageToAEP",
        "sourceConnectionSpecIds": ["s3"],
        "transformationSpec": {"name": "Mapping", "spec": {}},
    }
    kind = flow_kind(decode.flow_spec(msgspec.json.encode(told)))
    asked = Lookups(no_services, lambda: NOW)
    asked.tell(Connectors(), (bucket,))
    asked.tell(TheBaseConnection("b"), BaseConnection(id="b", name="Bucket", spec_id="s3"))
    asked.tell(Tables("b"), (SourceTable("/in/day.json", "day.json", "file"),))
    asked.tell(FlowKinds(), (kind,))
    form = FORMS["source-connections"]
    answers = {"base_connection": "b", "table": "/in/day.json", "format": "json"}
    shown = {field.name: field for field in form.fields(answers, asked, NOTHING)}
    assert shown["table"].label == "File or folder"
    assert [each.value for each in shown["format"].choices] == ["delimited", "json", "parquet"]
    assert "columns" not in shown
    assert form.check(answers, asked, NOTHING) == {}
    (step,) = form.steps(answers, asked, NOTHING)
    assert step.body["data"] == {"format": "json"}
    assert step.body["params"] == {"path": "/in/day.json", "type": "file"}
    joined = Given(
        connection_spec="s3",
        source_connection="s",
        target_connection="t",
        mapping_set="m",
        mapping_version=0,
        called="Files",
    )
    flows = FORMS["flows"]
    assert "delta_column" not in {field.name for field in flows.fields({}, asked, joined)}
    assert flows.check({}, asked, joined) == {}
    (flow,) = flows.steps({}, asked, joined)
    assert [each["name"] for each in flow.body["transformations"]] == ["Mapping"]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"type": "string", "pattern": "(?<name>x"}}},
        {"properties": {"a": {"$ref": "http://127.0.0.1:9/elsewhere.json"}}},
        {"properties": {"a": {"type": "colour"}}},
        {"properties": {"a": {"type": 5}}, "required": [{}]},
        {"properties": {"a": "text"}, "required": "a"},
        {"properties": []},
        {},
    ],
)
def test_a_schema_that_cannot_be_applied_is_left_to_the_platform(schema: dict[str, Any]) -> None:
    odd = Connector("odd", "odd", "Odd", "database", (Variant("Only", "x", schema),))
    asked = Lookups(no_services, lambda: NOW)
    asked.tell(Connectors(), (odd,))
    answers = {"connector": "odd", "name": "Odd", "auth.a": '"x"'}
    assert FORM.check(answers, asked, NOTHING) == {}
    assert FORM.steps(answers, asked, NOTHING)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "spec", "properties", "required", "type", "attributes", "a"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["authSpec", "sourceSpec", "attributes", "transformationSpecs"]),
)
def test_any_spec_is_read_without_a_fall(value: Any, key: str) -> None:
    told = {"id": "x", "name": "x", "authSpec": [{"name": "One", "spec": {}}], key: value}
    raw = msgspec.json.encode(told)
    found = connector(decode.connection_spec(raw))
    flow_kind(decode.flow_spec(raw))
    for variant in found.variants if found else ():
        fields_of(variant.schema)
