"""The CRM: its rows, its changes, its refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aeptui.emulator.crm import Crm, CrmRefused, DeletedRow, Flavour, flavour_of, seal
from aeptui.emulator.row_filters import FilterRefused
from tests.emulator.stage import filled_crm

START_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
DYNAMICS = "38ad80fe-8b06-4938-94f4-d4ee80266b07"
FLAVOURS: tuple[Flavour, ...] = ("salesforce", "dynamics", "generic")


def begun(folder: Path) -> Crm:
    """A CRM at its start, in an empty folder."""
    return Crm(filled_crm(folder / "crm.sqlite", 7, START_MS), 7, START_MS)


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A CRM six hours after its start; tests only read it."""
    made = begun(tmp_path_factory.mktemp("crm"))
    made.advance(START_MS + 6 * HOUR_MS)
    yield made
    made.close()


def contacts(crm: Crm, after_h: float | None, until_h: float | None, **more: Any) -> list[Any]:
    bounds = [
        None if hours is None else START_MS + int(hours * HOUR_MS) for hours in (after_h, until_h)
    ]
    return list(
        crm.extract("salesforce", "Contact", None, "LastModifiedDate", bounds[0], bounds[1], **more)
    )


def test_it_is_as_large_as_promised(crm: Crm) -> None:
    for table, least in (("Contact", 20_000), ("Account", 5_000), ("Lead", 6_000)):
        assert crm.count("salesforce", table) >= least
    assert crm.count("salesforce", "Opportunity") >= 8_000
    assert crm.count("salesforce", "Campaign") > 0


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_flavour_shows_its_tables_under_its_own_names(crm: Crm, flavour: Flavour) -> None:
    for table in crm.tables(flavour):
        columns = crm.columns(flavour, table.name)
        names = [column.name for column in columns]
        assert table.key in names
        assert table.delta_column in names
        (row,) = crm.preview(flavour, table.name, limit=1)
        assert list(row) == names
        assert table.wire()["path"] == table.name
        for column in columns:
            if column.type == "boolean":
                assert isinstance(row[column.name], bool)


def test_flavours_see_the_same_rows(crm: Crm) -> None:
    (salesforce,) = crm.preview("salesforce", "Contact", 1)
    (dynamics,) = crm.preview("dynamics", "contacts", 1)
    (generic,) = crm.preview("generic", "contacts", 1)
    assert salesforce["Email"] == dynamics["emailaddress1"] == generic["email"]
    assert dynamics["modifiedon"].endswith("Z")
    assert "." not in dynamics["modifiedon"]
    assert dynamics["contactid"] == generic["id"] != salesforce["Id"]


def test_columns_say_their_type_the_way_explore_does(crm: Crm) -> None:
    wires = {column.name: column.wire() for column in crm.columns("salesforce", "Contact")}
    assert wires["LastModifiedDate"] == {
        "name": "LastModifiedDate",
        "type": "string",
        "meta:xdmType": "date-time",
        "xdm": {"type": "string", "format": "date-time"},
    }
    assert wires["IsDeleted"]["xdm"] == {"type": "boolean"}


def test_windows_part_the_changes_without_loss_or_repetition(crm: Crm) -> None:
    whole = contacts(crm, 0, 6)
    parts = [row for hour in range(6) for row in contacts(crm, hour, hour + 1)]
    assert parts == whole
    assert len(whole) > 500
    moments = [row["LastModifiedDate"] for row in whole]
    assert moments == sorted(moments)


def test_before_the_start_nothing_had_changed_since(tmp_path: Path) -> None:
    fresh = begun(tmp_path)
    assert contacts(fresh, 0, None) == []
    assert len(contacts(fresh, None, None)) == fresh.count("salesforce", "Contact")
    fresh.close()


def test_about_twenty_rows_change_a_minute(crm: Crm) -> None:
    changed = sum(
        len(list(crm.extract("generic", table.name, ["id"], "updated_at", START_MS, None)))
        for table in crm.tables("generic")
    )
    assert 10 * 360 < changed < 26 * 360  # some rows change twice


def test_the_same_seed_gives_the_same_rows_whatever_the_steps(crm: Crm) -> None:
    other = Crm(None, 7, START_MS)
    for step in range(1, 6 * 60 * 2 + 1):
        other.advance(START_MS + step * 30_000)
    assert contacts(other, None, None) == contacts(crm, None, None)
    other.advance(START_MS)
    assert contacts(other, None, None) == contacts(crm, None, None)
    other.close()


