"""What is written as CSV: nothing that a spreadsheet would run, and nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aeptui.csv_cells import as_meant, cell


@given(st.text(st.sampled_from("'=+-@\t\rab 1"), max_size=6))
def test_any_text_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    written = str(cell(text))
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert as_meant(written) == text


def test_numbers_stay_numbers_nothing_is_empty_and_a_list_is_one_text() -> None:
    assert [cell(each) for each in (-1, 0.5, None, True)] == [-1, 0.5, "", True]
    assert cell(["=1", "b"]) == "'=1; b"
