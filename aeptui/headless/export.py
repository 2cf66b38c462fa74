"""`aeptui export`: an existing flow as a pipeline file, on standard output or in a new file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aeptui.forms.lookups import Lookups
from aeptui.headless.asking import bring
from aeptui.headless.listing import Usage
from aeptui.headless.one import find
from aeptui.headless.sending import FINE, TROUBLE
from aeptui.pipelines.chain import NotSayable
from aeptui.pipelines.exporting import export
from aeptui.pipelines.file_text import written
from aeptui.resources import registry
from aeptui.resources.formats import plural

if TYPE_CHECKING:
    from aeptui.session import Session


async def run(session: Session, wanted: str, out: Path | None) -> int:
    """Write the file of one flow; 1 for a flow that no file can say."""
    await bring(session, "flows")
    flow = await find(session, registry.BY_KIND["flows"], wanted)
    lookups = Lookups(session.connected, session.now, session.config.settings.zone())
    try:
        file, remarks = await export(await session.connected(), lookups, flow.id)
    except NotSayable as reason:
        print(f"aeptui: {reason}; a pipeline file cannot say that.", file=sys.stderr)
        return TROUBLE
    text = written(file, remarks)
    if out is None:
        sys.stdout.write(text)
    else:
        _keep(out, text)
    if remarks:
        said = f"{plural(len(remarks), 'thing')} that a file cannot say"
        print(
            f"aeptui: {said} {'is' if len(remarks) == 1 else 'are'} in its comments.",
            file=sys.stderr,
        )
    return FINE


def _keep(path: Path, text: str) -> None:
    """Write a new file; one that is there may be a person's work and stays."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise Usage(f"{path} is there already; choose another name") from None
    except OSError as reason:
        raise Usage(f"{path} cannot be written: {reason.strerror}") from None
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(text)