def test_rows_that_are_asked_for_late_are_the_same_rows(crm: Crm, tmp_path: Path) -> None:
    """They are made when they are first asked for, though the clock went on before."""
    path = tmp_path / "crm.sqlite"
    Crm(path, 7, START_MS).close()
    late = Crm(path, 7, START_MS + HOUR_MS)
    late.advance(START_MS + 2 * HOUR_MS)
    late.advance(START_MS + 6 * HOUR_MS)
    assert contacts(late, None, None) == contacts(crm, None, None)
    late.close()


def test_another_seed_gives_other_rows(crm: Crm) -> None:
    other = Crm(None, 8, START_MS)
    assert other.preview("salesforce", "Contact", 5) != crm.preview("salesforce", "Contact", 5)
    other.close()


def test_it_goes_on_where_its_file_stopped(tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite"
    first = begun(tmp_path)
    first.advance(START_MS + HOUR_MS)
    before = contacts(first, None, None)
    first.close()
    again = Crm(path, 7, START_MS + 9 * HOUR_MS)
    assert contacts(again, None, None) == before
    again.begin(8, START_MS)
    assert contacts(again, None, None) != before
    again.close()


def test_deleted_rows_are_marked_whatever_columns_are_read(crm: Crm) -> None:
    rows = crm.extract("dynamics", "contacts", ["fullname"], "modifiedon", START_MS, None)
    deleted = [row for row in rows if isinstance(row, DeletedRow)]
    assert deleted
    marked = [row["IsDeleted"] for row in contacts(crm, 0, None) if isinstance(row, DeletedRow)]
    assert len(marked) == len(deleted)
    assert all(marked)
    assert not any(row["IsDeleted"] for row in crm.preview("salesforce", "Contact", 30_000))


def test_dirt_is_rare_and_only_in_people(crm: Crm) -> None:
    rows = contacts(crm, None, None)
    dirty = [row for row in rows if row["Id"] is None or len(row["Description"] or "") > 200]
    assert 0 < len(dirty) < len(rows) / 100
    assert any("\x1b" in str(value) for row in rows for value in row.values())
    for table in ("Account", "Opportunity", "Campaign"):
        for row in crm.preview("salesforce", table, 30_000):
            assert row["Id"]
            assert len(row["Description"] or "") <= 200
            assert all(str(value).isprintable() for value in row.values())


def test_an_extract_is_as_things_were_when_it_was_asked_for(tmp_path: Path) -> None:
    moving = begun(tmp_path)
    rows = moving.extract("salesforce", "Contact", ["Id"], "LastModifiedDate", None, None)
    moving.advance(START_MS + HOUR_MS)
    assert len(list(rows)) == 21_000
    moving.close()


def test_a_share_of_rows_is_spoiled_and_the_same_ones_again(crm: Crm) -> None:
    clean = contacts(crm, None, None)
    spoiled = contacts(crm, None, None, corrupt_share=0.03)
    differing = [new for old, new in zip(clean, spoiled, strict=True) if old != new]
    assert 0.02 * len(clean) < len(differing) < 0.04 * len(clean)
    assert all(row["Id"] is None for row in differing)
    assert contacts(crm, None, None, corrupt_share=0.03) == spoiled
    columns = ("Description", "Email", "Birthdate", "Lead_Score__c")
    ways = contacts(crm, None, None, corrupt_share=0.03, corrupt_columns=columns)
    changed = {
        name for old, new in zip(clean, ways, strict=True) for name in new if old[name] != new[name]
    }
    assert changed == set(columns)
    assert any(len(row["Description"] or "") > 200 for row in ways if row not in clean)


def test_a_share_of_the_volume_is_a_part_of_the_whole(crm: Crm) -> None:
    whole = contacts(crm, None, None)
    some = contacts(crm, None, None, volume_share=0.05)
    assert 0.03 * len(whole) < len(some) < 0.07 * len(whole)
    known = {row["Phone"] for row in whole}
    assert all(row["Phone"] in known for row in some)
    assert contacts(crm, None, None, volume_share=0) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [(SALESFORCE, "invalid_client"), (DYNAMICS, "client secret"), ("another", "login failed")],
)
def test_a_wrong_secret_is_refused_in_the_vendors_words(crm: Crm, spec: str, said: str) -> None:
    for secret in ("wrong", ""):
        with pytest.raises(CrmRefused, match=said) as refused:
            crm.check_credentials(
                spec, "Basic", {"password": seal(secret, "s")}, made_ms=0, now_ms=0
            )
        assert refused.value.reason == "auth"


