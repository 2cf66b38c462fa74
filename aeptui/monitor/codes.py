"""The code book: what a code of the platform means, its usual cause, and what to do about it.

The codes and their meaning are those of `aeptui/api/AEP.md`, 3.11; the numbers of Flow
Service and of the sources collide, so a code is looked up with its family and
its HTTP suffix, and never by its number alone. A team adds entries of its own,
which come before ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in plain words; `known` is false where all we have is the platform's message."""

    code: str
    text: str = ""
    cause: str = ""
    remedy: str = ""
    known: bool = True
    message: tuple[str, ...] = ()
    """The entry counts only where the platform's message has one of these texts; empty: always."""


BOOK: dict[str, Meaning] = {
    each.code: each
    for each in (
        Meaning(
            "CONNECTOR-1001-500",
            "the copy out of the source failed",
            "expired or refused credentials, a network that does not let the platform in, a "
            "table or column that is gone, or a source that limits calls",
            "test the base connection; when it answers, retry the run",
        ),
        Meaning(
            "CONNECTOR-2001-500",
            "the rows were copied, but not written to the dataset",
            "rows that cannot be parsed, mapped or validated, more of them than are allowed",
            "read the codes below it, which name the rows and columns",
        ),
        Meaning(
            "CONNECTOR-3001-500",
            "the platform could not make a batch for the rows",
            "trouble inside the platform",
            "retry the run later; when it fails again, ask Adobe with the request id",
        ),
        Meaning(
            "INGEST-1002-400",
            "a file could not be uploaded",
            "trouble between the copy and the data lake",
            "retry the run",
        ),
        Meaning(
            "INGEST-1211-400",
            "rows were refused, and nobody kept which",
            "error diagnostics are off in this flow",
            "turn error diagnostics on and run the flow again",
        ),
        Meaning(
            "INGEST-1212-400",
            "some rows were refused and the others ingested",
            "rows that do not fit the schema, fewer of them than are allowed",
            "look at the sample rows",
        ),
        Meaning(
            "INGEST-1401-400",
            "a row cannot be parsed",
            "a value that is not of the type or format of its field",
            "correct it in the CRM, or convert it in the mapping",
        ),
        Meaning(
            "INGEST-1555-400",
            "a required field is missing or empty",
            "an empty column in the CRM, or a field that nothing is mapped to",
            "fill the column in the CRM, or map a default to the field",
        ),
        Meaning(
            "MAPPER-3700-400",
            "a value could not be transformed",
            "an expression of the mapping that does not suit the value",
            "check the expression and the types on both of its sides",
        ),
        Meaning(
            "DCVS-1104-400",
            "a value has the wrong type",
            "a column of another type than its field",
            "convert the value in the mapping",
        ),
        Meaning(
            "DCVS-1105-400",
            "a value has the wrong format",
            "a text that does not match the pattern of its field",
            "bring it into the format in the mapping",
        ),
        Meaning(
            "DCVS-1106-400",
            "a required key is missing",
            "a field that the schema requires and nothing is mapped to",
            "map it, or give it a default",
        ),
        Meaning(
            "DCVS-1111-400",
            "a required field is missing",
            "an empty column, or a field that nothing is mapped to",
            "map it, or give it a default",
        ),
        Meaning(
            "106",
            "a file of the batch is empty",
            "a source that gave no rows",
            "see whether the source has any",
        ),
        Meaning(
            "118",
            "the header of a file is empty or missing",
            "a file without column names",
            "add the header and run the flow again",
        ),
        Meaning(
            "133",
            "the batch has no files",
            "nothing was uploaded before the batch was completed",
            "run the flow again",
        ),
        Meaning(
            "400",
            "a part of a file is missing or overlaps another",
            "an upload that was interrupted",
            "run the flow again",
        ),
    )
}

_SOURCE = "CONNECTOR-1001-500"

