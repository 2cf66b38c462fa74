"""The emulator as a program: its folder, its socket, and its world in the making."""

import argparse
import contextlib
import fcntl
import functools
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import IO

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from aeptui.emulator import kept
from aeptui.emulator.app import create_app
from aeptui.emulator.clock import Clock
from aeptui.emulator.control import is_loopback
from aeptui.emulator.crm import Crm
from aeptui.emulator.emulator import Emulator
from aeptui.emulator.history import Scale
from aeptui.emulator.options import Options, add_arguments, options_of
from aeptui.emulator.runner import Runner
from aeptui.emulator.tokens import SCOPES
from aeptui.emulator.world import CLIENT_ID, CLIENT_SECRET, World

__all__ = ["Options", "add_arguments", "run", "serve"]

USAGE = 2
BUG = 70
FIRST_SANDBOX = "dev"
_WAY_OUT = "move it away to begin a new world here, or choose another folder with --data"


class Refused(Exception):
    """The emulator cannot start; the text says why."""


class Interrupted(Exception):
    """The making of a world was told to stop."""


def run(namespace: argparse.Namespace) -> int:
    """Serve what the parsed flags ask for; answers the exit code."""
    return serve(options_of(namespace))


def serve(options: Options) -> int:
    """Serve until told to stop; answers the exit code."""
    os.umask(0o077)  # a world holds people's names, if invented ones
    try:
        if not is_loopback(options.host) and not options.allow_remote:
            raise Refused(
                f"{options.host} is not this machine alone; add --allow-remote to mean it."
            )
        with contextlib.ExitStack() as stack:
            stack.enter_context(_folder(options.data))
            listener = stack.enter_context(_listening(options.host, options.port))
            premises = Premises(options)
            stack.callback(premises.close)
            _serve(options, premises, listener)
        return BUG if premises.failed else 0
    except Refused as reason:
        print(f"aeptui emulator: {reason}", file=sys.stderr)
        return USAGE


class Premises:
    """A world with its CRM and runner, opened from a folder or made anew."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._crm: Crm | None = None
        self._maker: threading.Thread | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._address = ""
        self._on_end: Callable[[], None] = lambda: None
        self.failed = False
        clock = Clock(0, 0.0)
        if options.data is not None and (trouble := kept.trouble(options.data)) is not None:
            raise Refused(f"{trouble} Nothing was changed; {_WAY_OUT}.")
        try:
            self.world = World(self._path("world.sqlite"), clock, options.seed or 1)
        except (sqlite3.Error, ValueError) as reason:
            sentence = f"The world in {options.data} cannot be read: {reason}."
            raise Refused(f"{sentence} Nothing was changed; {_WAY_OUT}.") from reason
        if options.seed is not None and self.world.seed != options.seed and self._made:
            sentence = f"{options.data} holds the world of seed {self.world.seed}."
            self.world.close()
            raise Refused(f"{sentence} Use that seed, or another folder.")
        held = self.world.history
        if (
            options.scale is not None
            and self._made
            and (held is None or held.scale != options.scale)
        ):
            sentence = (
                f"{options.data} holds a world that was not made with --scale {options.scale}."
            )
            self.world.close()
            raise Refused(f"{sentence} Leave --scale out to use it, or choose another folder.")
        self.emulator = Emulator(
            self.world, token_ttl_s=options.token_ttl_s, lenient=options.lenient
        )
        self.emulator.begin_again = self._begin_again
        if self._made:
            clock.set(options.start_ms or 0)
            self._open(self.world.clock.now_ms())
            clock.speed = options.speed
        else:
            self._clear(options.seed or self.world.seed)
            self.emulator.making = (0, 0)

    @property
    def _made(self) -> bool:
        return self.world.recall("made") is not None

    def make(self, on_end: Callable[[], None]) -> None:
        """Make the world in a thread, unless there is one, and let it live in another.

        `on_end` is called when either went wrong.
        """
        self._on_end = on_end
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep_up, name="keeping up")
            self._keeper.start()
        if self.emulator.making is not None:
            self._maker = threading.Thread(target=self._make, name="making the world")
            self._maker.start()

    def close(self) -> None:
        self._stopping.set()
        for thread in (self._maker, self._keeper):
            if thread is not None:
                thread.join()
        self.world.close()
        if self._crm is not None:
            self._crm.close()

    def _path(self, name: str) -> Path | None:
        return None if self._options.data is None else self._options.data / name

    def _open(self, crm_start_ms: int) -> None:
        world = self.world
        self._crm = Crm(self._path("crm.sqlite"), world.seed, crm_start_ms)
        self.emulator.furnish(self._crm, Runner(world, self._crm, self.emulator.incidents))

    def _clear(self, wanted_seed: int) -> None:
        """A new world in the place of what is there, at its beginning."""
        if self._crm is not None:
            self._crm.close()
            self._crm = None
        path = self._path("crm.sqlite")
        for suffix in ("", "-wal", "-shm", "-journal") if path is not None else ():
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        self.world.begin(wanted_seed)
        self.world.clock.speed = 0.0
        self.world.clock.begin(self._options.start_ms or int(time.time() * 1000))

    def _begin_again(self, wanted_seed: int) -> None:
        """Called by a request, which holds the world's lock."""
        self._clear(wanted_seed)
        self.emulator.making = (0, 0)
        if self._options.empty and self._options.scale is None:
            self._furnish_empty()
        else:
            self.make(self._on_end)
        self.tell_how(self._address)  # another world is another organisation

    def _keep_up(self) -> None:
        """Let the world live while nobody asks: a fast clock would else pile up work."""
        wait_s = 0.0
        try:
            while not self._stopping.wait(wait_s):
                wait_s = self.emulator.keep_up()
        except BaseException:
            self.failed = True
            self._on_end()
            raise

    def _make(self) -> None:
        self.failed = True  # until it is done: what is raised here is a bug, and ends the program
        try:
            if self._options.scale is not None:
                self._make_scaled(self._options.scale)
            elif self._options.empty:
                with self.world.lock:
                    self._furnish_empty()
            else:
                self._make_demo()
            self.failed = False
        except Interrupted:
            self.failed = False
        finally:
            if self.failed:
                self._on_end()

    def _furnish_empty(self) -> None:
        from aeptui.emulator import seed  # not needed for a world that is kept

        self._open(self.world.clock.now_ms())
        seed.make_empty(self.world)
        self._finish()

    def _make_demo(self) -> None:
        from aeptui.emulator import seed  # not needed for a world that is kept

        clock = self.world.clock
        with self.world.lock:
            clock.begin(clock.now_ms() - seed.HISTORY_MS)
            self._open(clock.now_ms())
        seed.make_world(self.world, self.emulator.runner, self._progress)
        self._finish()

    def _make_scaled(self, wanted: Scale) -> None:
        from aeptui.emulator import scale  # not needed for a world that is kept

        with self.world.lock:
            self._open(self.world.clock.now_ms())
        scale.fill(self.world, self.emulator.runner, wanted, self._progress)
        self._finish()

    def _finish(self) -> None:
        with self.world.transaction():
            self.world.remember("made", "yes")
        self.world.clock.speed = self._options.speed
        self.emulator.making = None

    def _progress(self, done: int, of: int) -> None:
        if self._stopping.is_set():
            raise Interrupted
        self.emulator.making = (done, of)
        self.emulator.give_way()

    def tell_how(self, address: str) -> None:
        """Write how this emulator is reached, whole or not at all, for its owner alone."""
        self._address = address
        path = self._options.env_file
        if path is None:
            return
        lines = {
            "AEPTUI_PLATFORM_URL": address,
            "AEPTUI_IMS_URL": address,
            "AEPTUI_ORG_ID": self.world.org,
            "AEPTUI_CLIENT_ID": CLIENT_ID,
            "AEPTUI_CLIENT_SECRET": CLIENT_SECRET,
            "AEPTUI_SCOPES": ",".join(SCOPES),
            "AEPTUI_SANDBOX": FIRST_SANDBOX,
        }
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                file.write(text)
            draft.replace(path)
        except OSError as reason:
            raise Refused(f"{path} cannot be written: {reason.strerror}.") from reason


