"""`aeptui get` and `aeptui why`: one resource, whole; one run, explained."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from aeptui.headless.asking import ask_one, bring
from aeptui.headless.text import Paper, detail, say
from aeptui.mirror.rows import AnyRow
from aeptui.resources.definition import Resource

if TYPE_CHECKING:
    from aeptui.resources.changes import Changes
    from aeptui.resources.troubles import Sample
    from aeptui.resources.why import Explanation
    from aeptui.session import Session


class NotThere(Exception):
    """Nothing has that id or name; the text is a sentence."""


async def get(
    session: Session, resource: Resource, wanted: str, *, json: bool, env: Mapping[str, str]
) -> int:
    """One resource by its id, or by a name that only one of its kind has."""
    await bring(session, resource.kind, detailed=True)
    row = await find(session, resource, wanted)
    if json:
        links = await session.mirror.links(resource.kind, row.id)
        _json(
            {
                "kind": resource.kind,
                "sandbox": session.sandbox,
                "row": msgspec.to_builtins(row),
                "links": [link._asdict() for link in links],
                "body": await session.mirror.body(resource.kind, row.id),
            }
        )
        return 0
    shown = await resource.detail(session, row)
    paper = Paper.of(sys.stdout, env, plain=session.config.flags.plain)
    say(detail(shown, paper), paper=paper)
    return 0


async def find(session: Session, resource: Resource, wanted: str) -> AnyRow:
    row = await session.mirror.get(resource.kind, wanted)
    if row is not None:
        return row
    found = [
        known
        for known in await session.mirror.find(wanted)
        if known.kind == resource.kind and known.name.lower() == wanted.lower()
    ]
    if len(found) > 1:
        ids = ", ".join(known.id for known in found)
        raise NotThere(f"{len(found)} {resource.plural} are called {wanted}: {ids}. Give an id.")
    if found:
        row = await session.mirror.get(resource.kind, found[0].id)
    else:
        row = await ask_one(session, resource.kind, wanted)
    if row is None:
        raise NotThere(f"There is no {resource.name} {wanted} in {session.sandbox}.")
    return row


async def why(session: Session, run_id: str, *, json: bool, env: Mapping[str, str]) -> int:
    """A run explained; 1 when something was found that a person should look at."""
    from aeptui.resources.explained import laid_out
    from aeptui.resources.why import explain

    await bring(session, "runs", detailed=True)
    explanation = await explain(session, run_id)
    if json:
        _json(_builtins(explanation))
    else:
        shown = laid_out(explanation, session.moment())
        paper = Paper.of(sys.stdout, env, plain=session.config.flags.plain)
        say(detail(shown, paper), paper=paper)
    return 1 if explanation.bad else 0


def _builtins(explanation: Explanation) -> dict[str, Any]:
    row = explanation.row
    return {
        "run": msgspec.to_builtins(row),
        "flow": msgspec.to_builtins(explanation.flow),
        "headline": explanation.headline,
        "synthetic": explanation.run.synthetic,
        "steps": msgspec.to_builtins(explanation.run.activities),
        "troubles": [
            {
                "code": trouble.code,
                "rows": trouble.rows,
                "activity": trouble.activity,
                "message": trouble.message,
                "cause_key": trouble.key,
                "since": trouble.since,
                "meaning": trouble.meaning.text,
                "cause": trouble.meaning.cause,
                "remedy": trouble.meaning.remedy,
            }
            for trouble in explanation.troubles
        ],
        "samples": [_sample(sample) for sample in explanation.samples],
        "samples_note": explanation.samples_note,
        **_changes(explanation.changes),
    }


def _changes(changes: Changes | None) -> dict[str, Any]:
    clean, bad = (changes.clean, changes.bad) if changes else (None, None)
    return {
        "last_clean_run": clean.id if clean else None,
        "first_bad_run": bad.id if bad else None,
        "changes": [
            {
                "kind": part.kind,
                "id": part.id,
                "name": part.name,
                "at": msgspec.to_builtins(part.at),
                "by": part.by,
                "versions": part.versions,
                "note": part.note,
                "differences": [each._asdict() for each in part.differences],
            }
            for part in (changes.parts if changes else ())
        ],
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "code": sample.code,
        "message": sample.message,
        "columns_at_fault": sorted(sample.at_fault),
        "row": sample.row,
    }


def _json(value: Any) -> None:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(text.decode() + "\n")
