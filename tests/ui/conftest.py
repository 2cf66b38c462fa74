"""A real session over a real mirror filled with models; the platform behind it does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from aeptui.api import models
from aeptui.config import Config, Profile, Settings
from aeptui.credentials import SecretSource
from aeptui.session import Session, open_session
from aeptui.ui.app import AepApp
from aeptui.ui.widgets.resource_table import ResourceTable
from tests.emulated import Rehearsal

NOW = datetime(2026, 9, 4, 14, 10, tzinfo=UTC)
"""When each test begins, for the platform: a slow machine makes nothing late."""
HOSTILE = "[red]bold[/] [/oops] 日本語 e\u0301 " + "x" * 500


def flow(n: int, name: str, **more: object) -> models.Flow:
    fields: dict[str, object] = {
        "id": f"flow-{n:03d}",
        "name": name,
        "state": "enabled",
        "source_connection_id": f"source-{n:03d}",
        "target_connection_id": "target-1",
        "base_connection_id": "base-1",
        "mapping_set_id": "mapping-1",
        "mapping_version": 4,
        "delta_column": "LastModifiedDate",
        "frequency": "minute",
        "interval": 30,
        "start_at": NOW - timedelta(days=20),
        "error_diagnostics": True,
        "partial_ingestion_percent": 5.0,
        "created_at": NOW - timedelta(days=20),
        "updated_at": NOW - timedelta(days=2),
        "updated_by": "ana@example.org",
        "body": b'{"id": "flow-%03d", "name": "a name", "scheduleParams": {"interval": 30}}' % n,
    }
    return models.Flow(**{**fields, **more})  # type: ignore[arg-type]


def run(n: int, of: int, minutes_ago: float, state: str = "success", **more: object) -> models.Run:
    began = NOW - timedelta(minutes=minutes_ago)
    fields: dict[str, object] = {
        "id": f"run-{of:03d}-{n:04d}",
        "flow_id": f"flow-{of:03d}",
        "state": state,
        "created_at": began,
        "updated_at": began + timedelta(seconds=70),
        "started_at": began,
        "completed_at": began + timedelta(seconds=70),
        "received": 1000 + n,
        "ingested": 1000 + n,
        "skipped": 0,
        "failed": 0,
        "warnings": 0,
        "batch_id": f"batch-{of:03d}-{n:04d}",
        "body": b'{"id": "run-%03d-%04d", "metrics": {}}' % (of, n),
    }
    return models.Run(**{**fields, **more})  # type: ignore[arg-type]


def flows() -> list[models.Flow]:
    names = ["Salesforce contacts", "Dynamics leads", "Salesforce accounts", HOSTILE]
    names += [f"CRM table {n:02d}" for n in range(4, 40)]
    made = [flow(n, name) for n, name in enumerate(names)]
    made[5] = flow(5, "Veeva accounts (old)", state="disabled")
    return made


def runs() -> list[models.Run]:
    error = models.RunError("CONNECTOR-2001-401", "The CRM refused the credentials.")
    made = []
    for of in range(40):
        made += [run(n, of, 25 + 30 * (20 - n) + of / 10) for n in range(20)]
        if of == 0:
            made.append(
                run(
                    20, 0, 24, "failed",
                    received=None, ingested=None, failed=None, errors=(error,), batch_id="",
                )
            )  # fmt: skip
        elif of == 1:
            made.append(run(20, 1, 24, received=1000, ingested=588, failed=412))
        elif of == 2:
            made.append(run(20, 2, 1, "inProgress", completed_at=None, ingested=None))
        else:
            made.append(run(20, of, 24 + of / 100))
    return made


async def fill(session: Session) -> None:
    """What a sync would have written."""
    mirror, seen = session.mirror, session.now()
    base = models.BaseConnection(
        id="base-1", name="Salesforce prod", state="enabled", created_at=NOW, updated_at=NOW
    )
    dataset = models.Dataset(id="dataset-1", name="CRM contacts", created_at=NOW)
    target = models.TargetConnection(id="target-1", name="Lake", dataset_id="dataset-1")
    await mirror.upsert("base-connections", [base], seen_at=seen)
    await mirror.upsert("datasets", [dataset], seen_at=seen)
    await mirror.upsert("target-connections", [target], seen_at=seen)
    await mirror.upsert(
        "sandboxes",
        [models.Sandbox(id=name, name=name.title()) for name in ("dev", "prod", "empty")],
        seen_at=seen,
    )
    await mirror.upsert("flows", flows(), seen_at=seen)
    await mirror.upsert("runs", runs(), seen_at=seen)
    for kind in ("flows", "runs"):
        await mirror.note(kind, at=session.now(), trouble=None, next_in_s=15)
    await session.watch.once()


def configuration(tmp_path: Path) -> Config:
    return Config(tmp_path / "config.toml", tmp_path / "state", Settings(timezone="UTC"))


def profile() -> Profile:
    return Profile(
        name="acme",
        org_id="ORG@AdobeOrg",
        client_id="client",
        client_secret=SecretSource("text", "a test", text="secret-of-a-test"),
        sandbox="dev",
        platform_url="http://127.0.0.1:9",  # the discard port: nobody answers
        ims_url="http://127.0.0.1:9",
        protected=("prod",),
    )


async def open_at_now(tmp_path: Path) -> Session:
    """A session that begins at `NOW`, with an empty mirror."""
    opened = await open_session(configuration(tmp_path), profile())
    opened.services.clock.begin_at(NOW)
    return opened


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A session whose mirror is empty."""
    opened = await open_at_now(tmp_path)
    yield opened
    await opened.close()


@asynccontextmanager
async def console(session: Session, columns: int = 80, lines: int = 24) -> AsyncIterator[Console]:
    """The console on `session`, headless; closed at the end with whatever session it has then."""
    app = AepApp(session)
    async with app.run_test(size=(columns, lines)) as pilot:
        try:
            yield Console(app, pilot)
        finally:
            # As the console does when it is left; `run_test` takes its pages down under them.
            app.workers.cancel_all()
    if app.session is not session:
        await app.session.close()


@pytest.fixture
async def filled(session: Session) -> Session:
    """A session whose mirror holds forty flows in several states, and their runs."""
    await fill(session)
    return session


@dataclass
class Console:
    """The app and the hand that presses its keys."""

    app: AepApp
    pilot: Pilot[int]

    @property
    def text(self) -> str:
        """The screen, a line each."""
        lines = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)

    @property
    def table(self) -> ResourceTable:
        """The table of the page in front."""
        return self.app.screen.query(ResourceTable).first()

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text as fast as a terminal sends it; its first key may open the line for it."""
        await self.pilot.press(*text[:1])
        for letter in text[1:]:
            key = Key(letter if letter.isalnum() else _character_to_key(letter), letter)
            key.set_sender(self.app)
            self.app.post_message(key)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], tries: int = 3000) -> None:
        """Let the app work until `condition` holds."""
        for _ in range(tries):
            if condition():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it never came true; the screen is:\n{self.text}")

    async def sees(self, *words: str) -> None:
        """Wait until all of `words` are on the screen."""
        await self.until(lambda: all(word in self.text for word in words))


@pytest.fixture
def api(platform: Rehearsal) -> Iterator[httpx.Client]:
    """A client beside the console."""
    with platform.client() as client:
        yield client
