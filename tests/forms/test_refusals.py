"""What the platform refuses is said at the field that it is about, and can be sent again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from aeptui.api.errors import ApiError
from aeptui.api.services import Services
from aeptui.forms import crm_flow
from aeptui.forms.catalogue import FORMS
from aeptui.forms.fields import Field
from aeptui.forms.form import NOTHING, settled
from aeptui.forms.lookups import Lookups
from aeptui.forms.refusals import place, place_login
from aeptui.forms.words import label
from aeptui.pipelines.apply import apply
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Secrets
from tests.emulated import Rehearsal
from tests.forms.conftest import make_base, tenant_group
from tests.forms.test_crm_flow import answers_for, plan_of


def refused(code: str, sentence: str = "No.") -> ApiError:
    return ApiError(sentence, service="Flow Service", status=400, code=code, request_id="r")


@pytest.mark.parametrize(
    ("step", "code", "sentence", "field"),
    [
        ("flow", "CONNECTORS-1360-400", "No.", "start"),
        ("flow", "CONNECTORS-1362-400", "No.", "interval"),
        ("flow", "CONNECTORS-1364-400", "No.", "backfill"),
        ("flow", "CONNECTORS-1367-400", "No.", "delta_column"),
        ("flow", "FLOW-1425-400", "No.", "mapping_set"),
        ("source_connection", "CONNECTORS-1353-400", "No.", "filter"),
        ("base_connection", "FLOW-1415-400", "No.", "variant"),
        ("base_connection", "X-1304-400", "The parameter username is mandatory.", "auth.username"),
        ("schema", "XDM-3005-400", "No.", "name"),
        ("mapping_set", "", "The mapping is not valid", "pairs"),
        ("identity_1", "XDM-1521-400", "The schema has a primary identity.", "identities"),
        ("flow", "FLOW-9999-400", "Something else.", ""),
    ],
)
def test_a_refusal_finds_its_field(step: str, code: str, sentence: str, field: str) -> None:
    own = [
        *("start", "interval", "backfill", "delta_column", "mapping_set", "filter", "variant"),
        *("auth.username", "name", "pairs", "identities"),
    ]
    trouble = refused(code, sentence)
    assert place(step, trouble, [Field(name, name) for name in own]) == field
    part = {"identity_1": "schema"}.get(step, step)
    in_wizard = [Field(f"{part}.{name}", name) for name in own]
    assert place(step, trouble, in_wizard) == (f"{part}.{field}" if field else "")


async def test_a_start_that_passed_while_the_plan_was_read_speaks_at_its_field_and_goes_again(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    answers: dict[str, Any] = answers_for(make_base(api), tenant_group(api))
    await crm_flow.settled(answers, lookups)
    plan = plan_of(crm_flow.steps(answers, lookups), services, fresh)
    fresh.advance(minutes=30)
    secrets = crm_flow.secrets(answers, lookups)
    events = [event async for event in apply(plan, secrets, services, journal)]
    failed = events[-1]
    assert failed.what == "failed"
    assert failed.step is not None
    assert failed.error is not None
    page = crm_flow.PAGES[5]
    shown = crm_flow.fields(page, answers, lookups)
    assert place(failed.step.name, failed.error, shown) == "flow.start"
    # What stands is used again; only the flow is sent once more.
    made = {step.name: known.id for step, known in failed.stands}
    again = dict(answers)
    for part in ("source_connection", "schema", "dataset", "target_connection", "mapping_set"):
        again |= {f"{part}.make": "existing", f"{part}.existing": made[part]}
    await crm_flow.settled(again, lookups)
    assert crm_flow.check_all(again, lookups) == {}
    plan = plan_of(crm_flow.steps(again, lookups), services, fresh)
    events = [event async for event in apply(plan, secrets, services, journal)]
    assert events[-1].what == "finished"


async def test_a_title_that_a_schema_has_already_speaks_at_the_name(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    form = FORMS["schemas"]
    answers = {"name": "CRM contact", "field_groups": [tenant_group(api)]}
    await settled(form, answers, lookups)
    steps = tuple(form.steps(answers, lookups, NOTHING))
    first = plan_of(steps, services, fresh)
    events = [event async for event in apply(first, Secrets(), services, journal)]
    assert events[-1].what == "finished"
    second = plan_of(steps, services, fresh)
    events = [event async for event in apply(second, Secrets(), services, journal)]
    failed = events[-1]
    assert failed.what == "failed"
    assert failed.error is not None
    shown = form.fields(answers, lookups, NOTHING)
    assert place("schema", failed.error, shown) == "name", str(failed.error)


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        ("AADSTS7000222: the client secret that was provided has expired", "auth.clientSecret"),
        ("login failed: the password has expired", "auth.password"),
        ("login failed: user name or password was refused", ""),
        ("the platform does not say why", ""),
    ],
)
def test_a_crm_that_refuses_the_login_is_placed_only_where_it_names_one_parameter(
    sentence: str, field: str
) -> None:
    names = ("auth.clientId", "auth.clientSecret", "auth.username", "auth.password")
    fields = [Field(name, label(name.removeprefix("auth."))) for name in names]
    assert place_login(sentence, fields) == field
