"""Suggested pairs: the likely one first, each with its reason, and no target twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.exploring import SourceColumn, column
from aeptui.emulator import seedplan, xdm
from aeptui.emulator.crm_vendors import Flavour, views
from aeptui.forms import suggest
from aeptui.forms.choices import Suggestion
from aeptui.forms.suggest import CONFIDENT, at_home, looks_of, suggestions
from aeptui.forms.xdm_fields import XdmField, leaves, together

XDM = "https://ns.adobe.com/xdm"
PERSON = (
    f"{XDM}/context/profile",
    f"{XDM}/context/profile-person-details",
    f"{XDM}/context/profile-personal-details",
    f"{XDM}/common/external-source-system-audit-details",
)
ACCOUNT = (f"{XDM}/context/account", f"{XDM}/mixins/account-details")


class Nothing:
    """A library in which the tenant has nothing of its own."""

    def scan(self, sandbox: str, kind: str) -> list[Any]:
        return []


def fields_of(blocks: tuple[str, ...]) -> tuple[XdmField, ...]:
    found = []
    for kind in ("classes", "fieldgroups"):
        for body in xdm.global_resources(kind):
            if body["$id"] in blocks:
                found.append(leaves(xdm.resolve(Nothing(), "dev", body)))
    assert len(found) == len(blocks)
    tenant = seedplan.crm_group("of-no-class")["definitions"]["customFields"]
    return together([*found, leaves(tenant)])


def columns_of(flavour: Flavour, table: str) -> tuple[SourceColumn, ...]:
    return tuple(column(each.wire()) for each in views(flavour)[table].columns)


def likely(found: tuple[Suggestion, ...]) -> dict[str, str]:
    return {each.source: each.destination for each in found if each.score >= CONFIDENT}


def test_a_salesforce_contact_finds_its_place() -> None:
    pairs = likely(suggestions(columns_of("salesforce", "Contact"), fields_of(PERSON)))
    wanted = {
        "Id": "_rehearsal.crmId",
        "FirstName": "person.name.firstName",
        "LastName": "person.name.lastName",
        "Name": "person.name.fullName",
        "Email": "personalEmail.address",
        "MobilePhone": "mobilePhone.number",
        "Phone": "homePhone.number",
        "Birthdate": "person.birthDate",
        "MailingCity": "mailingAddress.city",
        "Lead_Score__c": "_rehearsal.leadScore",
        "Description": "_rehearsal.note",
        "LastModifiedDate": "extSourceSystemAudit.lastUpdatedDate",
    }
    assert wanted.items() <= pairs.items()
    assert "AccountId" not in pairs


@pytest.mark.parametrize(
    ("flavour", "table", "blocks", "some"),
    [
        (
            "dynamics",
            "contacts",
            PERSON,
            {
                "contactid": "_rehearsal.crmId",
                "lastname": "person.name.lastName",
                "emailaddress1": "personalEmail.address",
                "new_leadscore": "_rehearsal.leadScore",
                "modifiedon": "extSourceSystemAudit.lastUpdatedDate",
            },
        ),
        (
            "generic",
            "leads",
            PERSON,
            {"first_name": "person.name.firstName", "phone": "mobilePhone.number"},
        ),
        (
            "salesforce",
            "Account",
            ACCOUNT,
            {
                "Name": "accountName",
                "BillingState": "accountBillingAddress.state",
                "NumberOfEmployees": "accountOrganization.numberOfEmployees",
            },
        ),
        ("dynamics", "accounts", ACCOUNT, {"accountid": "_rehearsal.crmId"}),
    ],
)
def test_other_crms_say_it_in_other_words(
    flavour: Flavour, table: str, blocks: tuple[str, ...], some: dict[str, str]
) -> None:
    pairs = likely(suggestions(columns_of(flavour, table), fields_of(blocks)))
    assert some.items() <= pairs.items()


def test_a_name_that_says_little_is_no_confident_suggestion() -> None:
    found = suggestions((SourceColumn("status"),), fields_of(PERSON))
    assert all(each.score < CONFIDENT for each in found)


def test_what_the_values_look_like_counts() -> None:
    rows = [{"reach": f"p{n}@example.com", "ring": f"+41 61 555 01 {n:02}"} for n in range(10)]
    found = suggestions((SourceColumn("reach"), SourceColumn("ring")), fields_of(PERSON), rows)
    assert [(each.destination, each.reason) for each in found] == [
        ("personalEmail.address", "the values look like e-mail addresses, type fits"),
        ("mobilePhone.number", "the values look like phone numbers, type fits"),
    ]
    assert suggestions((SourceColumn("reach"), SourceColumn("ring")), fields_of(PERSON)) == ()


@pytest.mark.parametrize(
    ("values", "look"),
    [
        (["a@b.ch", "c@d.org", "not one"], "e-mail addresses"),
        (["2026-01-31", "2026-02-01T10:00:00Z"], "dates"),
        (["31.1.2026", "1/2/2026"], "dates"),
        (["+41 61 555 01 02", "061 555-0103"], "phone numbers"),
        (["12", "400"], ""),
        (["red", "green"], ""),
        ([None, 3, True], ""),
        (["a@b.ch", "x", "y"], ""),
    ],
)
def test_the_looks_of_values(values: list[Any], look: str) -> None:
    assert looks_of([{"c": value} for value in values]).get("c", "") == look


@pytest.mark.parametrize(
    ("source", "target", "is_suggested"),
    [
        (SourceColumn("amount", "double", "number"), XdmField("amount", "int"), True),
        (SourceColumn("amount", "boolean", "boolean"), XdmField("amount", "int"), False),
        (SourceColumn("birthDate", "string", "string"), XdmField("birthDate", "date"), False),
        (SourceColumn("birthDate", "string", "date"), XdmField("birthDate", "date-time"), True),
        (SourceColumn("tags", "string", "string"), XdmField("tags", "map"), False),
        (SourceColumn("opted", "integer", "integer"), XdmField("opted", "string"), True),
    ],
)
def test_only_types_that_fit_are_suggested(
    source: SourceColumn, target: XdmField, is_suggested: bool
) -> None:
    assert bool(suggestions((source,), (target,))) is is_suggested


NAMES = st.sampled_from(
    [
        "Id",
        "id",
        "Email",
        "email",
        "EmailAddress",
        "WorkEmail",
        "Phone",
        "phone",
        "MobilePhone",
        "mobile",
        "Name",
        "FullName",
        "FirstName",
        "first_name",
        "LastName",
        "Street",
        "MailingStreet",
        "City",
        "Note",
        "Description",
        "Status",
    ]
)


@given(st.lists(NAMES, unique=True), st.sampled_from([PERSON, ACCOUNT]), st.booleans())
def test_no_target_and_no_column_is_suggested_twice(
    names: list[str], blocks: tuple[str, ...], with_sample: bool
) -> None:
    sample = [dict.fromkeys(names, "someone@example.com")] if with_sample else []
    fields = fields_of(blocks)
    found = suggestions([SourceColumn(name) for name in names], fields, sample)
    targets = [each.destination for each in found]
    sources = [each.source for each in found]
    assert len(set(targets)) == len(targets)
    assert sources == [name for name in names if name in sources]
    assert set(targets) <= {field.path for field in fields}
    assert all(0 < each.score <= 100 and each.reason for each in found)


def test_every_synonym_names_a_field_that_some_standard_block_has() -> None:
    known = {"crmId", "note", "jobTitle", "campaign.name"}
    for kind in ("classes", "fieldgroups"):
        for body in xdm.global_resources(kind):
            for leaf in leaves(xdm.resolve(Nothing(), "dev", body)):
                steps = leaf.path.replace("[*]", "").split(".")
                known |= {".".join(steps[start:]) for start in range(len(steps))}
    ends = {end for ends in suggest._SYNONYMS.values() for end in ends if end}
    assert ends <= known


@given(
    names=st.lists(st.sampled_from([*"abc", "Email", "MobilePhone", "Birthdate", "Id", "Name"]), unique=True),
    sample=st.lists(
        st.dictionaries(
            st.sampled_from(["Email", "MobilePhone", "Birthdate", "a"]),
            st.one_of(st.none(), st.integers(), st.text(max_size=20), st.emails(), st.just("2026-03-02")),
        ),
        max_size=6,
    ),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_whatever_the_rows_hold_the_best_candidate_of_a_column_is_never_beaten_by_its_suggestion(
    names: list[str], sample: list[dict[str, Any]]
) -> None:
    columns, fields = [SourceColumn(name) for name in names], fields_of(PERSON)
    all_of = suggest.candidates(columns, fields, sample)
    assert len(all_of) == len(columns)
    for name, those in zip(names, all_of, strict=True):
        scores = [each.score for each in those]
        assert scores == sorted(scores, reverse=True)
        assert len({each.destination for each in those}) == len(those)
        assert {each.source for each in those} <= {name}
    best = {those[0].source: those[0].score for those in all_of if those}
    chosen = suggestions(columns, fields, sample)
    assert all(each.score <= best[each.source] for each in chosen)
    assert suggestions(columns, fields, sample) == chosen


def test_a_column_called_as_its_field_wins_over_one_of_nearly_that_name() -> None:
    columns = [SourceColumn("telephone1"), SourceColumn("mobilephone")]
    assert likely(suggestions(columns, fields_of(PERSON)))["mobilephone"] == "mobilePhone.number"


def test_columns_find_a_home_among_the_outermost_fields_by_what_crms_call_things() -> None:
    names = ("FirstName", "Email", "Lead_Score__c", "Status", "Sandwich")
    columns = [SourceColumn(name, "string") for name in names]
    assert at_home(columns, ["person", "_acme.leadScore", "status"]) == {
        "FirstName",
        "Lead_Score__c",
    }
    assert at_home(columns, ["personalEmail"]) == {"Email"}
    assert at_home(columns, []) == frozenset()
