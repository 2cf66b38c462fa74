"""Which column a refused row is about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.rowerrors import named_column, read_row_errors

ROW = {"Id": "1", "Name": "A", "LastName": "B", "Email": "x.y", "address": "z"}


@pytest.mark.parametrize(
    ("message", "column"),
    [
        ("personalEmail.address is not an e-mail address: 'x.y'", "personalEmail.address"),
        ("personalEmail.address is not one of 'Email', 'Name'", "personalEmail.address"),
        ("tags[0].name has 300 characters where 200 are allowed: 'Name'", "tags[0].name"),
        ("_acme.crmId is required and has no value.", "_acme.crmId"),
        ("Email: 'Name' is not an address", "Email"),
        ("Bad value in column 'Email'", "Email"),
        ("Bad value in `person.Name`", "Name"),
        ("LastName cannot be read", "LastName"),
        ("The field LastName cannot be read", "LastName"),
        ("The value at person.name.first is wrong", "person.name.first"),
        ("'31/02' cannot be read", ""),
        ("something is wrong", ""),
        ("", ""),
    ],
)
def test_the_column_that_a_message_names_is_found(message: str, column: str) -> None:
    assert named_column(message, ROW) == column


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=5), st.none(), max_size=3))
def test_any_message_names_a_column_or_none(message: str, row: dict[str, Any]) -> None:
    column = named_column(message, row)
    assert column in row or column in message


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_nothing(body: bytes) -> None:
    assert all(isinstance(row.row, dict) for row in read_row_errors(body, 5))