class _Server(uvicorn.Server):
    """uvicorn, which says on standard output when it serves."""

    def __init__(self, config: uvicorn.Config, serving: Callable[[], None]) -> None:
        super().__init__(config)
        self._serving = serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._serving()


class _Protocol(H11Protocol):
    """HTTP that hands the application a way to hang up, for faults that do."""

    def connection_made(self, transport) -> None:  # type: ignore[no-untyped-def]
        super().connection_made(transport)
        inner: ASGIApp = self.app

        def hang_up() -> None:
            linger = socket.SO_LINGER
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, linger, b"\1\0\0\0\0\0\0\0")  # a reset, no farewell
            transport.abort()

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "emulator.hang_up": hang_up}, receive, send)

        self.app = with_hang_up


def _serve(options: Options, premises: Premises, listener: socket.socket) -> None:
    address = _address_of(options.host, listener)
    premises.tell_how(address)
    config = uvicorn.Config(
        create_app(premises.emulator),
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )

    def stop(*_: int | FrameType | None) -> None:
        server.should_exit = True

    def serving() -> None:
        print(f"ready {address}", flush=True)
        premises.make(stop)
        if options.until_stdin_closes:
            watch = functools.partial(_until_closed, sys.stdin, stop)
            threading.Thread(target=watch, daemon=True, name="standard input").start()

    server = _Server(config, serving)
    # uvicorn raises the signal again once it has stopped; being told to stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    server.run(sockets=[listener])


def _until_closed(stream: IO[str], stop: Callable[[], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while stream.buffer.read(4096):  # type: ignore[attr-defined]
            pass
    stop()


@contextlib.contextmanager
def _folder(path: Path | None) -> Iterator[None]:
    """The data folder, for one emulator at a time."""
    if path is None:
        yield
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (path / "lock").open("w")
    except OSError as reason:
        raise Refused(f"{path} cannot be used: {reason.strerror}.") from reason
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"Another emulator is using {path}.") from None
        yield


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends without delay only on sockets that say they are TCP
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except OSError as reason:
        raise Refused(f"{host}:{port} cannot be listened on: {reason.strerror}.") from reason
    with listener:
        yield listener


def _address_of(host: str, listener: socket.socket) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}"
