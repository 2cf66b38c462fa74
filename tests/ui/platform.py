"""The console on a real emulator, over a proxy that keeps each request as it came."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from aeptui.config import Config, Flags, Profile, Settings
from aeptui.credentials import SecretSource
from aeptui.log import begin
from tests.emulated import Rehearsal
from tests.ui.conftest import Console

PASSWORD = "pl@nted-password-4711"
TOKEN = "planted-security-token-0815"
NOT_FORWARDED = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}


@dataclass(frozen=True)
class Request:
    """A request as the platform got it."""

    method: str
    path: str
    body: bytes


@dataclass
class Proxy:
    """Passes everything on to the emulator; `writes` are the requests with a body or a DELETE."""

    url: str
    requests: list[Request] = field(default_factory=list)

    @property
    def writes(self) -> list[Request]:
        """What was asked of AEP but for reading; the token request is none."""
        return [each for each in self.requests if each.method != "GET" and "/ims/" not in each.path]


@contextmanager
def proxied(rehearsal: Rehearsal) -> Iterator[Proxy]:
    """A proxy before the emulator."""
    upstream = httpx.Client(base_url=rehearsal.url, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.requests.append(Request(self.command, self.path, body))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_FORWARDED}
            try:
                answer = upstream.request(self.command, self.path, headers=headers, content=body)
            except httpx.TransportError:
                self.close_connection = True  # cut as the emulator cut it
                self.connection.close()
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {*NOT_FORWARDED, "content-encoding", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Date", answer.headers["Date"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        upstream.close()


def configured(tmp_path: Path, every_s: float = 1.0, **flags: Any) -> Config:
    """A configuration that asks often, for an emulator that does not mind."""
    settings = Settings(timezone="UTC", sync_interval_s=every_s, sync_calls_per_minute=60_000)
    return Config(tmp_path / "config.toml", tmp_path / "state", settings, flags=Flags(**flags))


def profile_on(proxy: Proxy, rehearsal: Rehearsal, **changes: Any) -> Profile:
    """A profile that may write."""
    known: dict[str, Any] = {
        "name": "acme",
        "org_id": rehearsal.org,
        "client_id": "aeptui-rehearsal",
        "client_secret": SecretSource("text", "a test", text="rehearsal-secret"),
        "sandbox": "dev",
        "platform_url": proxy.url,
        "ims_url": proxy.url,
        "read_only": False,
    }
    return Profile(**(known | changes))


async def choose(at: Console, text: str) -> None:
    """In a list to choose from: find by a text and take the first."""
    await at.press("enter")
    await at.sees("a-z find")
    await at.type(text)
    await at.sees(f"find {text}")
    await at.press("enter")
    await at.until(lambda: "a-z find" not in at.text)


async def tick(at: Console, *texts: str) -> None:
    """In a list to tick: only what these texts find first."""
    await at.press("enter")
    await at.sees("space tick")
    for text in texts:
        await at.type(text)
        await at.sees(f"find {text}")
        await at.press("space", "ctrl+u")
    await at.press("enter")
    await at.until(lambda: "space tick" not in at.text)


async def until_settled(at: Console) -> None:
    """Wait until nothing is being asked of the platform."""
    page: Any = at.app.screen
    await at.until(lambda: not page.asking and not page.lookups.missing())


async def fill_base(at: Console, password: str = PASSWORD, token: str = TOKEN) -> None:
    """The form for a base connection, filled by keys."""
    await until_settled(at)
    await choose(at, "salesforce")
    await at.sees("Environment URL")
    await at.press("ctrl+u")
    await at.type("Salesforce prod")
    await at.press("down", "down")
    await at.type("https://example.my.salesforce.com")
    await at.press("down")
    await at.type("integration@example.com")
    await at.press("down")
    await at.type(password)
    await at.press("down")
    await at.type(token)
    await at.press("down")


def got(api: httpx.Client, path: str) -> Any:
    """What the platform answers to a question beside the console."""
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def logged(state: Path) -> Iterator[Path]:
    """The log of a console with all that it can tell; its file."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        yield begin(state, "debug")
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)


def everything_kept(folder: Path) -> bytes:
    """All that is on disk below a folder."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