def test_any_other_secret_is_taken_and_expired_for_a_day(crm: Crm) -> None:
    good, stale = {"password": seal("hunter2", "s")}, {"password": seal("expired", "s")}
    crm.check_credentials(SALESFORCE, "Basic", good, made_ms=0, now_ms=900 * HOUR_MS)
    crm.check_credentials(SALESFORCE, "Basic", stale, made_ms=0, now_ms=24 * HOUR_MS - 1)
    with pytest.raises(CrmRefused, match="expired"):
        crm.check_credentials(SALESFORCE, "Basic", stale, made_ms=0, now_ms=24 * HOUR_MS)


def test_a_sealed_secret_does_not_show_it() -> None:
    assert "hunter2" not in seal("hunter2", "s")
    assert seal("hunter2", "s") != seal("hunter2", "t")


def test_what_is_gone_is_refused_by_name(crm: Crm) -> None:
    assert flavour_of(SALESFORCE) == "salesforce"
    with pytest.raises(CrmRefused, match="Kontakt") as table:
        crm.columns("salesforce", "Kontakt")
    assert table.value.reason == "table"
    with pytest.raises(CrmRefused, match="Email") as column:
        crm.extract("salesforce", "Contact", ["Id", "Email"], None, None, None, dropped={"Email"})
    assert column.value.reason == "column"
    with pytest.raises(CrmRefused, match="Changed"):
        crm.extract("salesforce", "Contact", ["Id"], "Changed", None, None)
    assert "Email" not in crm.preview("salesforce", "Contact", 1, dropped={"Email"})[0]


def look_up(name: str) -> dict[str, Any]:
    return {"nodeType": "fieldLookup", "fieldName": name}


def apply(name: str, *params: dict[str, Any]) -> dict[str, Any]:
    return {"nodeType": "fnApply", "fnName": name, "params": list(params)}


def compare(name: str, column: str, value: Any) -> dict[str, Any]:
    return apply(name, look_up(column), {"nodeType": "literal", "value": value})


def pql(value: Any) -> dict[str, Any]:
    return {"type": "PQL", "format": "pql/json", "value": value}


@pytest.mark.parametrize(
    ("node", "holds"),
    [
        (compare("=", "MailingCountryCode", "NL"), lambda row: row["MailingCountryCode"] == "NL"),
        (compare("!=", "MailingCountryCode", "NL"), lambda row: row["MailingCountryCode"] != "NL"),
        (compare(">=", "Lead_Score__c", 90), lambda row: row["Lead_Score__c"] >= 90),
        (compare("like", "LastName", "Van%"), lambda row: row["LastName"].startswith("Van")),
        (
            compare("in", "Salutation", ["Dr.", "Prof."]),
            lambda row: row["Salutation"] in ("Dr.", "Prof."),
        ),
        (compare("=", "HasOptedOutOfEmail", True), lambda row: row["HasOptedOutOfEmail"]),
        (apply("isNull", look_up("Salutation")), lambda row: row["Salutation"] is None),
        (
            apply("NOT", compare("=", "Salutation", "Dr.")),
            lambda row: row["Salutation"] != "Dr.",
        ),
        (
            apply(
                "or",
                compare("<", "Lead_Score__c", 5),
                apply(
                    "and", compare("=", "MailingCity", "Oslo"), compare(">", "Lead_Score__c", 95)
                ),
            ),
            lambda row: (
                row["Lead_Score__c"] < 5
                or (row["MailingCity"] == "Oslo" and row["Lead_Score__c"] > 95)
            ),
        ),
    ],
)
def test_a_row_filter_keeps_the_rows_for_which_it_holds(
    crm: Crm, node: dict[str, Any], holds: Any
) -> None:
    rows = contacts(crm, None, None)
    kept = contacts(crm, None, None, filters=pql(node))
    assert 0 < len(kept) < len(rows)
    assert kept == [row for row in rows if holds(row)]
    assert all(holds(row) for row in crm.preview("salesforce", "Contact", 50, pql(node)))


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"type": "SQL"}, "PQL"),
        (pql(None), "fnApply"),
        (pql(apply("regex", look_up("Email"))), "no function"),
        (pql(compare("=", 'x" OR 1=1 --', 1)), "no column"),
        (pql(compare("in", "Email", "a")), "list"),
        (pql(compare("=", "Email", None)), "literal"),
        (
            pql(apply("NOT", compare("=", "Email", "a"), compare("=", "Email", "b"))),
            "one condition",
        ),
        (pql(apply("and")), "params"),
    ],
)
def test_a_row_filter_that_cannot_be_used_says_why(
    crm: Crm, filters: dict[str, Any], said: str
) -> None:
    with pytest.raises(FilterRefused, match=said):
        crm.preview("salesforce", "Contact", 5, filters)
