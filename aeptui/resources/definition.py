"""What a resource type is made of.

One `Resource` value feeds the list, the detail, the palette, the help page,
`aeptui list` and `aeptui get`; nothing here has heard of a terminal. Text is
plain text: whoever draws it chooses colours by `Tone` and never parses markup.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from aeptui.moment import Moment
from aeptui.resources.kinds import NAMES

if TYPE_CHECKING:
    from aeptui.mirror.rows import Row
    from aeptui.session import Session

Tone: TypeAlias = Literal["", "bad", "warn", "good", "busy", "off", "dim", "bright"]
"""How a text is meant; it underlines what the words already say."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    `text` makes the cell's words from a row. `order` names the mirror's column
    to sort by, or None where sorting makes no sense. A list that is too narrow
    sheds the columns with the highest `shed` first; 0 is never shed. What is
    still too wide then gives way down to its `least`, before the growing ones do.
    """

    title: str
    text: Callable[[Any, Moment], str]
    width: int
    order: str | None = None
    align: Literal["left", "right"] = "left"
    grow: bool = False
    shed: int = 0
    least: int = 0
    """The fewest cells in which it still says something; 0 where it cannot give way."""
    tone: Callable[[Any], Tone] | None = None


class Target(NamedTuple):
    """A resource that a line of a detail names."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a detail: a label and what it says; `kind` and `id` where it names a resource."""

    label: str
    text: str
    tone: Tone = ""
    kind: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts under an optional heading."""

    facts: Sequence[Fact]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table inside a detail: a header, rows of text, and what is right-aligned."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    tones: Sequence[Tone] = ()
    """One tone for each row, or none."""
    empty: str = ""
    """What stands there when there are no rows."""
    marked: frozenset[int] = frozenset()
    """Columns to point at, such as the one that made a row fail."""
    leads: Sequence[Target | None] = ()
    """The resource that each row is about, or none."""
    spare: Sequence[int] = ()
    """Columns that go before words are cut where room is short, in this order."""
    part: str = ""
    """The kind whose list, narrowed to this resource, has the same rows, live and whole."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A few sentences under an optional heading."""

    text: str
    title: str = ""
    tone: Tone = ""
    under: str = ""
    """Quieter words right below."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One station of a chain: its name, what it is, and a measure of it."""

    label: str
    name: str
    measure: str = ""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Stations from left to right as the rows go; under each other where that is too wide."""

    stages: Sequence[Stage]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A few bars on one line, with what they add up to; None is a time without any."""

    label: str
    values: Sequence[float | None]
    total: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Plots:
    """Small plots under each other, each with bars as long as there is room for."""

    title: str
    plots: Sequence[Plot]
    note: str = ""


Block: TypeAlias = Facts | Grid | Prose | Chain | Plots


@dataclass(frozen=True, slots=True)
class Detail:
    """One resource, laid out to be read from top to bottom."""

    title: str
    blocks: Sequence[Block]
    word: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Another resource that this one uses or is used by."""

    relation: Literal["uses", "used by"]
    kind: str
    id: str
    name: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be asked for a resource by one key.

    `refusal` gives the reason why it cannot be done just now, or None. `confirm`
    names the consequence and is asked before `perform`, which answers with a
    sentence about what happened.
    """

    key: str
    id: str
    label: str
    help: str
    perform: Callable[[Session, Any], Awaitable[str]]
    refusal: Callable[[Session, Any], str | None] = lambda _session, _row: None
    confirm: Callable[[Session, Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource type.

    `kind` is its name on the command line and in the mirror (`flows`); `name` and
    `plural` are what sentences call it. `order` and `reverse` are the default order
    of its lists. `empty` says what would be in an empty list and how it comes there.
    """

    kind: str
    aliases: tuple[str, ...]
    columns: tuple[Column, ...]
    detail: Callable[[Session, Row], Awaitable[Detail]]
    order: str
    empty: str
    reverse: bool = False

    @property
    def name(self) -> str:
        return NAMES[self.kind].one

    @property
    def plural(self) -> str:
        return NAMES[self.kind].many
