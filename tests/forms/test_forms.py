"""Each form alone, against the emulator: what it asks, what it refuses, what it makes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from aeptui.api.services import Services
from aeptui.api.settings import Secret
from aeptui.forms.base_connection import mend
from aeptui.forms.catalogue import FORMS
from aeptui.forms.fields import Field
from aeptui.forms.form import NOTHING, Look, settled
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import LetsIn
from aeptui.pipelines.apply import apply
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Made, Plan, Secrets, Step
from tests.emulated import Rehearsal
from tests.forms.conftest import make_base, tenant_group

PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
SQL_SERVER = "1f372ff9-38a4-4492-96f5-b9a4e4bd00ec"


class Desk:
    """Someone who fills in one form after the other."""

    def __init__(self, services: Services, lookups: Lookups, journal: Journal, org: str) -> None:
        self.services = services
        self.lookups = lookups
        self.journal = journal
        self.org = org

    async def fields(self, kind: str, answers: dict[str, Any]) -> dict[str, Field]:
        await settled(FORMS[kind], answers, self.lookups)
        return {field.name: field for field in FORMS[kind].fields(answers, self.lookups, NOTHING)}

    async def faults(self, kind: str, answers: dict[str, Any]) -> dict[str, str]:
        await settled(FORMS[kind], answers, self.lookups)
        return FORMS[kind].check(answers, self.lookups, NOTHING)

    async def steps(self, kind: str, answers: dict[str, Any]) -> list[Step]:
        assert await self.faults(kind, answers) == {}
        return FORMS[kind].steps(answers, self.lookups, NOTHING)

    async def make(self, kind: str, answers: dict[str, Any]) -> Made:
        steps = await self.steps(kind, answers)
        return await self.send(steps, FORMS[kind].secrets(answers, self.lookups, NOTHING))

    async def send(self, steps: list[Step], secrets: Secrets) -> Made:
        plan = Plan(
            title="A form",
            steps=tuple(steps),
            profile="rehearsal",
            host=self.services.settings.platform_url,
            org=self.org,
            sandbox="dev",
            made_at=self.services.clock.now(),
        )
        events = [event async for event in apply(plan, secrets, self.services, self.journal)]
        assert events[-1].what == "finished", str(events[-1])
        return events[-1].stands[0][1]

    async def look(self, kind: str, answers: dict[str, Any]) -> Look:
        await settled(FORMS[kind], answers, self.lookups)
        while True:
            self.lookups.start_over()
            found = FORMS[kind].look(answers, self.lookups, NOTHING)
            if not await self.lookups.ask_missing():
                assert found is not None
                return found


@pytest.fixture
def desk(fresh: Rehearsal, services: Services, lookups: Lookups, journal: Journal) -> Desk:
    return Desk(services, lookups, journal, fresh.org)


def base_answers(**changes: Any) -> dict[str, Any]:
    return {
        "connector": SALESFORCE,
        "name": "Salesforce prod",
        "auth.environmentUrl": "https://acme.my.salesforce.com",
        "auth.username": "aep@example.com",
        "auth.password": Secret("correct horse"),
        "auth.securityToken": Secret("battery staple"),
        **changes,
    }


# Base connections -------------------------------------------------------------


async def test_a_base_connection_is_made_and_lets_in(desk: Desk) -> None:
    made = await desk.make("base-connections", base_answers())
    ok, sentence = await LetsIn(made.id).ask(desk.services)
    assert (ok, sentence) == (True, "The platform can log in with this connection")


async def test_the_fields_follow_the_variant(desk: Desk) -> None:
    basic = await desk.fields("base-connections", {"connector": SALESFORCE})
    assert basic["variant"].default == "Basic Authentication"
    assert len(basic["variant"].choices) == 3
    assert basic["auth.password"].kind == "secret"
    assert basic["auth.environmentUrl"].label == "Environment URL"
    chosen = {"connector": SALESFORCE, "variant": "OAuth2 Client Credential"}
    oauth = await desk.fields("base-connections", chosen)
    assert "auth.password" not in oauth
    assert oauth["auth.apiVersion"].required
    faults = await desk.faults("base-connections", chosen | {"auth.apiVersion": "52"})
    assert faults["auth.apiVersion"] == "API version is written like 52.0"


async def test_credentials_that_the_crm_refuses_are_corrected_in_place(desk: Desk) -> None:
    made = await desk.make("base-connections", base_answers(**{"auth.password": Secret("wrong")}))
    ok, sentence = await LetsIn(made.id).ask(desk.services)
    assert not ok
    assert sentence
    answers = base_answers()
    steps = mend(answers, desk.lookups, made.id, made.etag)
    secrets = FORMS["base-connections"].secrets(answers, desk.lookups, NOTHING)
    await desk.send(steps, secrets)
    assert (await LetsIn(made.id).ask(desk.services))[0]


# Source connections -----------------------------------------------------------


async def test_a_source_connection_is_browsed_filtered_previewed_and_made(
    desk: Desk, api: httpx.Client
) -> None:
    answers: dict[str, Any] = {"base_connection": make_base(api)}
    shown = await desk.fields("source-connections", answers)
    tables = [choice.value for choice in shown["table"].choices]
    assert "Contact" in tables
    assert [choice.value for choice in shown["format"].choices] == ["tabular"]
    answers["table"] = "Contact"
    shown = await desk.fields("source-connections", answers)
    types = {choice.value: choice.help for choice in shown["columns"].choices}
    assert types["LastModifiedDate"] == "date-time"
    assert shown["columns"].default == list(types)
    assert shown["name"].default == "Salesforce prod Contact"
    answers |= {"columns": ["Id", "LastName"], "filter": "LastName like 'A%'"}
    seen = await desk.look("source-connections", answers)
    assert seen.header == ("Id", "LastName")
    assert seen.rows
    assert all(row[1].startswith("A") for row in seen.rows)
    (step,) = await desk.steps("source-connections", answers)
    assert [each["name"] for each in step.body["params"]["columns"]] == ["Id", "LastName"]
    assert step.body["params"]["filters"]["value"]["fnName"] == "like"
    await desk.make("source-connections", answers)


@pytest.mark.parametrize(
    ("answers", "name", "says"),
    [
        ({"table": "Contact", "columns": []}, "columns", "Choose at least one column"),
        ({"table": "Contact", "columns": ["Nope"]}, "columns", "Columns has no 'Nope' to choose"),
        ({"table": "Nope"}, "table", "Table has no 'Nope' to choose"),
        (
            {"table": "Contact", "filter": "Lastname = 'A'"},
            "filter",
            "The table has no column Lastname; did you mean LastName?",
        ),
        ({}, "table", "Choose a table"),
    ],
)
async def test_a_source_connection_is_refused_at_the_field(
    desk: Desk, api: httpx.Client, answers: dict[str, Any], name: str, says: str
) -> None:
    known = {"base_connection": make_base(api), "name": "A source"}
    assert await desk.faults("source-connections", known | answers) == {name: says}


async def test_a_crm_that_is_down_speaks_at_the_table(
    desk: Desk, api: httpx.Client, fresh: Rehearsal
) -> None:
    base_id = make_base(api)
    fresh.ask("incidents", kind="crm_down", sandbox="dev", base_connection=base_id)
    known = {"base_connection": base_id, "name": "A source"}
    faults = await desk.faults("source-connections", known)
    assert "did not answer in time" in faults["table"]


async def test_only_sources_that_filter_rows_are_asked_for_a_filter(desk: Desk) -> None:
    made = await desk.make(
        "base-connections",
        {
            "connector": SQL_SERVER,
            "name": "ERP",
            "auth.connectionString": Secret("Server=erp;Password=x"),
        },
    )
    shown = await desk.fields("source-connections", {"base_connection": made.id})
    assert "filter" not in shown


# Schemas, datasets, target connections ------------------------------------------


async def test_a_schema_is_previewed_and_made_with_its_identities(
    desk: Desk, api: httpx.Client
) -> None:
    group = tenant_group(api)
    shown = await desk.fields("schemas", {})
    assert shown["class"].default == PROFILE
    fitting = {choice.value for choice in shown["field_groups"].choices}
    assert {PERSON, group} <= fitting
    assert "https://ns.adobe.com/xdm/mixins/account-details" not in fitting
    answers: dict[str, Any] = {"name": "CRM contact", "field_groups": [PERSON, group]}
    seen = await desk.look("schemas", answers)
    assert seen.rows[0] == ("_rehearsal.crmId", "string", "always", "CRM id")
    assert any(row[0] == "person.name.firstName" for row in seen.rows)
    answers["identities"] = [
        {"field": "_rehearsal.crmId", "namespace": "CRMID", "primary": True},
        {"field": "person.name.lastName", "namespace": "Email"},
    ]
    steps = await desk.steps("schemas", answers)
    assert [step.name for step in steps] == ["schema", "identity_1", "identity_2"]
    made = await desk.make("schemas", answers)
    assert made.id.startswith("https://ns.adobe.com/")


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ([("nope", "Email", False)], "The schema has no field nope"),
        ([("_rehearsal.crmId", "", False)], "_rehearsal.crmId needs a namespace, such as Email"),
        (
            [("_rehearsal.crmId", "Emial", False)],
            "There is no namespace Emial; did you mean Email?",
        ),
        (
            [("_rehearsal.leadScore", "CRMID", False)],
            "_rehearsal.leadScore cannot be an identity: only single text fields can",
        ),
        (
            [("_rehearsal.crmId", "CRMID", True), ("_rehearsal.note", "Email", True)],
            "A schema has one primary identity, and _rehearsal/crmId is it",
        ),
        (
            [("_rehearsal.crmId", "CRMID", True), ("_rehearsal.crmId", "Email", False)],
            "_rehearsal.crmId is marked twice",
        ),
    ],
)
async def test_identities_are_refused_with_a_reason(
    desk: Desk, api: httpx.Client, marks: list[tuple[str, str, bool]], says: str
) -> None:
    answers = {
        "name": "CRM contact",
        "field_groups": [tenant_group(api)],
        "identities": [
            {"field": field, "namespace": code, "primary": primary}
            for field, code, primary in marks
        ],
    }
    faults = await desk.faults("schemas", answers)
    assert faults["identities"].startswith(says)


async def test_a_schema_needs_a_field_group(desk: Desk) -> None:
    assert await desk.faults("schemas", {"name": "x"}) == {
        "field_groups": "Choose some field groups"
    }


async def test_a_dataset_a_target_and_mappings_follow_from_a_schema(
    desk: Desk, api: httpx.Client
) -> None:
    schema = await desk.make("schemas", {"name": "CRM", "field_groups": [tenant_group(api)]})
    shown = await desk.fields("datasets", {"schema": schema.id})
    assert shown["name"].default == "CRM"
    dataset = await desk.make("datasets", {"schema": schema.id, "name": "CRM contacts"})
    target = await desk.make("target-connections", {"dataset": dataset.id})
    base_id = make_base(api)
    source = await desk.make("source-connections", {"base_connection": base_id, "table": "Contact"})
    answers = {"schema": schema.id, "source_connection": source.id}
    shown = await desk.fields("mapping-sets", answers)
    assert {"source": "Id", "destination": "_rehearsal.crmId"} in shown["pairs"].default
    assert [t.value for t in shown["pairs"].targets if t.needed] == ["_rehearsal.crmId"]
    assert {each.value for each in shown["pairs"].namespaces} >= {"Email", "CRMID"}
    seen = await desk.look("mapping-sets", answers)
    becomes = {row[1]: (row[2], row[3]) for row in seen.rows}
    assert becomes["_rehearsal.crmId"][0] == becomes["_rehearsal.crmId"][1] != ""
    assert seen.faults == {}
    mapping = await desk.make("mapping-sets", answers)
    flow = {
        "source_connection": source.id,
        "target_connection": target.id,
        "mapping_set": mapping.id,
        "name": "Contacts",
    }
    shown = await desk.fields("flows", flow)
    assert shown["delta_column"].default == "LastModifiedDate"
    assert shown["flow_spec"].default == "CRMToAEP"
    assert (await desk.faults("flows", flow | {"flow_spec": "CloudStorageToAEP"})) == {
        "flow_spec": "CloudStorageToAEP does not take this source; CRMToAEP does"
    }
    (drafted,) = await desk.steps("flows", flow | {"mode": "draft"})
    assert drafted.path.endswith("/flows?mode=draft") and drafted.title.endswith("as a draft")
    percent = flow | {"partial_ingestion_percent": "0"}
    assert await desk.faults("flows", percent) == {
        "partial_ingestion_percent": "Partial ingestion, % is more than 0"
    }
    (step,) = await desk.steps("flows", flow | {"frequency": "once"})
    assert [each["name"] for each in step.body["transformations"]] == ["Mapping"]
    await desk.make("flows", flow)
    # A mapping set of another schema is refused before the platform is asked.
    other = await desk.make("schemas", {"name": "Other", "field_groups": [PERSON]})
    pairs = [{"source": "LastName", "destination": "person.name.lastName"}]
    elsewhere = await desk.make("mapping-sets", {"schema": other.id, "pairs": pairs})
    assert await desk.faults("flows", flow | {"mapping_set": elsewhere.id}) == {
        "mapping_set": "This mapping set fills another schema than the dataset has"
    }


# Mapping sets -------------------------------------------------------------------


PAIR_FAULTS: list[tuple[list[dict[str, Any]], str]] = [
    (
        [{"source": "Id", "destination": "_rehearsal.crmID"}],
        "The schema has no field _rehearsal.crmID; did you mean _rehearsal.crmId?",
    ),
    ([{"source": "Id", "destination": ""}], "Id lacks its other half"),
    (
        [{"source": "concta(Id)", "destination": "_rehearsal.crmId", "way": "expression"}],
        "_rehearsal.crmId: There is no function concta; did you mean concat?",
    ),
    (
        [{"source": "Name", "destination": "_rehearsal.note"}],
        "_rehearsal.crmId is required: without it every row is refused",
    ),
    (
        [
            {"source": "Id", "destination": "_rehearsal.crmId"},
            {"source": "Name", "destination": "_rehearsal.crmId"},
        ],
        "_rehearsal.crmId is filled twice",
    ),
    (
        [{"source": "x" * 5000, "way": "expression", "destination": "_rehearsal.crmId"}],
        "The expression for _rehearsal.crmId is longer than 4,096 characters",
    ),
    ([], "Mapping is needed"),
]


@pytest.mark.parametrize(("pairs", "says"), PAIR_FAULTS)
async def test_pairs_are_refused_with_a_reason(
    desk: Desk, api: httpx.Client, pairs: list[dict[str, Any]], says: str
) -> None:
    schema = await desk.make("schemas", {"name": "CRM", "field_groups": [tenant_group(api)]})
    assert await desk.faults("mapping-sets", {"schema": schema.id, "pairs": pairs}) == {
        "pairs": says
    }


async def test_expressions_fixed_texts_and_odd_names_are_mapped(
    desk: Desk, api: httpx.Client
) -> None:
    schema = await desk.make("schemas", {"name": "CRM", "field_groups": [tenant_group(api)]})
    answers = {
        "schema": schema.id,
        "pairs": [
            {"source": "Account.Id", "destination": "_rehearsal.crmId"},
            {"source": "upper(Name)", "way": "expression", "destination": "_rehearsal.note"},
            {"source": "salesforce", "way": "static", "destination": "_rehearsal.crmSystem"},
        ],
    }
    (step,) = await desk.steps("mapping-sets", answers)
    plain, calculated, fixed = step.body["mappings"]
    assert plain["sourceAttribute"] == "${Account.Id}"
    assert (calculated["sourceType"], calculated["source"]) == ("EXPRESSION", "upper(Name)")
    assert (fixed["sourceType"], fixed["source"]) == ("STATIC", "salesforce")
    assert step.title == "Create the mapping set, 1 column, 1 calculated"
    seen = await desk.look("mapping-sets", answers)
    assert seen.faults == {}
    wrong = dict(answers["pairs"][1]) if isinstance(answers["pairs"], list) else {}
    wrong["source"] = "uppper(Name)"
    broken = answers | {"pairs": [answers["pairs"][0], wrong]}
    seen = await desk.look("mapping-sets", broken)
    assert seen.faults["pairs"].startswith("_rehearsal.note: ")


async def test_an_identity_that_the_schema_has_is_not_made_again(
    desk: Desk, api: httpx.Client
) -> None:
    mark = {"field": "_rehearsal.crmId", "namespace": "CRMID", "primary": True}
    answers = {"name": "CRM", "field_groups": [tenant_group(api)], "identities": [mark]}
    schema = await desk.make("schemas", answers)
    pair = {
        "source": "Id",
        "destination": "_rehearsal.crmId",
        "namespace": "CRMID",
        "primary": True,
    }
    steps = await desk.steps("mapping-sets", {"schema": schema.id, "pairs": [pair]})
    assert [step.name for step in steps] == ["mapping_set"]
    second = {
        "source": "Name",
        "destination": "_rehearsal.note",
        "namespace": "Email",
        "primary": True,
    }
    assert await desk.faults("mapping-sets", {"schema": schema.id, "pairs": [pair, second]}) == {
        "pairs": "A schema has one primary identity, and _rehearsal/crmId is it"
    }
