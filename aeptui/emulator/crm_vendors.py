"""Vendors' words: the tables and columns that each flavour of the CRM shows, and how it refuses.

A flavour is a set of SQL views on the tables of `crm_rows`: one `View` each, its columns an
expression over the table beneath.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Flavour = Literal["salesforce", "dynamics", "generic"]
FLAVOURS: tuple[Flavour, ...] = ("salesforce", "dynamics", "generic")

_FLAVOUR_BY_SPEC: dict[str, Flavour] = {
    "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5": "salesforce",
    "38ad80fe-8b06-4938-94f4-d4ee80266b07": "dynamics",
}


def flavour_of(spec_id: str) -> Flavour:
    """Which vendor's words a connection spec id stands for."""
    return _FLAVOUR_BY_SPEC.get(spec_id, "generic")


class CrmRefused(Exception):
    """The CRM says no: `reason` is down, auth, expired, table or column, `sentence` its wording."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


_SENTENCES: dict[Flavour, dict[str, str]] = {
    "salesforce": {
        "down": "SERVER_UNAVAILABLE: the Salesforce instance did not answer in time",
        "auth": "invalid_client: client identifier or secret was refused",
        "expired": "invalid_grant: expired access/refresh token",
        "table": "INVALID_TYPE: sObject type '{name}' is not supported",
        "column": "INVALID_FIELD: no such column '{name}' on the entity",
    },
    "dynamics": {
        "down": "503 Service Unavailable: the Dynamics organisation could not be reached",
        "auth": "AADSTS7000215: the client secret that was provided is not valid",
        "expired": "AADSTS7000222: the client secret that was provided has expired",
        "table": "0x80060888: resource not found for the segment '{name}'",
        "column": "0x80060888: could not find a property named '{name}' on the entity",
    },
    "generic": {
        "down": "the server at the other end refused the connection",
        "auth": "login failed: user name or password was refused",
        "expired": "login failed: the password has expired",
        "table": "table or view '{name}' does not exist",
        "column": "column '{name}' does not exist",
    },
}


def refusal(flavour: Flavour, reason: str, name: str = "") -> CrmRefused:
    """What that vendor says when it is `down`, on `auth`, or when a `table` or `column` is gone."""
    return CrmRefused(reason, _SENTENCES[flavour][reason].format(name=name))


@dataclass(frozen=True, slots=True)
class Column:
    """A column as explore shows it: the CRM's type word, and what XDM makes of it."""

    name: str
    type: str  # string, boolean, double, integer
    xdm_type: str  # meta:xdmType: string, boolean, number, integer, date, date-time
    format: str | None = None

    def wire(self) -> dict[str, Any]:
        """`{name, type, "meta:xdmType", xdm: {type, format?}}`."""
        kind = "string" if self.format else self.xdm_type
        xdm = {"type": kind, "format": self.format} if self.format else {"type": kind}
        return {"name": self.name, "type": self.type, "meta:xdmType": self.xdm_type, "xdm": xdm}


