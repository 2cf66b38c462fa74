"""The local platform of `aeptui demo` and `apply --rehearse`: the emulator as a child process.

The child listens on loopback, keeps its world in the state folder, and ends
when we end, since its standard input is a pipe from us. The environment file of
an earlier run tells the organisation before the child serves, so that the
mirror is found and drawn at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeptui.config import REHEARSAL, Config, Profile
from aeptui.credentials import SecretSource
from aeptui.state_folder import private_dir

HOST = "127.0.0.1"
PATIENCE_S = 60.0
"""How long the child may take until it serves."""
LOOK_S = 0.5
STOP_S = 3.0
LOG = "emulator.log"
MADE = "made"
"""Stands in the folder once a console has seen the world finished."""


class RehearsalError(Exception):
    """The local platform did not start or has gone; one sentence."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is handed on to the emulator."""

    seed: int = 1
    speed: float = 1.0
    start: str = ""
    fresh: bool = False
    port: int = 0
    empty: bool = False
    """Nothing is in the world but its CRM."""


@dataclass(slots=True)
class Rehearsal:
    """One emulated world and the process that serves it."""

    folder: Path
    options: Options
    port: int
    news: str = ""
    """What the person at the console should hear about this world; empty when nothing is new."""
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _shared: bool = False

    @classmethod
    def prepare(cls, config: Config, options: Options) -> Rehearsal:
        """Choose the world's folder and a port; nothing is started yet."""
        folder = config.state_dir / "demo" / f"seed-{options.seed}"
        private_dir(config.state_dir)
        private_dir(folder.parent)
        private_dir(folder)
        rehearsal = cls(folder, options, options.port)
        if options.fresh:
            rehearsal._forget()
        known = rehearsal._known()
        earlier = int(known["AEPTUI_PLATFORM_URL"].rpartition(":")[2]) if known else 0
        wanted = options.port or earlier
        if wanted and _is_free(wanted):
            rehearsal.port = wanted
        elif known and wanted == earlier and rehearsal._serves(known["AEPTUI_ORG_ID"], earlier):
            rehearsal.port, rehearsal._shared = earlier, True
        elif options.port:
            raise RehearsalError(f"Port {options.port} is taken; choose another with --port.")
        else:
            rehearsal.port = _free_port()
        if not rehearsal._shared:
            rehearsal._set_aside_what_is_not_ours()
        return rehearsal

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def env_file(self) -> Path:
        return self.folder / "emulator.env"

    @property
    def pid(self) -> int | None:
        """Our child's process id; None while there is none, and for a shared world."""
        return self._child.pid if self._child is not None else None

    @property
    def running(self) -> bool:
        """Whether our child runs, or another console's child serves this world."""
        return self._shared or (self._child is not None and self._child.poll() is None)

    def start(self) -> None:
        """Start the child unless it runs; returns at once."""
        if self.running:
            return
        if not (self.folder / MADE).exists():
            # A world that was never finished is begun anew, under another organisation.
            self.env_file.unlink(missing_ok=True)
        options = self.options
        # -P: the folder that one happens to stand in is no place to import from.
        argv = [sys.executable, "-P", "-m", "aeptui", "emulator", "--host", HOST]
        argv += ["--port", str(self.port), "--data", str(self.folder)]
        argv += ["--seed", str(options.seed), "--speed", f"{options.speed:g}"]
        argv += ["--start", options.start] if options.start else []
        argv += ["--empty"] if options.empty else []
        argv += ["--env-file", str(self.env_file), "--until-stdin-closes"]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
        with (self.folder / LOG).open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own program
                argv,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=clean,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """End our child and wait for it; a world that another console serves is left alone."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin:
            with contextlib.suppress(OSError):
                child.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.to_thread(child.wait, STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            await asyncio.to_thread(child.wait)

    async def restart(self) -> None:
        """Stop and start again, on the same port and the same world."""
        await self.stop()
        self._shared = False
        self.start()
        await self.serving()

    async def serving(self) -> None:
        """Return when the platform answers; RehearsalError when it ended or took too long."""
        async with self._patiently():
            while not await _listens(self.port):
                await self._a_little()

    async def _a_little(self, seconds: float = 0.05) -> None:
        if not self.running:
            raise RehearsalError(f"The local platform ended: {self._last_words()}")
        await asyncio.sleep(seconds)

    @contextlib.asynccontextmanager
    async def _patiently(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        except TimeoutError:
            raise RehearsalError(
                f"The local platform does not answer; {self.folder / LOG} has its words."
            ) from None

    async def profile(self) -> Profile:
        """The profile of this world; waits for the child only if the world was never made."""
        async with self._patiently():
            while not (known := self._known()):
                await self._a_little()
        secret = known["AEPTUI_CLIENT_SECRET"]
        return Profile(
            name=REHEARSAL,
            org_id=known["AEPTUI_ORG_ID"],
            client_id=known["AEPTUI_CLIENT_ID"],
            client_secret=SecretSource("text", "the rehearsal", text=secret),
            scopes=known["AEPTUI_SCOPES"],
            sandbox=known["AEPTUI_SANDBOX"],
            platform_url=self.url,
            ims_url=self.url,
            protected=("prod",),
            read_only=False,
        )

    async def making(self) -> tuple[int, int] | None:
        """How far the making of the world is, as runs done and runs in all; None when it is made."""
        import httpx

        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            try:
                answer = await client.get(f"{self.url}/_emulator/state")
                state: dict[str, Any] = answer.json()
            except (httpx.HTTPError, ValueError) as reason:
                raise RehearsalError(
                    f"The local platform does not answer at {self.url}."
                ) from reason
        making = state.get("making")
        if making is None:
            (self.folder / MADE).touch(mode=0o600)
        return (int(making["done"]), int(making["of"])) if making else None

    async def made(self) -> None:
        """Return when the world is whole; while it is made, its clock walks through the past."""
        await self.serving()
        while await self.making() is not None:
            await self._a_little(LOOK_S)

    def _known(self) -> dict[str, str]:
        """What the environment file of this or an earlier run says; empty without one."""
        try:
            lines = self.env_file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        wanted = ("PLATFORM_URL", "ORG_ID", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "SANDBOX")
        return found if all(f"AEPTUI_{key}" in found for key in wanted) else {}

    def _forget(self) -> None:
        """Throw the world away; refused while another console rehearses in it."""
        known = self._known()
        if known:
            port = int(known["AEPTUI_PLATFORM_URL"].rpartition(":")[2])
            if not _is_free(port) and self._serves(known["AEPTUI_ORG_ID"], port):
                raise RehearsalError("Another console rehearses in this world; leave it first.")
        for path in self.folder.iterdir():
            if path.is_file():
                path.unlink()

    def _set_aside_what_is_not_ours(self) -> None:
        """A world of another version, or a damaged one, makes way for a new one."""
        from aeptui.emulator import kept

        # A journal left behind tells of a crash; else looking at every page only takes time.
        crashed = any((self.folder / f"{name}-wal").exists() for name in kept.FILES)
        trouble = kept.trouble(self.folder, thoroughly=crashed)
        if trouble is None:
            return
        try:
            aside = kept.set_aside(self.folder, self.env_file.name, MADE)
        except OSError as reason:
            raise RehearsalError(
                f"{trouble} It could not be set aside: {reason.strerror}."
            ) from reason
        self.news = f"{trouble} It was set aside in {aside}, and a new world is made."

    def _serves(self, org_id: str, port: int) -> bool:
        """Whether the emulator of this very world listens on `port`."""
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection(HOST, port, timeout=2)
        try:
            connection.request("GET", "/_emulator/state")
            state = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError):
            return False
        finally:
            connection.close()
        return isinstance(state, dict) and f"REHEARSAL{state.get('world')}@AdobeOrg" == org_id

    def _last_words(self) -> str:
        try:
            text = (self.folder / LOG).read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        lines = [line for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing."


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
