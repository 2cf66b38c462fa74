"""What the emulator can be asked to be, and the flags that ask it."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aeptui.emulator.control import FASTEST
from aeptui.emulator.history import Scale

EARLIEST_MS = 946_684_800_000  # the year 2000: before it, the dates of the CRM make no sense


@dataclass(frozen=True)
class Options:
    """What the emulator was asked to be; as the flags of the command line."""

    host: str = "127.0.0.1"
    allow_remote: bool = False
    port: int = 0
    data: Path | None = None
    seed: int | None = None
    speed: float = 1.0
    start_ms: int | None = None
    scale: Scale | None = None
    lenient: bool = False
    token_ttl_s: int = 86_399
    env_file: Path | None = None
    until_stdin_closes: bool = False
    empty: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The emulator's flags; several are for programs and are not shown."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--allow-remote", action="store_true", help="allow a host that others can reach")
    add("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    add("--data", type=Path, metavar="DIR", help="keep the world in this folder")
    add("--seed", type=_seed, metavar="N", help="which world to make (default: 1)")
    add("--speed", type=_speed, default=1.0, metavar="X", help="emulated seconds per second")
    add("--start", type=_start, metavar="ISO", help="emulated time to begin at (default: now)")
    add(
        "--scale",
        type=_scale,
        metavar="flows=N,runs=M",
        help="fill an empty world with synthetic history",
    )
    add("--lenient", action="store_true", help="take the bodies of published samples as they are")
    add("--token-ttl", type=_ttl, default=86_399, metavar="S", help="life of a token in seconds")
    add("--env-file", type=Path, metavar="FILE", help="write how to reach the emulator here")
    add("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    add("--demo-world", dest="empty", action="store_false", default=False, help=argparse.SUPPRESS)
    add("--empty", dest="empty", action="store_true", default=False, help=argparse.SUPPRESS)


def options_of(namespace: argparse.Namespace) -> Options:
    """The options that the parsed flags amount to."""
    return Options(
        host=namespace.host,
        allow_remote=namespace.allow_remote,
        port=namespace.port,
        data=namespace.data,
        seed=namespace.seed,
        speed=namespace.speed,
        start_ms=namespace.start,
        scale=namespace.scale,
        lenient=namespace.lenient,
        token_ttl_s=namespace.token_ttl,
        env_file=namespace.env_file,
        until_stdin_closes=namespace.until_stdin_closes,
        empty=namespace.empty,
    )


def _scale(text: str) -> Scale:
    try:
        return Scale.parse(text)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(str(reason)) from None


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def _seed(text: str) -> int:
    return _whole(text, 1, 2**31)


def _ttl(text: str) -> int:
    return _whole(text, 1, 10**9)


def _whole(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from {least} to {most}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to {FASTEST:,.0f}")
    return speed


def _start(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a time such as 2026-01-31T08:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    at_ms = int(moment.timestamp() * 1000)
    if at_ms < EARLIEST_MS:
        raise argparse.ArgumentTypeError(f"{text} is before the year 2000")
    return at_ms
