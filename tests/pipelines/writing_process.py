"""A process that applies a plan of one base connection, and can be made to stop at a moment.

`python -m tests.pipelines.writing_process STATE_DIR URL ORG MOMENT`, where MOMENT is
`before` (the request is journalled and not sent), `after` (it is answered and that is
not journalled) or `never`. At the moment it says so and waits to be killed.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

from aeptui.api.services import ApiSettings, Secret, Services
from aeptui.api.writing import WriteAnswer, WriteRequest, Writing
from aeptui.pipelines.apply import apply
from aeptui.pipelines.journal import Journal
from tests.pipelines import crm


def halt() -> None:
    print("here", flush=True)
    threading.Event().wait()


class Halting:
    """A writer that stops before or after the one that it stands in front of."""

    def __init__(self, writing: Writing, moment: str) -> None:
        self._writing = writing
        self._moment = moment

    async def write(self, request: WriteRequest) -> WriteAnswer:
        if self._moment == "before":
            halt()
        answer = await self._writing.send(request)
        if self._moment == "after":
            halt()
        return answer


async def main(state_dir: str, url: str, org: str, moment: str) -> None:
    settings = ApiSettings(
        platform_url=url,
        ims_url=url,
        org_id=org,
        client_id="aeptui-rehearsal",
        client_secret=Secret("rehearsal-secret"),
        sandbox="dev",
    )
    journal = Journal.open(Path(state_dir))
    async with Services(settings) as services:
        services.writing = Writing(Halting(services.writing, moment))
        plan = crm.plan(services, crm.base())
        async for event in apply(plan, crm.SECRETS, services, journal):
            print(event.what, flush=True)
    journal.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
