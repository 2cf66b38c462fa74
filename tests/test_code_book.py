"""A team's own code book: read beside the configuration, refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeptui.config import ConfigError
from aeptui.config_load import load
from aeptui.monitor.codes import CodeBook

OWN = """
[[codes]]
code = "INGEST-1401-400"
what_to_do = "call Ana"

[[codes]]
code = "CONNECTOR-1001-500"
message = "invalid_client"
meaning = "the CRM's secret ran out"
"""


def _load(folder: Path, book: str | None) -> CodeBook:
    (folder / "config.toml").write_text('code_book = "codes.toml"\n')
    if book is not None:
        (folder / "codes.toml").write_text(book)
    return load({"AEPTUI_CONFIG": str(folder / "config.toml")}).code_book


def test_a_file_beside_the_configuration_adds_to_the_book(tmp_path: Path) -> None:
    book = _load(tmp_path, OWN)
    assert book.meaning("INGEST-1401-400").remedy == "call Ana"
    assert (
        book.meaning("CONNECTOR-1001-500", "INVALID_CLIENT: no").text == "the CRM's secret ran out"
    )
    assert book.meaning("CONNECTOR-1001-500", "timeout").text == "the source did not answer"


@pytest.mark.parametrize(
    ("line", "key", "sentence", "book"),
    [
        (
            4,
            "codes[0].what_todo",
            "Did you mean what_to_do?",
            '\n[[codes]]\ncode = "A"\nwhat_todo = ""',
        ),
        (5, "codes[1].meaning", "text", '[[codes]]\ncode="A"\nmeaning="b"\n[[codes]]\nmeaning = 1'),
        (1, "codes[0]", "has no code", '[[codes]]\nmeaning = "b"'),
        (1, "codes[0]", "says nothing", '[[codes]]\ncode = "b"'),
        (2, "codes[0].code", "must say something", '[[codes]]\ncode = " "'),
        (1, "code", "Did you mean codes?", "[code]"),
        (1, "codes", "list of tables", "[codes]"),
        (2, "", "not TOML", "[[codes]]\ncode"),
        (None, "", "no such file", None),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_line(
    tmp_path: Path, line: int | None, key: str, sentence: str, book: str | None
) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, book)
    assert (refused.value.file, refused.value.key) == (tmp_path / "codes.toml", key)
    assert sentence in refused.value.sentence
    assert refused.value.line == line
