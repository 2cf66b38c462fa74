"""10,000 flows: our client beside Adobe's `aepp`, in the same run.

    python -m tests.bench.client [-n 7] [--flows 10000] [--delay-ms 0 | --emulator] [--aepp PYTHON]

A server of canned pages answers both, each in a process of its own; making
the client counts, importing it does not. With `--emulator` the emulator
answers instead: it takes longer over a page than any client, so that only the
CPU time says something. Prints medians of wall time, of the time to the first
page, of CPU time and of memory, and the ratios. `--aepp`
names an interpreter that has aepp; without it, and without aepp here, ours is
measured alone. `--profile` prints where our own time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import pkgutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAGE = 100
START = 1767268800000

AEPP = """
import json, os, resource, sys, time, warnings
warnings.filterwarnings("ignore")
import aepp
from aepp import flowservice
url, org, client, secret, sandbox = sys.argv[1:]
wall, cpu = time.perf_counter(), time.process_time()
aepp.configure(org_id=org, client_id=client, secret=secret, scopes="openid", sandbox=sandbox)
aepp.config.endpoints["global"] = url
aepp.config.config_object["oauthTokenEndpointV2"] = url + "/ims/token/v3"
flows = flowservice.FlowService().getFlows(limit=100, n_results="inf")
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"flows": len(flows), "wall": wall, "first": wall, "cpu": cpu, "rss": rss}))
"""


def a_flow(number: int) -> dict[str, Any]:
    """A flow as the platform shows one."""
    id = f"{number:08x}-0000-4000-8000-{number:012x}"
    links = {"_links": {"self": {"href": f"/flows/{id}"}}}
    base = {"id": f"b{number % 40}", "connectionSpec": {"id": "cfc0fee1", "version": "1.0"}}
    return {
        "id": id,
        "createdAt": START + number,
        "updatedAt": START + number * 2,
        "createdBy": "ABC@techacct.adobe.com",
        "updatedBy": "ABC@techacct.adobe.com",
        "createdClient": "platform_ui",
        "updatedClient": "platform_ui",
        "sandboxId": "d537df80-c5d7-11e9-aafb-87c71c35cac8",
        "sandboxName": "dev",
        "imsOrgId": "A@AdobeOrg",
        "name": f"Salesforce contacts {number}",
        "description": "Contacts of the region, every half an hour",
        "flowSpec": {"id": "14518937-270c-4525-bdec-c2ba7cce3860", "version": "1.0"},
        "state": "enabled",
        "version": f'"{number:08x}-0000-0200-0000-602e06f60000"',
        "etag": f'"{number:08x}-0000-0200-0000-602e06f60000"',
        "sourceConnectionIds": [f"s{number}"],
        "targetConnectionIds": [f"t{number}"],
        "inheritedAttributes": {
            "sourceConnections": [{"id": f"s{number}", "baseConnection": base, **links}],
            "targetConnections": [{"id": f"t{number}", "connectionSpec": {"id": "c604ff05"}}],
        },
        "scheduleParams": {
            "startTime": "1767268800",
            "frequency": "minute",
            "interval": 30,
            "backfill": "true",
        },
        "transformations": [
            {"name": "Copy", "params": {"deltaColumn": {"name": "LastModifiedDate"}}},
            {"name": "Mapping", "params": {"mappingId": f"m{number}", "mappingVersion": 0}},
        ],
        "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5},
        "lastRunDetails": {"id": f"r{number}", "state": "success", "startedAtUTC": START},
        "lastOperation": {"started": START, "updated": 0, "operation": "enable"},
    }


# The server -----------------------------------------------------------------


async def serve(flows: int, delay_s: float) -> None:
    """Rendered pages on loopback; prints its address, and serves until it is ended."""
    pages = []
    for start in range(0, flows, PAGE):
        links: dict[str, Any] = {}
        if start + PAGE < flows:
            links = {"next": {"href": f"/flows?continuationToken=page{start // PAGE + 1}"}}
        items = [a_flow(number) for number in range(start, min(start + PAGE, flows))]
        pages.append(_response({"items": items, "_links": links}))
    token = _response({"access_token": "t" * 900, "token_type": "bearer", "expires_in": 86399})

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            target = head.split(b" ", 2)[1]
            if b"/ims/" in target:
                writer.write(token)
                continue
            if delay_s:
                await asyncio.sleep(delay_s)
            _, found, number = target.partition(b"continuationToken=page")
            writer.write(pages[int(number.partition(b"&")[0]) if found else 0])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """One request's head, its body read and passed over; empty when the other side has left."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            await reader.readexactly(int(value))
    return head


