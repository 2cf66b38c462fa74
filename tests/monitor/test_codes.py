"""The code book."""

from __future__ import annotations

import pytest

from aeptui.monitor.codes import BOOK, CodeBook, Meaning

meaning = CodeBook().meaning


@pytest.mark.parametrize("code", sorted(BOOK))
def test_each_code_says_what_it_means_why_and_what_to_do(code: str) -> None:
    entry = meaning(code, "whatever the platform says")
    assert entry.known
    assert entry.code == code
    assert entry.text and entry.cause and entry.remedy
    assert code not in entry.text


def test_the_code_of_a_row_comes_without_its_family() -> None:
    assert meaning("1401").text == meaning("INGEST-1401-400").text


def test_a_number_alone_does_not_make_a_code_known() -> None:
    assert not meaning("FLOW-1401-400").known


def test_an_unknown_code_is_told_in_the_words_of_the_platform() -> None:
    entry = meaning("INGEST-9999-400", "a new kind of trouble")
    assert (entry.text, entry.known) == ("a new kind of trouble", False)
    assert entry.cause == "rows were refused on the way into the dataset"
    assert meaning("QUARK-1-500").text == "the platform gave no reason"


def test_a_data_prep_code_is_about_the_mapping() -> None:
    assert meaning("DPMAP-12-400").known
    assert "expression" in meaning("DPMAP-12-400").remedy


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("invalid_client: client identifier or secret was refused", "credentials were refused"),
        ("login failed: the password has expired", "have expired"),
        ("AADSTS7000222: the client secret that was provided has expired", "have expired"),
        ("INVALID_FIELD: no such column 'Email' on the entity", "column is gone"),
        ("INVALID_TYPE: sObject type 'Lead' is not supported", "table is gone"),
        ("SERVER_UNAVAILABLE: it did not answer in time", "did not answer"),
        ("503 Service Unavailable: the organisation could not be reached", "did not answer"),
        ("something else", "the copy out of the source failed"),
    ],
)
def test_a_copy_that_failed_is_told_by_the_words_of_the_source(message: str, text: str) -> None:
    assert text in meaning("CONNECTOR-1001-500", message).text


def test_the_own_entries_of_a_team_come_first_and_may_leave_parts_to_ours() -> None:
    book = CodeBook(
        [
            Meaning("INGEST-1401-400", remedy="call Ana"),
            Meaning("CONNECTOR-1001-500", "our proxy is down", message=("PROXY",)),
            Meaning("ACME-7", "the nightly export was late"),
        ]
    )
    parsed = book.meaning("INGEST-1401-400", "no date")
    assert (parsed.text, parsed.remedy) == (BOOK["INGEST-1401-400"].text, "call Ana")
    assert parsed.cause == BOOK["INGEST-1401-400"].cause
    assert book.meaning("1401").remedy == "call Ana"
    assert book.meaning("CONNECTOR-1001-500", "a proxy said no").text == "our proxy is down"
    assert book.meaning("CONNECTOR-1001-500", "invalid_client").text != "our proxy is down"
    assert book.meaning("ACME-7").known


@pytest.mark.parametrize(
    ("said", "code", "column", "message"),
    [
        (
            "personalEmail.address is not an e-mail address",
            *("INGEST-1401-400", "personalEmail.address"),
            "personalEmail.address is not an e-mail address: 'a at b'",
        ),
        (
            "Score__c is not a number",
            "MAPPER-3700-400",
            "Score__c",
            "Score__c: 'many' is not a number",
        ),
        ("a row cannot be parsed (birthDate)", "1401", "birthDate", "field 'birthDate' is wrong"),
        ("the source did not answer", "CONNECTOR-1001-500", "", "It did not answer in time"),
        ("call it what you like", "ACME-7", "x.y", "x.y is odd"),
    ],
)
def test_what_is_wrong_is_said_on_one_line(said: str, code: str, column: str, message: str) -> None:
    book = CodeBook([Meaning("ACME-7", "call it what you like")])
    assert book.said(code, column, message).removesuffix(" (x.y)") == said
