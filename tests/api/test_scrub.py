"""Nothing that steers a terminal gets past the door."""

from __future__ import annotations

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api import wire
from aeptui.api.scrub import MAX_TEXT, NotJson, scrub_json, scrub_text

any_text = st.text(st.characters(codec=None))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=20,
)


def test_an_escape_becomes_its_picture_and_stays_readable() -> None:
    assert scrub_text("\x1b[31mred\x1b[0m") == "␛[31mred␛[0m"
    assert scrub_text("a\nb\x07\x7f") == "a␊b␇␡"


def test_c1_bidi_and_zero_width_characters_become_visible() -> None:
    for hidden in "\x9b\x85\u202e\u2066\u200b\u200d\ufeff\u00ad\u2028\U000e0041":
        assert scrub_text(f"a{hidden}b") == "a\ufffdb"


def test_names_in_any_script_are_left_alone() -> None:
    for name in ("Größe", "顧客", "العملاء", "Клиенты", "🎉 launch", "[red]not markup[/red]"):
        assert scrub_text(name) == name


def test_a_text_is_bounded_and_says_that_it_goes_on() -> None:
    short = scrub_text("x" * (MAX_TEXT + 1))
    assert len(short) == MAX_TEXT
    assert short.endswith("…")


@given(any_text)
def test_no_text_keeps_a_control_or_format_character(text: str) -> None:
    kept = {unicodedata.category(character) for character in scrub_text(text)}
    assert not kept & {"Cc", "Cf", "Zl", "Zp", "Cs"}


@given(any_text)
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    assert scrub_text(scrub_text(text)) == scrub_text(text)


@given(any_json, st.booleans())
def test_any_json_comes_out_as_json_with_every_string_scrubbed(value: object, ascii: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    for text in _strings(msgspec.json.decode(scrub_json(raw))):
        assert scrub_text(text, 10**9) == text


def test_a_clean_page_is_not_touched() -> None:
    raw = '{ "etag": "\\"a\\"", "name": "Größe 🎉" }'.encode()
    assert scrub_json(raw) is raw


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": "\\u001b[2J"}',
        b'{"name": "\x1b[2J"}',
        '{"name": "\u009b2J"}'.encode(),
        b'{"name": "\\u202e"}',
        b'{"\\u001b]0;title\\u0007": 1}',
        b'{"name": "\x80\xff broken utf-8"}',
        b'{"name": "\\ud83d"}',
    ],
)
def test_hostile_json_is_scrubbed_however_it_is_written(raw: bytes) -> None:
    clean = scrub_json(raw)
    for text in _strings(msgspec.json.decode(clean)):
        assert text.isprintable()


def test_numbers_too_large_for_an_integer_do_not_break_a_page() -> None:
    told = msgspec.json.decode(scrub_json(b'{"n": 123456789012345678901234567890, "t": "\\n"}'))
    assert told["n"] == "123456789012345678901234567890"


@pytest.mark.parametrize(
    "number", [b"1e999", b"-1e999", b"NaN", b"1" * 5000], ids=["1e999", "-1e999", "NaN", "1111"]
)
def test_a_number_that_nobody_can_hold_is_kept_as_its_text(number: bytes) -> None:
    told = msgspec.json.decode(scrub_json(b'{"n": ' + number + b"}"))
    assert told == {"n": number.decode()}
    assert (wire.count(told["n"]), wire.fraction(told["n"]), wire.when(told["n"])) == (None,) * 3


any_number = st.from_regex(
    r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
)
long_number = st.builds(
    lambda digits, tail: "9" * digits + tail, st.integers(250, 5_000), st.sampled_from(["", ".5"])
)


@given(st.lists(any_number | long_number, max_size=3), st.sampled_from(["", " ", "\n\t"]))
def test_whatever_numbers_a_page_has_its_readers_can_hold_them(
    numbers: list[str], gap: str
) -> None:
    listed = f",{gap}".join(numbers)
    raw = f'{{"id": "0e9-9e999", "n":{gap}[{listed}{gap}], "m":{gap}{(numbers or ["0"])[0]}}}'
    assert len(msgspec.json.decode(scrub_json(raw.encode()))["n"]) == len(numbers)
    assert len(msgspec.json.decode(scrub_json(f"[{listed}]".encode()))) == len(numbers)
    for number in numbers:
        msgspec.json.decode(scrub_json(number.encode()))


def test_a_backslash_before_a_quote_hides_no_escape() -> None:
    clean = rb'{"a": "\\", "b": "\"", "c": "\\\""}'
    assert scrub_json(clean) is clean
    hostile = rb'{"a": "\\\"\u001b"}'
    assert msgspec.json.decode(scrub_json(hostile)) == {"a": '\\"␛'}


@pytest.mark.parametrize("raw", [b"<html>", b"{", b"[" * 100_000, b"", b"\xff\xfe"])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        scrub_json(raw)


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for part in pair for text in _strings(part)]
        case list():
            return [text for part in value for text in _strings(part)]
        case _:
            return []
