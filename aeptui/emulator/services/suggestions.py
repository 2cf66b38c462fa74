"""Mappings that names suggest: from the columns that a batch came from to a dataset's fields.

How the platform scores is not published; here a score is the likeness of the words in a
column's name to those at the end of a field's path, and each field is suggested once.
"""

import re
from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz

from aeptui.emulator.crm import Crm
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import plain_error
from aeptui.emulator.pipeline import Broken, source_of
from aeptui.emulator.world import World
from aeptui.emulator.xdm import Field

LEAST = 0.75
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CUSTOM = re.compile(r"__c$|^new_")  # how CRMs mark columns that somebody added


def columns_of(world: World, sandbox: str, crm: Crm, batch: Document) -> list[str]:
    """The columns of the table that the batch's flow reads."""
    run = world.get(sandbox, "runs", str(batch.private.get("run", "")))
    flow = None if run is None else world.get(sandbox, "flows", run.body["flowId"])
    if flow is None:
        raise plain_error(400, "Invalid request", f"No flow has written the batch {batch.id}.")
    try:
        source = source_of(world, sandbox, flow.body)
    except Broken as reason:
        raise plain_error(400, "Invalid request", reason.sentence) from None
    if source.columns:
        return list(source.columns)
    return [column.name for column in crm.columns(source.flavour, source.table)]


def suggested(columns: Iterable[str], fields: Mapping[str, Field]) -> dict[str, tuple[str, float]]:
    """For each column the field that it is most like, if any is like enough, and how much."""
    paths = {path: _ends(path) for path in fields if "[*]" not in path}
    scores = sorted(
        (
            (-_likeness(column, ends), len(path), path, column)
            for column in columns
            for path, ends in paths.items()
        ),
    )
    found: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for minus, _, path, column in scores:
        if -minus < LEAST:
            break
        if column not in found and path not in taken:
            found[column] = (path, round(-minus, 2))
            taken.add(path)
    return found


def _likeness(column: str, ends: tuple[str, str]) -> float:
    words = _words(_CUSTOM.sub("", column))
    return max(fuzz.token_sort_ratio(words, end) for end in ends) / 100


def _ends(path: str) -> tuple[str, str]:
    """The words of a path's last name, and of its last two."""
    *_, above, last = ("", *path.split("."))
    return _words(last), f"{_words(above)} {_words(last)}"


def _words(name: str) -> str:
    return " ".join(word.lower() for word in _WORD.findall(name))