_TYPES: dict[str, tuple[str, str, str | None]] = {
    "string": ("string", "string", None),
    "boolean": ("boolean", "boolean", None),
    "double": ("double", "number", None),
    "integer": ("integer", "integer", None),
    "date": ("string", "date", "date"),
    "date-time": ("string", "date-time", "date-time"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a flavour; `delta_column` is the usual one, `key` the id column."""

    name: str
    label: str
    key: str
    delta_column: str

    def wire(self) -> dict[str, Any]:
        """`{type, name, path, canPreview, canFetchSchema}`."""
        return {
            "type": "table",
            "name": self.name,
            "path": self.name,
            "canPreview": True,
            "canFetchSchema": True,
        }


@dataclass(frozen=True, slots=True)
class View:
    """A table of a flavour and where its columns come from.

    `moments` are the columns that show one of the indexed moments of the table beneath.
    """

    table: Table
    sql_name: str
    base: str
    columns: tuple[Column, ...]
    expressions: tuple[str, ...]
    moments: dict[str, str]

    def sql(self) -> str:
        shown = "".join(
            f', {expression} AS "{column.name}"'
            for column, expression in zip(self.columns, self.expressions, strict=True)
        )
        hidden = "pk AS _pk, created AS _created, modified AS _modified, deleted AS _deleted"
        return f'CREATE VIEW "{self.sql_name}" AS SELECT {hidden}{shown} FROM {self.base}'  # noqa: S608


# One line a column: vendor's name, kind, expression over the base table (the name when it is
# the same). `@created` and `@modified` are the moments, written the vendor's way.
_ADDRESS_SALESFORCE = """
{0}Street string street | {0}City string city | {0}State string state
{0}PostalCode string zip | {0}Country string country | {0}CountryCode string country_code
"""
_TAIL_SALESFORCE = """
OwnerId string owner_id | CreatedDate date-time @created | LastModifiedDate date-time @modified
SystemModstamp date-time @modified | IsDeleted boolean deleted
"""
_SALESFORCE = {
    "Contact contact Contacts": """
        Id string sf_id | AccountId string account_sf | Salutation string salutation
        FirstName string first | LastName string last | Name string trim(first||' '||last)
        Email string email | Phone string phone | MobilePhone string mobile | Title string title
        Department string department | Birthdate date birthdate | LeadSource string source
        HasOptedOutOfEmail boolean opt_out | Lead_Score__c integer score
        Lifecycle_Stage__c string stage | Description string note
        """
    + _ADDRESS_SALESFORCE.format("Mailing")
    + _TAIL_SALESFORCE,
    "Account account Accounts": """
        Id string sf_id | Name string name | AccountNumber string number | Type string kind
        Industry string industry | Phone string phone | Website string website
        AnnualRevenue double revenue | NumberOfEmployees integer employees | Rating string rating
        Description string note
        """
    + _ADDRESS_SALESFORCE.format("Billing")
    + _TAIL_SALESFORCE,
    "Lead lead Leads": """
        Id string sf_id | FirstName string first | LastName string last
        Name string trim(first||' '||last) | Company string company | Email string email
        Phone string phone | Title string title | Industry string industry
        LeadSource string source | Status string status | Rating string rating
        Lead_Score__c integer score | IsConverted boolean converted | Description string note
        """
    + _ADDRESS_SALESFORCE.format("")
    + _TAIL_SALESFORCE,
    "Opportunity opportunity Opportunities": """
        Id string sf_id | AccountId string account_sf | Name string name | StageName string stage
        Amount double amount | CurrencyIsoCode string currency | Probability double probability
        CloseDate date close_date | Type string kind | LeadSource string source
        IsWon boolean won | IsClosed boolean closed | Description string note
        """
    + _TAIL_SALESFORCE,
    "Campaign campaign Campaigns": """
        Id string sf_id | Name string name | Type string kind | Status string status
        StartDate date start_date | EndDate date end_date | BudgetedCost double budget
        ActualCost double cost | NumberSent integer sent | NumberOfResponses integer responses
        IsActive boolean active | Description string note
        """
    + _TAIL_SALESFORCE,
}
_ADDRESS_DYNAMICS = """
address1_line1 string street | address1_city string city | address1_stateorprovince string state
address1_postalcode string zip | address1_country string country
"""
_TAIL_DYNAMICS = """
_ownerid_value string owner_guid | createdon date-time @created | modifiedon date-time @modified
statecode integer deleted
"""
_DYNAMICS = {
    "contacts contact Contacts contactid": """
        contactid string guid | _parentcustomerid_value string account_guid
        salutation string salutation | firstname string first | lastname string last
        fullname string trim(first||' '||last) | emailaddress1 string email
        telephone1 string phone | mobilephone string mobile | jobtitle string title
        department string department | birthdate date birthdate | donotemail boolean opt_out
        new_leadscore integer score | new_lifecyclestage string stage | description string note
        """
    + _ADDRESS_DYNAMICS
    + _TAIL_DYNAMICS,
    "accounts account Accounts accountid": """
        accountid string guid | name string name | accountnumber string number
        customertype string kind | industry string industry | telephone1 string phone
        websiteurl string website | revenue double revenue | numberofemployees integer employees
        description string note
        """
    + _ADDRESS_DYNAMICS
    + _TAIL_DYNAMICS,
    "leads lead Leads leadid": """
        leadid string guid | firstname string first | lastname string last
        fullname string trim(first||' '||last) | companyname string company
        emailaddress1 string email | telephone1 string phone | jobtitle string title
        industry string industry | leadsource string source | status string status
        new_leadscore integer score | description string note
        """
    + _ADDRESS_DYNAMICS
    + _TAIL_DYNAMICS,
    "opportunities opportunity Opportunities opportunityid": """
        opportunityid string guid | _customerid_value string account_guid | name string name
        stepname string stage | estimatedvalue double amount | currencycode string currency
        closeprobability integer probability | estimatedclosedate date close_date
        description string note
        """
    + _TAIL_DYNAMICS,
    "campaigns campaign Campaigns campaignid": """
        campaignid string guid | name string name | typename string kind | status string status
        proposedstart date start_date | proposedend date end_date | budgetedcost double budget
        totalactualcost double cost | description string note
        """
    + _TAIL_DYNAMICS,
}
_ADDRESS_GENERIC = """
street string | city string | state string | postal_code string zip | country string
country_code string
"""
_TAIL_GENERIC = """
owner_id string owner_guid | created_at date-time @created | updated_at date-time @modified
is_deleted boolean deleted
"""
_GENERIC = {
    "contacts contact Contacts": """
        id string guid | account_id string account_guid | salutation string
        first_name string first | last_name string last | email string | phone string
        mobile string | job_title string title | department string | birth_date date birthdate
        lead_source string source | opted_out boolean opt_out | lead_score integer score
        lifecycle_stage string stage | note string
        """
    + _ADDRESS_GENERIC
    + _TAIL_GENERIC,
    "accounts account Accounts": """
        id string guid | name string | account_number string number | type string kind
        industry string | phone string | website string | annual_revenue double revenue
        employees integer | rating string | note string
        """
    + _ADDRESS_GENERIC
    + _TAIL_GENERIC,
    "leads lead Leads": """
        id string guid | first_name string first | last_name string last | company string
        email string | phone string | job_title string title | industry string
        lead_source string source | status string | rating string | lead_score integer score
        converted boolean | note string
        """
    + _ADDRESS_GENERIC
    + _TAIL_GENERIC,
    "opportunities opportunity Opportunities": """
        id string guid | account_id string account_guid | name string | stage string
        amount double | currency string | probability double | close_date date
        type string kind | lead_source string source | won boolean | closed boolean | note string
        """
    + _TAIL_GENERIC,
    "campaigns campaign Campaigns": """
        id string guid | name string | type string kind | status string | start_date date
        end_date date | budget double | cost double | sent integer | responses integer
        active boolean | note string
        """
    + _TAIL_GENERIC,
}
_DECLARED = {"salesforce": _SALESFORCE, "dynamics": _DYNAMICS, "generic": _GENERIC}
_DELTA = {"salesforce": "LastModifiedDate", "dynamics": "modifiedon", "generic": "updated_at"}
# Dynamics writes whole seconds, the others milliseconds.
_SECONDS = "%Y-%m-%dT%H:%M:%SZ"
_MILLISECONDS = "%Y-%m-%dT%H:%M:%fZ"


@cache
def views(flavour: Flavour) -> dict[str, View]:
    """The tables of a flavour by the vendor's name for them."""
    found = {}
    for head, text in _DECLARED[flavour].items():
        name, base, label, *key = head.split()
        default_key = "Id" if flavour == "salesforce" else "id"
        table = Table(name, label, key[0] if key else default_key, _DELTA[flavour])
        found[name] = _view(flavour, table, base, text)
    return found


def _view(flavour: Flavour, table: Table, base: str, text: str) -> View:
    columns, expressions, moments = [], [], {}
    for entry in re.split(r"\n| \| ", text):
        words = entry.split(None, 2)
        if not words:
            continue
        name, kind = words[:2]
        expression = words[2].strip() if len(words) > 2 else name
        if expression.startswith("@"):
            moments[name] = f"_{expression[1:]}"
            form = _SECONDS if flavour == "dynamics" else _MILLISECONDS
            expression = f"strftime('{form}', {expression[1:]} / 1000.0, 'unixepoch')"
        columns.append(Column(name, *_TYPES[kind]))
        expressions.append(expression)
    sql_name = f"{flavour}_{table.name}"
    return View(table, sql_name, base, tuple(columns), tuple(expressions), moments)
