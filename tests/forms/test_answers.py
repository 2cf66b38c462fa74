"""Unfinished answers: kept whole, for their owner only, and never with a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.settings import Secret
from aeptui.forms.answers import KeptAnswers, without_secrets

PLANTED = "planted-4711"
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
VALUES = st.recursive(
    PLAIN | st.just(Secret(PLANTED)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=6))
def test_no_secret_is_left_however_deep(answers: dict[str, Any]) -> None:
    kept = without_secrets(answers)
    assert PLANTED not in repr(kept)
    assert not any(isinstance(value, Secret) for value in kept.values())


def test_answers_come_back_as_they_were_but_for_secrets(tmp_path: Path) -> None:
    answers = {"name": "Säles \u202e", "columns": ["a", "b"], "backfill": False}
    kept = KeptAnswers(tmp_path, "acme/prod", "dev", "flows")
    kept.keep(answers | {"auth.password": Secret(PLANTED)})
    assert KeptAnswers(tmp_path, "acme/prod", "dev", "flows").read() == answers
    assert KeptAnswers(tmp_path, "acme/prod", "dev", "datasets").read() == {}
    (file,) = (tmp_path / "answers").iterdir()
    assert PLANTED not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    kept.forget()
    kept.forget()
    assert kept.read() == {}


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', "\x00", "[" * 100_000])
def test_a_file_that_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    kept = KeptAnswers(tmp_path, "p", "s", "flows")
    kept.keep({"name": "x"})
    (file,) = (tmp_path / "answers").iterdir()
    file.write_text(text)
    assert kept.read() == {}
