"""Styles as terminals know them, and the shortest way from one to another.

A style is numbered when it is first met, so that cells hold and compare
numbers. Codes follow ECMA-48 and what xterm added to it.
"""

from __future__ import annotations

from typing import NamedTuple

_OFF = {
    "22": ("1", "2"),
    "23": ("3",),
    "24": ("4", "21"),
    "25": ("5", "6"),
    "27": ("7",),
    "28": ("8",),
    "29": ("9",),
    "54": ("51", "52"),
    "55": ("53",),
    "59": ("58",),
}
_OFF_OF = {on: off for off, ons in _OFF.items() for on in ons}
_SHOWN_ON_BLANK = {"4", "21", "7", "9", "51", "52", "53"}
PLAIN = 0
"""The number of the style that a reset leaves."""


class _Style(NamedTuple):
    attributes: frozenset[str] = frozenset()
    foreground: str = ""
    background: str = ""
    link: str = ""
    """What an OSC 8 says of the cells, without its frame."""


class Styles:
    """All styles met so far. Numbers stay what they are for as long as this does."""

    def __init__(self) -> None:
        self._known = [_Style()]
        self._numbers = {_Style(): PLAIN}
        self._after: dict[tuple[int, str], int] = {}
        self._change: dict[tuple[int, int], str] = {}
        self.shown_on_blank = [False]
        """Whether a blank cell in the style of that number looks otherwise than a plain one."""

    def __len__(self) -> int:
        return len(self._known)

    def after(self, style: int, codes: str) -> int:
        """The style that `codes` of an SGR sequence make of `style`."""
        if codes in ("", "0"):
            return self.linked(PLAIN, self._known[style].link)
        key = (style, codes)
        got = self._after.get(key)
        if got is None:
            got = self._after[key] = self._number(_applied(self._known[style], codes))
        return got

    def linked(self, style: int, link: str) -> int:
        """`style`, but leading to `link`; an empty one leads nowhere."""
        known = self._known[style]
        return style if known.link == link else self._number(known._replace(link=link))

    def change(self, before: int, after: int) -> str:
        """The fewest bytes that make `after` of `before`."""
        key = (before, after)
        got = self._change.get(key)
        if got is None:
            got = self._change[key] = _change(self._known[before], self._known[after])
        return got

    def _number(self, style: _Style) -> int:
        number = self._numbers.get(style)
        if number is None:
            number = self._numbers[style] = len(self._known)
            self._known.append(style)
            marks = {code.partition(":")[0] for code in style.attributes}
            self.shown_on_blank.append(
                bool(style.background or style.link or marks & _SHOWN_ON_BLANK)
            )
        return number


def _applied(style: _Style, codes: str) -> _Style:
    attributes, foreground, background, link = style
    parts = codes.split(";")
    at = 0
    while at < len(parts):
        code = parts[at] or "0"
        size = 1
        base = code.partition(":")[0]
        if code in ("38", "48", "58"):
            size = {"2": 5, "5": 3}.get(parts[at + 1] if at + 1 < len(parts) else "", 2)
            code = ";".join(parts[at : at + size])
        if base == "0":
            attributes, foreground, background = frozenset(), "", ""
        elif base == "38" or base in _between(30, 37) or base in _between(90, 97):
            foreground = code
        elif base == "48" or base in _between(40, 47) or base in _between(100, 107):
            background = code
        elif base == "39":
            foreground = ""
        elif base == "49":
            background = ""
        elif base in _OFF or code == "4:0":
            gone = _OFF[base] if base in _OFF else _OFF["24"]
            attributes = frozenset(a for a in attributes if _base(a) not in gone)
        else:
            same = _OFF.get(_OFF_OF.get(base, ""), (base,))
            if base in ("1", "2"):  # both can be on, the other kinds replace each other
                same = (base,)
            attributes = frozenset(a for a in attributes if _base(a) not in same) | {code}
        at += size
    return _Style(attributes, foreground, background, link)


def _between(first: int, last: int) -> frozenset[str]:
    return _RANGES[first, last]


_RANGES = {
    (first, last): frozenset(map(str, range(first, last + 1)))
    for first, last in ((30, 37), (90, 97), (40, 47), (100, 107))
}


def _base(code: str) -> str:
    return code.replace(":", ";").partition(";")[0]


def _change(before: _Style, after: _Style) -> str:
    link = "" if before.link == after.link else f"\x1b]8;{after.link or ';'}\x1b\\"
    if before[:3] == after[:3]:
        return link
    anew = [*sorted(after.attributes), after.foreground, after.background]
    ways = ["0;" + ";".join(filter(None, anew)) if any(anew) else ""]
    gone = before.attributes - after.attributes
    if all(_base(code) in _OFF_OF for code in gone):
        off = {_OFF_OF[_base(code)] for code in gone}
        # What shares its off code with something that went has to be said again.
        kept = {code for code in before.attributes - gone if _OFF_OF.get(_base(code)) not in off}
        codes = [*sorted(off), *sorted(after.attributes - kept)]
        if before.foreground != after.foreground:
            codes.append(after.foreground or "39")
        if before.background != after.background:
            codes.append(after.background or "49")
        ways.append(";".join(codes))
    return link + f"\x1b[{min(ways, key=len)}m"
