"""One profile and one sandbox, opened: what both front ends hold.

A session is made of the services, the mirror, the sync loops and the watch.
Opening one touches the disk and nothing else, so that a first screen can be
drawn from last-known rows; `start` wakes the network behind it. Switching
sandbox or profile closes one session and opens another, so a late answer for
the old one has nowhere to land.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

from aeptui.config import Config, ConfigError, Profile
from aeptui.credentials import SecretSource, SecretUnavailable
from aeptui.log import unforeseen
from aeptui.moment import Moment
from aeptui.state_folder import FolderError, private_dir

if TYPE_CHECKING:
    from aeptui.api.services import Services
    from aeptui.api.settings import ApiSettings
    from aeptui.mirror.store import Mirror
    from aeptui.mirror.sync import Sync
    from aeptui.monitor.alerts import Marks
    from aeptui.monitor.watch import Watch
    from aeptui.notes.recorder import Recorder
    from aeptui.notes.store import Notes
    from aeptui.rehearsal import Rehearsal

T = TypeVar("T")

AGAIN_S = 15.0
"""Real seconds until a loop that ended is begun again."""
LIVE = ("flows", "runs")
STALE = timedelta(seconds=2)
"""For each second of the interval: what is older than two intervals is not live any more."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(slots=True)
class _Background:
    """The tasks of a started session, and the entering of its services."""

    entering: asyncio.Lock = field(default_factory=asyncio.Lock)
    entered: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


