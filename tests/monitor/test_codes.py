"""The code book."""

from __future__ import annotations

import pytest

from aeptui.monitor.codes import BOOK, meaning


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
