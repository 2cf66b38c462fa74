"""A pipeline file for tests, and a sandbox to hold one against."""

from __future__ import annotations

from pathlib import Path

from aeptui.api.services import Services, ServiceView
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.apply import apply
from aeptui.pipelines.events import Event
from aeptui.pipelines.file import PipelineFile, parse
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.resolving import Resolved, resolve
from tests.pipelines import crm
from tests.pipelines.crm import all_of

ENV = {"CRM_PASSWORD": "planted-4711", "CRM_SECURITY_TOKEN": "planted-0815"}
CONTACTS = """\
version = 1

[base_connection]
name = "Salesforce prod"
connector = "salesforce"
authentication = "Basic Authentication"
[base_connection.auth]
environmentUrl = "https://example.my.salesforce.com"
username = "integration@example.com"
password = { env = "CRM_PASSWORD" }
securityToken = { env = "CRM_SECURITY_TOKEN" }

[source_connection]
name = "Salesforce contacts"
table = "Contact"
columns = ["Id", "FirstName", "LastName", "Email", "LastModifiedDate:date-time"]
filter = "Email is not null"

[schema]
name = "CRM contact"
class = "https://ns.adobe.com/xdm/context/profile"
field_groups = [
  "https://ns.adobe.com/xdm/context/profile-person-details",
  "https://ns.adobe.com/xdm/context/profile-personal-details",
  "CRM record details",
]

[dataset]
name = "CRM contacts"

[target_connection]
name = "CRM contacts"

[mapping_set]
[[mapping_set.fields]]
source = "Id"
destination = "_rehearsal.crmId"
[[mapping_set.fields]]
expression = "concat(FirstName, \\" \\", LastName)"
destination = "person.name.fullName"
[[mapping_set.fields]]
source = "Email"
destination = "personalEmail.address"
identity = { namespace = "Email", primary = true }

[flow]
name = "Salesforce contacts"
delta_column = "LastModifiedDate"
error_diagnostics = true
partial_ingestion_percent = 5
[flow.schedule]
frequency = "minute"
interval = 30
"""
HERE = Path("contacts.toml")


def changed(changes: dict[str, str], said: str = CONTACTS) -> str:
    """The text with parts of it replaced."""
    for old, new in changes.items():
        assert old in said, old
        said = said.replace(old, new)
    return said


def read(said: str) -> PipelineFile:
    return parse(HERE, said, ENV)


def lookups_on(services: Services) -> Lookups:
    async def connected() -> ServiceView:
        return services

    return Lookups(connected, services.clock.now)


async def held_against(services: Services, file: PipelineFile) -> Resolved:
    """The file against the sandbox as it is now."""
    return await resolve(file, services, lookups_on(services))


async def applied(services: Services, journal: Journal, file: PipelineFile) -> list[Event]:
    """Make what the file says; everything must be right with it."""
    resolved = await held_against(services, file)
    assert resolved.faults == (), resolved.faults
    plan = crm.plan(services, *resolved.steps, title=f"Pipeline {file.flow.name}")
    events = await all_of(apply(plan, resolved.secrets, services, journal))
    assert events[-1].what == "finished", events[-1]
    return events
