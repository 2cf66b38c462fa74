"""What the demo's world holds: connections, schemas, mappings and flows, as tables.

`seed.py` makes it. Ages are minutes before the demo opens; fates name what went wrong.
"""

from dataclasses import dataclass
from typing import Any, Literal

from aeptui.emulator.services.connectors import DYNAMICS, SALESFORCE
from aeptui.emulator.services.resources import RECORD
from aeptui.emulator.world import TENANT

XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{XDM}/context/profile"
ACCOUNT = f"{XDM}/context/account"
OPPORTUNITY = f"{XDM}/context/opportunity"
AUDIT_GROUP = f"{XDM}/common/external-source-system-audit-details"
ROOT = f"_{TENANT}"

Fate = Literal[
    "clean", "partial", "failed", "stuck", "late", "silent", "odd", "expiring", "unknown", "off",
    "draft",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BaseSeed:
    """A base connection; its secret is one that the CRM takes."""

    name: str
    spec: str
    auth: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SchemaSeed:
    """A schema with the field groups it is made of; the tenant's own are named by title."""

    title: str
    of_class: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntitySeed:
    """How a table of a CRM becomes records: (source, destination); a leading = is an expression.

    `filters` keeps rows out that no mapping can save.
    """

    schema: str
    table: str
    delta: str
    pairs: tuple[tuple[str, str], ...]
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FlowSeed:
    """A flow: what it reads and into which dataset, how often, and what became of it."""

    name: str
    base: str
    entity: str
    minutes: int
    age_min: float
    fate: Fate = "clean"
    backfill: bool = False


def _salesforce(host: str) -> dict[str, Any]:
    return {
        "specName": "Basic Authentication",
        "params": {
            "environmentUrl": f"https://{host}.my.salesforce.example",
            "username": "aep-ingest@example.com",
            "password": "rehearsal",
            "securityToken": "rehearsal-token",
        },
    }


def _dynamics(host: str) -> dict[str, Any]:
    return {
        "specName": "Service Principal Key Based Authentication",
        "params": {
            "serviceUri": f"https://{host}.crm4.dynamics.example",
            "servicePrincipalId": "6f0d2c1e-5b1a-4d0e-9a55-0c9f3d1f7a21",
            "servicePrincipalKey": "rehearsal-key",
        },
    }


BASES = (
    BaseSeed("Salesforce prod", SALESFORCE, _salesforce("acme")),
    BaseSeed("Salesforce EMEA", SALESFORCE, _salesforce("acme-emea")),
    BaseSeed("Dynamics sales", DYNAMICS, _dynamics("acme-sales")),
    BaseSeed("Dynamics service", DYNAMICS, _dynamics("acme-service")),
)

CRM_GROUP = "CRM record details"
CAMPAIGN_GROUP = "CRM campaign details"
CAMPAIGN_CLASS = "CRM campaign"
_STAGES = ("subscriber", "lead", "qualified", "opportunity", "customer", "churned")


def _text(title: str, **limits: Any) -> dict[str, Any]:
    return {"type": "string", "title": title, "meta:xdmType": "string", **limits}


def _number(title: str) -> dict[str, Any]:
    return {"type": "number", "title": title, "meta:xdmType": "number"}


def _date(title: str) -> dict[str, Any]:
    return {"type": "string", "format": "date", "title": title, "meta:xdmType": "date"}


def _group(
    title: str, meant_for: list[str], properties: dict[str, Any], required: list[str]
) -> Any:
    root = {"type": "object", "properties": properties, "meta:xdmType": "object"}
    if required:
        root["required"] = required
    return {
        "type": "object",
        "title": title,
        "description": "Fields of our own.",
        "meta:intendedToExtend": meant_for,
        "definitions": {"customFields": {"type": "object", "properties": {ROOT: root}}},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def campaign_class() -> dict[str, Any]:
    """A class of the tenant's own: no standard one is about campaigns."""
    return {
        "type": "object",
        "title": CAMPAIGN_CLASS,
        "description": "A marketing campaign as the CRM keeps it.",
        "allOf": [{"$ref": RECORD}],
    }


def crm_group(campaign_class_id: str) -> dict[str, Any]:
    """The tenant's field group that every schema has: where a record comes from, and a note."""
    properties = {
        "crmId": _text("CRM id"),
        "crmSystem": _text("CRM system"),
        "note": _text("Note", maxLength=200),
        "leadScore": {
            "type": "integer",
            "title": "Lead score",
            "minimum": 0,
            "maximum": 100,
            "meta:xdmType": "int",
        },
        "lifecycleStage": _text("Lifecycle stage", enum=list(_STAGES)),
        "newsletter": {"type": "boolean", "title": "Newsletter", "meta:xdmType": "boolean"},
    }
    meant_for = [PROFILE, ACCOUNT, OPPORTUNITY, campaign_class_id]
    return dict(_group(CRM_GROUP, meant_for, properties, ["crmId"]))


def campaign_group(campaign_class_id: str) -> dict[str, Any]:
    properties = {
        "campaign": {
            "type": "object",
            "meta:xdmType": "object",
            "properties": {
                "name": _text("Name"),
                "type": _text("Type"),
                "status": _text("Status"),
                "startDate": _date("Start"),
                "endDate": _date("End"),
                "budget": _number("Budget"),
            },
        }
    }
    return dict(_group(CAMPAIGN_GROUP, [campaign_class_id], properties, []))


SCHEMAS = (
    SchemaSeed(
        "CRM contact",
        PROFILE,
        (
            f"{XDM}/context/profile-person-details",
            f"{XDM}/context/profile-personal-details",
            AUDIT_GROUP,
            CRM_GROUP,
        ),
    ),
    SchemaSeed(
        "CRM lead",
        PROFILE,
        (
            f"{XDM}/context/profile-person-details",
            f"{XDM}/context/profile-work-details",
            f"{XDM}/mixins/b2b-person-details",
            CRM_GROUP,
        ),
    ),
    SchemaSeed("CRM account", ACCOUNT, (f"{XDM}/mixins/account-details", AUDIT_GROUP, CRM_GROUP)),
    SchemaSeed("CRM opportunity", OPPORTUNITY, (f"{XDM}/mixins/opportunity-details", CRM_GROUP)),
    SchemaSeed("CRM campaign record", CAMPAIGN_CLASS, (CAMPAIGN_GROUP, CRM_GROUP)),
)

ID, NOTE, SYSTEM = f"{ROOT}.crmId", f"{ROOT}.note", f"{ROOT}.crmSystem"
SCORE, STAGE = f"{ROOT}.leadScore", f"{ROOT}.lifecycleStage"
_REVENUE = "accountOrganization.annualRevenue.amount"
_CREATED = "extSourceSystemAudit.createdDate"
_MODIFIED = "extSourceSystemAudit.lastUpdatedDate"
_MILLIS = "\"yyyy-MM-dd'T'HH:mm:ss.SSSX\""
# What the partial flow's mapping lost, and the plain mapping that took its place.
DROPPED_EXPRESSION = (f"=date(CreatedDate, {_MILLIS})", _CREATED)
PLAIN_INSTEAD = ("CreatedDate", _CREATED)

ENTITIES = {
    "salesforce.contact": EntitySeed(
        "CRM contact",
        "Contact",
        "LastModifiedDate",
        (
            ("Id", ID),
            ('=concat("Salesforce ", substr(Id, 0, 3))', SYSTEM),
            ("FirstName", "person.name.firstName"),
            ("LastName", "person.name.lastName"),
            ('=trim(concat(FirstName, " ", LastName))', "person.name.fullName"),
            ("Email", "personalEmail.address"),
            ("Phone", "homePhone.number"),
            ("MobilePhone", "mobilePhone.number"),
            ("MailingCity", "homeAddress.city"),
            ("MailingPostalCode", "homeAddress.postalCode"),
            ("MailingCountryCode", "homeAddress.countryCode"),
            ("Lead_Score__c", SCORE),
            ("Lifecycle_Stage__c", STAGE),
            ("=substr(Description, 0, 200)", NOTE),
            DROPPED_EXPRESSION,
            ("LastModifiedDate", _MODIFIED),
        ),
        (("Id", "0%"), ("Email", "%_@%_.%_")),
    ),
    "salesforce.lead": EntitySeed(
        "CRM lead",
        "Lead",
        "LastModifiedDate",
        (
            ("Id", ID),
            ('=concat("Salesforce ", substr(Id, 0, 3))', SYSTEM),
            ("FirstName", "person.name.firstName"),
            ("LastName", "person.name.lastName"),
            ("Email", "workEmail.address"),
            ("Phone", "workPhone.number"),
            ("Company", "b2b.companyName"),
            ("=lower(Status)", "b2b.personStatus"),
            ("LeadSource", "b2b.personSource"),
            ("Lead_Score__c", SCORE),
            ("=substr(Description, 0, 200)", NOTE),
        ),
        (("Id", "0%"), ("Email", "%_@%_.%_")),
    ),
    "salesforce.account": EntitySeed(
        "CRM account",
        "Account",
        "LastModifiedDate",
        (
            ("Id", ID),
            ('=concat(Id, "@acme.Salesforce")', "accountKey.sourceKey"),
            ("Name", "accountName"),
            ("AccountNumber", "accountNumber"),
            ("Type", "accountType"),
            ("Industry", "accountOrganization.industry"),
            ("Website", "accountOrganization.website"),
            ("AnnualRevenue", _REVENUE),
            ("NumberOfEmployees", "accountOrganization.numberOfEmployees"),
            ("BillingCity", "accountBillingAddress.city"),
            ("BillingCountryCode", "accountBillingAddress.countryCode"),
            ("Phone", "accountPhone.number"),
            (f"=date(LastModifiedDate, {_MILLIS})", _MODIFIED),
        ),
    ),
    "salesforce.opportunity": EntitySeed(
        "CRM opportunity",
        "Opportunity",
        "LastModifiedDate",
        (
            ("Id", ID),
            ('=concat(Id, "@acme.Salesforce")', "opportunityKey.sourceKey"),
            ("Name", "opportunityName"),
            ("StageName", "opportunityStage"),
            ("Type", "opportunityType"),
            ("Amount", "opportunityAmount.amount"),
            ("CurrencyIsoCode", "opportunityAmount.currencyCode"),
            ("Probability", "probabilityPercentage"),
            ('=date(CloseDate, "yyyy-MM-dd")', "expectedCloseDate"),
            ("LeadSource", "leadSource"),
            ("IsWon", "isWon"),
            ("IsClosed", "isClosed"),
        ),
    ),
    "salesforce.campaign": EntitySeed(
        "CRM campaign record",
        "Campaign",
        "LastModifiedDate",
        (
            ("Id", ID),
            ("=trim(Name)", f"{ROOT}.campaign.name"),
            ("Type", f"{ROOT}.campaign.type"),
            ("Status", f"{ROOT}.campaign.status"),
            ("StartDate", f"{ROOT}.campaign.startDate"),
            ("EndDate", f"{ROOT}.campaign.endDate"),
            ("BudgetedCost", f"{ROOT}.campaign.budget"),
        ),
    ),
    "dynamics.contact": EntitySeed(
        "CRM contact",
        "contacts",
        "modifiedon",
        (
            ("contactid", ID),
            ('=concat("Dynamics ", new_lifecyclestage)', SYSTEM),
            ("firstname", "person.name.firstName"),
            ("lastname", "person.name.lastName"),
            ("fullname", "person.name.fullName"),
            ("=lower(emailaddress1)", "personalEmail.address"),
            ("telephone1", "homePhone.number"),
            ("address1_city", "homeAddress.city"),
            ("new_leadscore", SCORE),
            ("=substr(description, 0, 200)", NOTE),
        ),
        (("contactid", "%-%"), ("emailaddress1", "%_@%_.%_")),
    ),
    "dynamics.lead": EntitySeed(
        "CRM lead",
        "leads",
        "modifiedon",
        (
            ("leadid", ID),
            ("firstname", "person.name.firstName"),
            ("lastname", "person.name.lastName"),
            ("=lower(emailaddress1)", "workEmail.address"),
            ("companyname", "b2b.companyName"),
            ("status", "b2b.personStatus"),
            ("new_leadscore", SCORE),
            ("=substr(description, 0, 200)", NOTE),
        ),
        (("leadid", "%-%"), ("emailaddress1", "%_@%_.%_")),
    ),
    "dynamics.account": EntitySeed(
        "CRM account",
        "accounts",
        "modifiedon",
        (
            ("accountid", ID),
            ('=concat(accountid, "@acme.Dynamics")', "accountKey.sourceKey"),
            ("name", "accountName"),
            ("accountnumber", "accountNumber"),
            ("customertype", "accountType"),
            ("industry", "accountOrganization.industry"),
            ("revenue", _REVENUE),
            ("numberofemployees", "accountOrganization.numberOfEmployees"),
            ("address1_city", "accountBillingAddress.city"),
            ("modifiedon", _MODIFIED),
        ),
    ),
    "dynamics.opportunity": EntitySeed(
        "CRM opportunity",
        "opportunities",
        "modifiedon",
        (
            ("opportunityid", ID),
            ('=concat(opportunityid, "@acme.Dynamics")', "opportunityKey.sourceKey"),
            ("name", "opportunityName"),
            ("stepname", "opportunityStage"),
            ("estimatedvalue", "opportunityAmount.amount"),
            ("currencycode", "opportunityAmount.currencyCode"),
            ("closeprobability", "probabilityPercentage"),
            ("estimatedclosedate", "expectedCloseDate"),
        ),
    ),
}

# At speed 1 something should move every half minute: the ages spread the ticks over a quarter
# of an hour. The two smallest leave one run under way and one waiting when the demo opens;
# the others are large enough for their runs to have ended by then.
DEV = (
    FlowSeed("Salesforce contacts", "Salesforce prod", "salesforce.contact", 30, 6.7, "partial"),
    FlowSeed("Salesforce accounts", "Salesforce prod", "salesforce.account", 15, 1.3,
             backfill=True),
    FlowSeed("Salesforce opportunities", "Salesforce prod", "salesforce.opportunity", 15, 5,
             "expiring"),
    FlowSeed("Salesforce leads", "Salesforce prod", "salesforce.lead", 15, 9, "odd"),
    FlowSeed("Salesforce campaigns", "Salesforce prod", "salesforce.campaign", 60, 0, "draft"),
    FlowSeed("Salesforce EMEA accounts", "Salesforce EMEA", "salesforce.account", 15, 11,
             "failed"),
    FlowSeed("Dynamics accounts", "Dynamics sales", "dynamics.account", 15, 0.1, backfill=True),
    FlowSeed("Dynamics opportunities", "Dynamics sales", "dynamics.opportunity", 15, 12.5,
             "unknown"),
    FlowSeed("Dynamics leads", "Dynamics sales", "dynamics.lead", 30, 100, "late"),
    FlowSeed("Dynamics contacts", "Dynamics sales", "dynamics.contact", 60, 18, "silent"),
    FlowSeed("Dynamics service accounts", "Dynamics service", "dynamics.account", 30, 52, "stuck"),
    FlowSeed("Dynamics service contacts", "Dynamics service", "dynamics.contact", 30, 50, "off"),
)  # fmt: skip
PROD = (
    FlowSeed("Salesforce accounts", "Salesforce prod", "salesforce.account", 15, 6),
    FlowSeed("Salesforce opportunities", "Salesforce prod", "salesforce.opportunity", 30, 8),
    FlowSeed("Dynamics accounts", "Dynamics sales", "dynamics.account", 60, 12),
)
