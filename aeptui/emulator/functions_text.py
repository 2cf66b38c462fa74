"""Data Prep's functions on strings: text, regular expressions, hashes, URLs."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aeptui.emulator.catalogue import LONGEST_TEXT, as_array, as_regex, bounded, function
from aeptui.emulator.coercion import MapperError, shown, to_boolean, to_text
from aeptui.emulator.operators import same

# -- strings


@function("String", "concat(string...)", "Joins strings.", 'concat("a", "b")', '"ab"')
def _concat(*strings: Any) -> str:
    return "".join([to_text(each) for each in strings if each is not None])


def _on_text(work: Callable[[str], str]) -> Callable[[Any], str | None]:
    return lambda text: None if text is None else work(to_text(text))


for _name, _work, _said, _sample in (
    ("lower", str.lower, "Turns a string into lower case.", ('"HeLLo"', '"hello"')),
    ("lcase", str.lower, "Turns a string into lower case.", ('"HeLLo"', '"hello"')),
    ("upper", str.upper, "Turns a string into upper case.", ('"HeLLo"', '"HELLO"')),
    ("ucase", str.upper, "Turns a string into upper case.", ('"HeLLo"', '"HELLO"')),
    ("trim", str.strip, "Takes white space off both ends.", ('"  a "', '"a"')),
    ("ltrim", str.lstrip, "Takes white space off the start.", ('"  a "', '"a "')),
    ("rtrim", str.rstrip, "Takes white space off the end.", ('"  a "', '"  a"')),
):
    function("String", f"{_name}(string)", _said, f"{_name}({_sample[0]})", _sample[1])(
        _on_text(_work)
    )


@function(
    "String",
    "substr(string, start, length?)",
    "A part of a string; the start counts from 0.",
    'substr("This is a test", 7, 3)',
    '" a "',
)
def _substr(text: Any, start: Any, length: Any = None) -> str | None:
    if text is None:
        return None
    first = bounded(start, "start")
    end = None if length is None else first + bounded(length, "length")
    return to_text(text)[first:end]


@function(
    "String",
    "replacestr(string, find, replacement)",
    "Replaces every occurrence.",
    'replacestr("a-b-c", "-", "+")',
    '"a+b+c"',
)
def _replacestr(text: Any, find: Any, replacement: Any) -> str | None:
    if text is None:
        return None
    sought = to_text(find)
    made = to_text(text).replace(sought, to_text(replacement)) if sought else to_text(text)
    if len(made) > LONGEST_TEXT:
        raise MapperError(f"the string would have {len(made)} characters")
    return made


@function(
    "String",
    "instr(string, sought, start?, occurrence?)",
    "The place of a string in another, counted from 0; -1 when it is not there.",
    'instr("adobe.com", "com")',
    "6",
    "integer",
)
def _instr(text: Any, sought: Any, start: Any = 0, occurrence: Any = 1) -> int | None:
    if text is None:
        return None
    place = bounded(start, "start") - 1
    for _ in range(min(bounded(occurrence, "occurrence"), LONGEST_TEXT)):
        place = to_text(text).find(to_text(sought), place + 1)
        if place < 0:
            return -1
    return place


@function(
    "String",
    "split(string, separators)",
    "Splits at any of the separators' characters.",
    'split("a-b c", "- ")',
    '["a", "b", "c"]',
    "array",
)
def _split(text: Any, separators: Any) -> list[str] | None:
    if text is None:
        return None
    marks = to_text(separators)
    return re.split(f"[{re.escape(marks)}]", to_text(text)) if marks else [to_text(text)]


@function(
    "String",
    "explode(string, regex?)",
    "Splits at a regular expression, by default a comma.",
    'explode("a,b", ",")',
    '["a", "b"]',
    "array",
)
def _explode(text: Any, regex: Any = ",") -> list[str] | None:
    if text is None:
        return None
    return [each or "" for each in as_regex(regex).split(to_text(text))]


@function("String", "join(separator, array)", "Joins an array.", 'join(" ", ["a", "b"])', '"a b"')
def _join(separator: Any, array: Any) -> str | None:
    if array is None:
        return None
    return to_text(separator).join([to_text(each) for each in as_array(array) if each is not None])


def _pad(text: Any, length: Any, padding: Any, left: bool) -> str | None:
    if text is None:
        return None
    whole, size = to_text(text), bounded(length, "length")
    fill = to_text(padding) if padding else " "
    missing = max(0, size - len(whole))
    extra = (fill * (missing // len(fill) + 1))[:missing]
    return (extra + whole if left else whole + extra)[:size]


@function(
    "String", "lpad(string, length, padding?)", "Fills the start.", 'lpad("7", 3, "0")', '"007"'
)
def _lpad(text: Any, length: Any, padding: Any = None) -> str | None:
    return _pad(text, length, padding, left=True)


@function(
    "String", "rpad(string, length, padding?)", "Fills the end.", 'rpad("7", 3, "0")', '"700"'
)
def _rpad(text: Any, length: Any, padding: Any = None) -> str | None:
    return _pad(text, length, padding, left=False)


@function("String", "left(string, count)", "The first characters.", 'left("abc", 2)', '"ab"')
def _left(text: Any, count: Any) -> str | None:
    return None if text is None else to_text(text)[: bounded(count, "count")]


@function("String", "right(string, count)", "The last characters.", 'right("abc", 2)', '"bc"')
def _right(text: Any, count: Any) -> str | None:
    if text is None:
        return None
    whole = to_text(text)
    return whole[max(0, len(whole) - bounded(count, "count")) :]


@function(
    "String",
    "equals(a, b)",
    "Whether two strings are the same.",
    '"a".equals("a")',
    "true",
    "boolean",
)
def _equals(one: Any, other: Any) -> bool:
    return same(one, other)


@function(
    "String",
    "equalsIgnoreCase(a, b)",
    "Whether two strings are the same but for their case.",
    '"a".equalsIgnoreCase("A")',
    "true",
    "boolean",
)
def _equals_ignore_case(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return to_text(one).casefold() == to_text(other).casefold()


@function(
    "Regular Expressions",
    "extract_regex(string, regex)",
    "The groups of the first match, the whole match first.",
    'extract_regex("E259,E259B_009", "([^,]+),[^,]*")',
    '["E259,E259B_009", "E259"]',
    "array",
)
def _extract_regex(text: Any, regex: Any) -> list[str | None] | None:
    return None if text is None else as_regex(regex).search(to_text(text))


@function(
    "Regular Expressions",
    "matches_regex(string, regex)",
    "Whether the whole string matches.",
    'matches_regex("abc", "[a-c]+")',
    "true",
    "boolean",
)
def _matches_regex(text: Any, regex: Any) -> bool:
    return text is not None and as_regex(regex).fullmatch(to_text(text)) is not None


# -- hashes and addresses

_CHARSETS = {"UTF-8": "utf-8", "UTF-16": "utf-16", "ISO-8859-1": "latin-1", "US-ASCII": "ascii"}


def _bytes(text: Any, charset: Any) -> bytes:
    encoding = _CHARSETS.get(to_text(charset))
    if encoding is None:
        raise MapperError(f"{shown(charset)} is not a character set that is known")
    return to_text(text).encode(encoding, "replace")


def _hash(name: str) -> Callable[..., str | None]:
    def work(text: Any, charset: Any = "UTF-8") -> str | None:
        if text is None:
            return None
        return hashlib.new(name, _bytes(text, charset), usedforsecurity=False).hexdigest()

    return work


for _name, _result in (
    ("sha1", '"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"'),
    ("sha256", '"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"'),
    ("sha512", '"1f40fc92da24..."'),
    ("md5", '"0cc175b9c0f1b6a831c399e269772661"'),
):
    function(
        "Hashing",
        f"{_name}(string, charset?)",
        f"The {_name} hash as lower-case hexadecimal digits.",
        f'{_name}("a", "UTF-8")',
        _result,
    )(_hash(_name))


@function("Hashing", "crc32(string, charset?)", "The CRC-32 checksum.", 'crc32("a")', '"e8b7be43"')
def _crc32(text: Any, charset: Any = "UTF-8") -> str | None:
    return None if text is None else f"{zlib.crc32(_bytes(text, charset)):08x}"


_PORTS = {"http": 80, "https": 443, "ftp": 21, "sftp": 22}


def _url(part: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def work(text: Any) -> Any:
        if text is None:
            return None
        try:  # an address that is none gives null, not an error
            address = urlsplit(to_text(text))
            return part(address) if address.scheme and address.netloc else None
        except ValueError:
            return None

    return work


for _name, _said, _result, _part in (
    ("get_url_protocol", "The scheme of a URL.", '"https"', lambda url: url.scheme),
    ("get_url_host", "The host of a URL.", '"platform.adobe.io"', lambda url: url.hostname),
    (
        "get_url_port",
        "The port of a URL, else its scheme's.",
        "443",
        lambda url: url.port or _PORTS.get(url.scheme),
    ),
):
    function("URL", f"{_name}(url)", _said, f'{_name}("https://platform.adobe.io/home")', _result)(
        _url(_part)
    )


@function(
    "URL",
    "get_url_path(url, full?)",
    "The path of a URL, with its query unless full is false.",
    'get_url_path("https://adobe.com/a?b=1", false)',
    '"/a"',
)
def _get_url_path(text: Any, full: Any = True) -> Any:
    query = to_boolean(full)
    return _url(lambda url: url.path + (f"?{url.query}" if url.query and query else ""))(text)


@function(
    "URL",
    "get_url_query_str(url, anchor)",
    "The query of a URL as a map; its anchor is to retain, remove or append.",
    'get_url_query_str("https://adobe.com/?name=ferret#nose", "append")',
    '{"name": "ferret", "_anchor_": "nose"}',
    "map",
)
def _get_url_query_str(text: Any, anchor: Any) -> dict[str, str] | None:
    wanted = to_text(anchor).lower()
    if wanted not in ("retain", "remove", "append"):
        raise MapperError(f"{shown(anchor)} is none of retain, remove and append")
    if text is None:
        return None
    try:  # an address that is none gives null, not an error
        address = urlsplit(to_text(text))
        pairs = dict(parse_qsl(address.query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    if not address.scheme or not address.netloc:
        return None
    if address.fragment and wanted == "append":
        pairs["_anchor_"] = address.fragment
    elif address.fragment and wanted == "retain" and pairs:
        last = next(reversed(pairs))
        pairs[last] = f"{pairs[last]}#{address.fragment}"
    return pairs