def _response(body: dict[str, Any]) -> bytes:
    raw = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


# The clients ----------------------------------------------------------------


async def ours(url: str, org: str, client: str, secret: str, sandbox: str) -> dict[str, float]:
    """One listing with our client, in this process."""
    import resource

    import aeptui.api
    from aeptui.api.http import load_the_rest
    from aeptui.api.services import ApiSettings, Secret, Services

    load_the_rest()
    for module in pkgutil.iter_modules(aeptui.api.__path__, "aeptui.api."):
        importlib.import_module(module.name)

    wall, cpu = time.perf_counter(), time.process_time()
    settings = ApiSettings(
        platform_url=url,
        ims_url=url,
        org_id=org,
        client_id=client,
        client_secret=Secret(secret),
        sandbox=sandbox,
        calls_per_minute=10**6,
    )
    first, flows = 0.0, []
    async with Services(settings) as services:
        async for page in services.flows.list_flows():
            first = first or time.perf_counter() - wall
            flows += page
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"flows": len(flows), "wall": wall, "first": first, "cpu": cpu, "rss": rss}


@contextmanager
def canned(flows: int, delay_ms: float) -> Iterator[list[str]]:
    """The canned pages: where they are, and who may ask for them."""
    command = [sys.executable, "-m", "tests.bench.client", "--serve"]
    command += ["--flows", str(flows), "--delay-ms", str(delay_ms)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield [server.stdout.readline().strip(), "A@AdobeOrg", "client", "secret-secret", "dev"]
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def emulated(flows: int) -> Iterator[list[str]]:
    """An emulator with as many flows: where it is, and who may ask it."""
    from tests.emulated import start, stop, wait_for_world

    with tempfile.TemporaryDirectory() as folder:
        env = Path(folder) / "env"
        emulator = start(
            Path(folder), "--scale", f"flows={flows},runs=0", "--speed", "0", "--env-file", str(env)
        )
        try:
            wait_for_world(emulator)
            told = dict(line.split("=", 1) for line in env.read_text().splitlines())
            keys = ("PLATFORM_URL", "ORG_ID", "CLIENT_ID", "CLIENT_SECRET", "SANDBOX")
            yield [told[f"AEPTUI_{key}"] for key in keys]
        finally:
            stop(emulator)


def measured(command: list[str], folder: str) -> dict[str, float]:
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())} if "-m" in command else dict(os.environ)
    cwd = None if "-m" in command else folder
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=cwd)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("-n", type=int, default=7)
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--emulator", action="store_true", help="instead of canned pages")
    parser.add_argument("--aepp", metavar="PYTHON", default="")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--ours", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.flows, options.delay_ms / 1000))
        return
    if options.ours:
        print(json.dumps(asyncio.run(ours(*options.ours))))
        return
    pages = emulated(options.flows) if options.emulator else canned(options.flows, options.delay_ms)
    with pages as access, tempfile.TemporaryDirectory() as folder:
        if options.profile:
            profiled(access)
            return
        clients = {"aeptui": [sys.executable, "-m", "tests.bench.client", "--ours", *access]}
        other = options.aepp or (sys.executable if importlib.util.find_spec("aepp") else "")
        if other:
            clients["aepp"] = [other, "-c", AEPP, *access]
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in clients}
        for _ in range(options.n):
            for name, command in clients.items():
                runs[name].append(measured(command, folder))
        shown(options, runs)


def shown(options: argparse.Namespace, runs: dict[str, list[dict[str, float]]]) -> None:
    source = "the emulator" if options.emulator else f"canned, {options.delay_ms:g} ms a page"
    print(f"{options.flows} flows, {PAGE} a page, {source}, n = {options.n}")
    print("| client | wall s | first page s | CPU s | peak RSS MiB |\n|---|---|---|---|---|")
    medians = {
        name: {key: statistics.median(run[key] for run in told) for key in told[0]}
        for name, told in runs.items()
    }
    for name, figures in medians.items():
        assert figures["flows"] == options.flows, f"{name} brought {figures['flows']:g} flows"
        cells = f"{figures['wall']:.3f} | {figures['first']:.3f} | {figures['cpu']:.3f}"
        print(f"| {name} | {cells} | {figures['rss']:.0f} |")
    if "aepp" not in medians:
        print("aepp is not installed here; name an interpreter that has it with --aepp")
        return
    ratios = {key: medians["aeptui"][key] / medians["aepp"][key] for key in ("wall", "cpu", "rss")}
    print("ratios: " + ", ".join(f"{key} {value:.2f}" for key, value in ratios.items()))


def profiled(access: list[str]) -> None:
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.enable()
    asyncio.run(ours(*access))
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
