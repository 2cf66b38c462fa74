"""The CRM behind every base connection: seeded, changing as time passes, spoken to per vendor.

One SQLite file of its own. The tables are ours; each vendor's flavour sees them as views with
that vendor's table and column names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Flavour = Literal["salesforce", "dynamics", "generic"]


class CrmRefused(Exception):
    """The CRM says no; `sentence` is its own wording, `reason` one of down, auth, table, column."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class DeletedRow(dict[str, Any]):
    """A row that the CRM reports as deleted; every other extracted row is a plain dict."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as explore shows it: the CRM's type word, and what XDM makes of it."""

    name: str
    type: str  # string, boolean, double, integer, long
    xdm_type: str  # meta:xdmType: string, boolean, number, integer, long, date, date-time
    format: str | None = None

    def wire(self) -> dict[str, Any]:
        """`{name, type, "meta:xdmType", xdm: {type, format?}}`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a flavour; `delta_column` is the usual one, `key` the id column."""

    name: str
    label: str
    key: str
    delta_column: str

    def wire(self) -> dict[str, Any]:
        """`{type, name, path, canPreview, canFetchSchema}`."""
        raise NotImplementedError


def flavour_of(spec_id: str) -> Flavour:
    """Which vendor's words a connection spec id stands for."""
    raise NotImplementedError


def refusal(flavour: Flavour, reason: str, name: str = "") -> CrmRefused:
    """What that vendor says when it is `down`, when `auth` fails, when a `table` or `column` is gone."""
    raise NotImplementedError


def seal(secret: str, salt: str) -> str:
    """A salted digest to keep instead of the secret ("" stays "")."""
    raise NotImplementedError


class Crm:
    """The CRM. Not thread-safe: callers hold the world's lock."""

    def __init__(self, path: Path | None, seed: int, start_ms: int) -> None:
        """Opens the file, or makes and fills it with what the CRM held at `start_ms`."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def advance(self, to_ms: int) -> None:
        """Apply the changes that this seed holds up to then; going back is ignored."""
        raise NotImplementedError

    def check_credentials(
        self, spec_id: str, auth_spec: str, secrets: Mapping[str, str], *, made_ms: int, now_ms: int
    ) -> None:
        """Raises `CrmRefused`; `secrets` are sealed, by parameter name."""
        raise NotImplementedError

    def tables(self, flavour: Flavour) -> list[Table]:
        raise NotImplementedError

    def columns(self, flavour: Flavour, table: str) -> list[Column]:
        """Raises `CrmRefused` (table)."""
        raise NotImplementedError

    def preview(
        self,
        flavour: Flavour,
        table: str,
        limit: int = 10,
        filters: dict[str, Any] | None = None,
        dropped: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """The first rows; raises `CrmRefused`, `row_filters.FilterRefused`."""
        raise NotImplementedError

    def extract(
        self,
        flavour: Flavour,
        table: str,
        columns: Sequence[str] | None,
        delta_column: str | None,
        after_ms: int | None,
        until_ms: int | None,
        filters: dict[str, Any] | None = None,
        *,
        dropped: Collection[str] = (),
        volume_share: float = 1.0,
        corrupt_share: float = 0.0,
        corrupt_columns: Sequence[str] = (),
    ) -> Iterator[dict[str, Any]]:
        """Rows whose delta column lies in (after, until], oldest first, as they are at this call.

        A refusal is raised by the call itself, not by the first `next`. `volume_share` keeps a
        share of the rows. `corrupt_share` spoils a share: one of `corrupt_columns` (default the
        key) is emptied if it is the key, else overlong, malformed or impossible, after its type.
        The same arguments spoil and keep the same rows.
        """
        raise NotImplementedError

    def count(self, flavour: Flavour, table: str) -> int:
        raise NotImplementedError
