"""What forms ask of the platform, met over real HTTP."""

from __future__ import annotations

import httpx
import pytest

from aeptui.api.errors import ApiError
from aeptui.api.services import Services
from aeptui.forms import row_filter
from aeptui.forms.questions import (
    BlockFields,
    Blocks,
    Columns,
    FlowKinds,
    Functions,
    Namespaces,
    Rows,
    Tables,
    as_json,
)
from tests.emulated import Rehearsal
from tests.forms.conftest import make_base, tenant_group

PROFILE = "https://ns.adobe.com/xdm/context/profile"


async def test_tables_columns_and_rows_come_from_the_source(
    fresh: Rehearsal, api: httpx.Client, services: Services
) -> None:
    base_id = make_base(api)
    tables = await Tables(base_id).ask(services)
    assert {"Contact", "Account", "Lead"} <= {table.path for table in tables}
    columns = await Columns(base_id, "Contact").ask(services)
    by_name = {column.name: column for column in columns}
    assert by_name["LastModifiedDate"].wire() == {
        "name": "LastModifiedDate",
        "type": "string",
        "meta:xdmType": "date-time",
        "xdm": {"type": "string", "format": "date-time"},
    }
    city = row_filter.parse("MailingCity = 'Basel'")
    seen = await Rows(base_id, "Contact", as_json(city)).ask(services)
    assert seen.columns == columns
    assert {row["MailingCity"] for row in seen.rows} <= {"Basel"}


async def test_a_table_that_is_not_there_is_the_sources_own_sentence(
    fresh: Rehearsal, api: httpx.Client, services: Services
) -> None:
    base_id = make_base(api)
    with pytest.raises(ApiError, match="sObject type 'Nope' is not supported"):
        await Columns(base_id, "Nope").ask(services)


async def test_the_building_blocks_of_both_containers(
    fresh: Rehearsal, api: httpx.Client, services: Services
) -> None:
    classes = {block.id: block for block in await Blocks("classes").ask(services)}
    assert classes[PROFILE].container == "global"
    group = tenant_group(api)
    blocks = await Blocks("fieldgroups").ask(services)
    assert next(each for each in blocks if each.id == group).container == "tenant"
    assert blocks[0].container == "tenant"
    fields = {
        each.path: each for each in await BlockFields("fieldgroups", "tenant", group).ask(services)
    }
    assert fields["_rehearsal.crmId"].always_required
    assert fields["_rehearsal.note"].longest == 200
    assert fields["_rehearsal.lifecycleStage"].choices[0] == "subscriber"


async def test_namespaces_functions_and_flow_specs(services: Services) -> None:
    assert "Email" in {each.code for each in await Namespaces().ask(services)}
    functions = {each.name: each for each in await Functions().ask(services)}
    assert functions["concat"].category
    assert await services.trials.accepts("concat(a, b)")
    assert not await services.trials.accepts("concat(")
    assert {each.name for each in await FlowKinds().ask(services)} >= {"CRMToAEP"}