@dataclass(slots=True)
class _Door:
    """Until when writing is unlocked, in real time; never, at first."""

    open_until: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Session:
    """A profile and a sandbox with all that knows about them."""

    config: Config
    profile: Profile
    sandbox: str
    services: Services
    mirror: Mirror
    sync: Sync
    watch: Watch
    notes: Notes
    recorder: Recorder
    may_write: bool
    """Whether writes were allowed when the session was opened."""
    rehearsal: Rehearsal | None = None
    _background: _Background = field(default_factory=_Background, repr=False, compare=False)
    _door: _Door = field(default_factory=_Door, repr=False, compare=False)

    @property
    def writable(self) -> bool:
        """Whether something may be written just now: always, or for as long as it is unlocked."""
        return self.may_write or self.unlocked_for_s > 0

    @property
    def unlocked_for_s(self) -> float:
        """So many real seconds writing is still unlocked; 0 when it is not."""
        return max(0.0, self._door.open_until - time.monotonic())

    def unlock(self, minutes: int) -> None:
        """Open writing for a while; it ends by time and with the session."""
        self._door.open_until = time.monotonic() + minutes * 60

    @property
    def protected(self) -> bool:
        """Whether a write here asks for the sandbox's name."""
        return self.profile.protects(self.sandbox)

    def now(self) -> datetime:
        """The platform's time."""
        return self.services.clock.now()

    def moment(self) -> Moment:
        """The platform's time in the operator's zone, for whatever makes words of times."""
        return Moment(self.now(), self.config.settings.zone())

    async def marks(self) -> Marks:
        """What is acknowledged, put off or expected; nothing where the notes cannot be used."""
        from aeptui.monitor.alerts import Marks
        from aeptui.notes.file import NotesError

        try:
            return await self.notes.marks()
        except NotesError:
            return Marks((), {})

    async def aside(self, question: Callable[[Session], T]) -> T:
        """A question that glances at the mirror, answered beside the loop that draws."""
        return await self.mirror.glancing(lambda mirror: question(replace(self, mirror=mirror)))

    async def connected(self) -> Services:
        """The services, with their HTTP client made; what asks the platform begins here."""
        background = self._background
        async with background.entering:
            if not background.entered:
                await self._rehearsal_serves()
                await self.services.__aenter__()
                background.entered = True
        return self.services

    async def _rehearsal_serves(self) -> None:
        """A local platform that does not serve is a platform out of reach, like any other."""
        from aeptui.api.errors import ApiUnreachable
        from aeptui.rehearsal import RehearsalError

        if self.rehearsal is None:
            return
        try:
            await self.rehearsal.serving()
        except RehearsalError as reason:
            raise ApiUnreachable(str(reason), host=self.rehearsal.url, sent=False) from None

    def start(self) -> None:
        """Begin to sync and to judge, as tasks of the running loop; a second call does nothing."""
        if not self._background.tasks:
            for name, work in (("sync", self._sync), ("watch", self.watch.follow)):
                task = asyncio.create_task(self._keep(name, work), name=name)
                self._background.tasks.append(task)

    async def _sync(self) -> None:
        if self.rehearsal is not None:
            await self.rehearsal.made()
        await self.connected()
        await self.sync.follow()

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` until cancelled; what ends it is shown where ages are shown, then tried again."""
        from aeptui.api.errors import ApiTrouble
        from aeptui.mirror.troubles import StoreTrouble, Trouble, trouble_of
        from aeptui.rehearsal import RehearsalError

        while True:
            try:
                return await work()
            except (ApiTrouble, StoreTrouble) as reason:
                trouble = trouble_of(reason)
            except RehearsalError as reason:
                trouble = Trouble(str(reason), "unreachable")
            except Exception as bug:
                # A bug in a loop must not end the night's watch: it is told and begun again.
                unforeseen(bug)
                trouble = Trouble(
                    f"the {name} ended by a bug of ours ({type(bug).__name__}); the log has it",
                    "broken",
                )
            for kind in LIVE:
                await self.mirror.note(
                    kind,
                    at=self.now(),
                    trouble=trouble.sentence,
                    trouble_kind=trouble.kind,
                    next_in_s=AGAIN_S * self.services.clock.speed,
                )
            await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """End the tasks, the HTTP client and the mirror; within about a second."""
        background = self._background
        for task in background.tasks:
            task.cancel()
        await asyncio.gather(*background.tasks, return_exceptions=True)
        background.tasks.clear()
        if background.entered:
            background.entered = False
            await self.services.aclose()
        self.mirror.close()
        self.notes.close()


def mirror_path(state_dir: Path, platform_url: str, org_id: str, sandbox: str) -> Path:
    """The mirror's file for one platform host, organisation and sandbox.

    On loopback the port says nothing that lasts, and the organisation carries
    the emulated world's id: it stands for the host.
    """
    host = urlsplit(platform_url).hostname or platform_url
    parts = [org_id, sandbox] if host in LOOPBACK else [host, org_id, sandbox]
    return state_dir / "mirror" / ("~".join(quote(part, safe="@") for part in parts) + ".sqlite")


def api_settings(config: Config, profile: Profile) -> ApiSettings:
    """What the services need to know of a profile; its secrets are read when a token is asked for."""
    from aeptui.api.errors import SettingsError
    from aeptui.api.settings import ApiSettings, Secret

    def read(source: SecretSource) -> Secret:
        try:
            return Secret(source.read())
        except SecretUnavailable as reason:
            raise SettingsError(str(reason)) from None

    secret, token = profile.client_secret, profile.access_token
    return ApiSettings(
        org_id=profile.org_id,
        client_id=profile.client_id,
        sandbox=profile.sandbox,
        client_secret=(lambda: read(secret)) if secret else None,
        access_token=read(token) if token else None,
        scopes=profile.scopes,
        platform_url=profile.platform_url,
        ims_url=profile.ims_url,
        proxy=profile.proxy or None,
        ca_bundle=Path(profile.ca_bundle).expanduser() if profile.ca_bundle else None,
        calls_per_minute=config.settings.sync_calls_per_minute,
    )


async def open_session(
    config: Config,
    profile: Profile | None = None,
    sandbox: str = "",
    *,
    rehearsal: Rehearsal | None = None,
) -> Session:
    """A session on the chosen (or given) profile and sandbox; sends nothing.

    Raises ConfigError when the profile is not complete or nothing can be kept on disk. For a rehearsal whose
    world was never made it waits until the emulator has named the world, which
    is before the world is filled.
    """
    from aeptui.api.services import Services
    from aeptui.mirror.store import Mirror
    from aeptui.mirror.sync import Sync, SyncSettings
    from aeptui.mirror.troubles import StoreTrouble
    from aeptui.monitor.state import Thresholds, run_verdict
    from aeptui.monitor.watch import Watch
    from aeptui.notes.recorder import Recorder
    from aeptui.notes.store import Notes

    if profile is None:
        profile = await rehearsal.profile() if rehearsal else config.profile()
    sandbox = sandbox or config.flags.sandbox or profile.sandbox
    profile = replace(profile, sandbox=sandbox)
    services = Services(api_settings(config, profile))
    path = mirror_path(config.state_dir, profile.platform_url, profile.org_id, sandbox)
    try:
        private_dir(config.state_dir)
        private_dir(path.parent)
        mirror = Mirror.open(path, run_verdict=run_verdict, clock=services.clock.now)
    except (FolderError, StoreTrouble) as reason:
        raise ConfigError(str(reason)) from reason
    if rehearsal is not None and (known := mirror.summary_now().confirmed_at):
        # A rehearsed world stands still while nobody runs it.
        services.clock.begin_at(known)
    settings = config.settings
    sync = Sync(
        services,
        mirror,
        services.clock,
        SyncSettings(
            interval_s=settings.sync_interval_s,
            history_days=settings.history_days,
            max_mb=settings.max_mb,
        ),
    )
    if not settings.keep_samples and (config.state_dir / "samples").exists():
        from aeptui.resources.kept_samples import KeptSamples

        KeptSamples(config.state_dir, path.stem).forget()
    notes = Notes(config.state_dir, path.stem)
    recorder = Recorder(
        notes,
        services.clock.now,
        leading=lambda: sync.leading,
        patience=lambda: STALE * max(settings.sync_interval_s, services.clock.speed),
    )
    watch = Watch(mirror, Thresholds(**settings.thresholds), recorder, leading=lambda: sync.leading)
    return Session(
        config=config,
        profile=profile,
        sandbox=sandbox,
        services=services,
        mirror=mirror,
        sync=sync,
        watch=watch,
        notes=notes,
        recorder=recorder,
        may_write=config.may_write(profile, sandbox),
        rehearsal=rehearsal,
    )


@contextlib.asynccontextmanager
async def session_for(
    config: Config,
    profile: Profile | None = None,
    sandbox: str = "",
    *,
    rehearsal: Rehearsal | None = None,
) -> AsyncIterator[Session]:
    """`open_session`, closed at the end of the block."""
    session = await open_session(config, profile, sandbox, rehearsal=rehearsal)
    try:
        yield session
    finally:
        await session.close()


async def reopen(session: Session, sandbox: str) -> Session:
    """Another session of the same profile on another sandbox; the caller closes the old one."""
    return await open_session(session.config, session.profile, sandbox, rehearsal=session.rehearsal)