_IN_THE_WORDS_OF_THE_SOURCE = (
    Meaning(
        _SOURCE,
        "the credentials have expired",
        "a secret or a token that was good until a date, and the date has passed",
        "make new credentials in the CRM, give them to the base connection, and retry the run",
        message=("invalid_grant", "expired"),
    ),
    Meaning(
        _SOURCE,
        "the credentials were refused",
        "a client id, secret or password that was changed or withdrawn in the CRM",
        "test the base connection, give it credentials that the CRM takes, and retry the run",
        message=(
            "invalid_client",
            "invalid_login",
            "login failed",
            "unauthorized",
            "aadsts7000215",
        ),
    ),
    Meaning(
        _SOURCE,
        "a source column is gone",
        "a column that was renamed, removed or hidden from the platform's user in the CRM",
        "bring the column back, or take it out of the source connection and the mapping",
        message=("no such column", "invalid_field", "could not find a property", "column '"),
    ),
    Meaning(
        _SOURCE,
        "the source table is gone",
        "a table that was renamed, removed or hidden from the platform's user in the CRM",
        "bring the table back, or make a source connection for its new name",
        message=("invalid_type", "resource not found for", "table or view"),
    ),
    Meaning(
        _SOURCE,
        "the source limits calls",
        "more calls of the CRM in a day or an hour than it allows, ours or those of others",
        "wait until the CRM takes calls again, or let the flows run less often",
        message=("request_limit_exceeded", "too many requests", "rate limit"),
    ),
    Meaning(
        _SOURCE,
        "the source did not answer",
        "a CRM that is down or slow, or a network that does not let the platform in",
        "test the base connection; when it answers, retry the run",
        message=(
            *("did not answer", "refused the connection", "timed out", "timeout"),
            *("could not be reached", "service unavailable", "server_unavailable"),
        ),
    ),
)
"""What a copy failed for, where the source says it; the first that fits."""

_FAMILIES = {
    "CONNECTOR": "the source or its copy has a problem",
    "INGEST": "rows were refused on the way into the dataset",
    "MAPPER": "the mapping could not transform a value",
    "DCVS": "a value does not fit the schema",
    "FLOW": "Flow Service refused",
}


DIAGNOSTICS_OFF = "INGEST-1211-400"

WRAPPER = "CONNECTOR-2001-500"
SUMMARIES = frozenset({DIAGNOSTICS_OFF, "INGEST-1212-400", WRAPPER})
"""Codes that only count or wrap what others say (AEP.md 3.11)."""


def of_rows(code: str) -> bool:
    """Whether `code` is about single rows and their values, not about the run as a whole."""
    return code.partition("-")[0] in ("INGEST", "MAPPER", "DCVS") or "DPMAP" in code


def of_values(code: str) -> bool:
    """Whether `code` is about values that were left empty, not about rows that were lost."""
    return code.startswith("MAPPER-") or "DPMAP" in code


def place(code: str) -> int:
    """Where `code` stands among those of one run: lost rows, lost values, then summaries."""
    return 2 if code in SUMMARIES else 1 if of_values(code) else 0


class CodeBook:
    """What codes mean: a team's own entries, then ours; an entry may leave parts to later ones."""

    def __init__(self, own: Sequence[Meaning] = ()) -> None:
        self.own = tuple(own)
        self._entries = (*own, *_IN_THE_WORDS_OF_THE_SOURCE, *BOOK.values())

    def meaning(self, code: str, message: str = "") -> Meaning:
        """What `code` means; one that the book lacks is told by its family or the platform's words.

        The code of a single row comes without its family (`1401`) and is one of `INGEST`.
        """
        asked = code.strip()
        names = (asked, f"INGEST-{asked}-400", *(("MAPPER-3700-400",) if "DPMAP" in asked else ()))
        fits = [
            each for name in names for each in self._entries if _fits(each, name, message.lower())
        ]
        if fits:
            text = next((each.text for each in fits if each.text), "") or message
            cause = next((each.cause for each in fits if each.cause), "")
            remedy = next((each.remedy for each in fits if each.remedy), "")
            return Meaning(asked, text, cause, remedy)
        family = _FAMILIES.get(asked.partition("-")[0], "")
        unnamed = "the platform gave no reason" if asked else "rows were lost, no code says why"
        text = message or family or unnamed
        return Meaning(asked, text, family if message else "", known=False)

    def said(self, code: str, column: str, message: str) -> str:
        """What is wrong, on one line: the column's own trouble where the message begins with it.

        The message of a row says more than its code does, once the value is left out.
        """
        told = _without_values(message)
        if column and told.startswith(column) and not any(each.code == code for each in self.own):
            return told
        text = self.meaning(code, message).text
        return f"{text} ({column})" if column and column not in text else text


def _fits(entry: Meaning, code: str, message: str) -> bool:
    return entry.code == code and (
        not entry.message or any(text.lower() in message for text in entry.message)
    )


def _without_values(message: str) -> str:
    bare = re.sub(r":?\s*(?:'[^']*'|\"[^\"]*\")", "", message)
    return " ".join(bare.split()).rstrip(".: ")
