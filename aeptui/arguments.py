"""What can be typed behind `aeptui`: commands, flags, and their help.

Only argparse is imported here, since the arguments are read before anything is shown.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from aeptui import __version__

USAGE = 2

KINDS = (
    "flows",
    "runs",
    "base-connections",
    "source-connections",
    "target-connections",
    "schemas",
    "datasets",
    "mapping-sets",
    "batches",
    "sandboxes",
    "connection-specs",
    "flow-specs",
)
"""For help and completion; the registry, which takes longer to import, has the same."""

EXIT_CODES = """\
exit codes: 0 fine; 1 something bad was found; 2 usage or configuration;
3 credentials or permission refused; 4 platform unreachable;
5 a plan stopped half-way; 70 a bug of ours
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with the nearest word that exists."""

    def error(self, message: str) -> NoReturn:
        choice = re.match(
            r"argument (\S+): invalid choice: '([^']*)' \(choose from (.*)\)", message
        )
        if choice:
            message = self._no_such(choice[1], choice[2], choice[3])
        unknown = re.match(r"unrecognized arguments: (.*)", message)
        if unknown:
            message = f"{unknown[1]} is not understood here."
        if not message.endswith((".", "?")):
            message = f"{message[0].upper()}{message[1:]}."
        self.exit(USAGE, f"aeptui: {message} `{self.prog} --help` shows what there is.\n")

    def _no_such(self, what: str, word: str, choices: str) -> str:
        from aeptui.nearest import nearest

        known = [choice.strip().strip("'") for choice in choices.split(",")]
        kind = "command" if what == "COMMAND" else f"{what} value"
        guess = nearest(word, known)
        hint = f"Did you mean {guess}?" if guess else f"There are {', '.join(known)}."
        return f"There is no {kind} {word!r}. {hint}"


def build_parser(words: Sequence[str] = ()) -> Parser:
    """The parser; the emulator's own flags are only read in when `words` speak of it."""
    parser = Parser(
        prog="aeptui",
        description="Dataflows into Adobe Experience Platform, watched and made in a terminal.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aeptui {__version__}")
    _global_flags(parser, first=True)
    parser.set_defaults(command="")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, title="commands")

    def command(name: str, help: str) -> Parser:
        added: Parser = commands.add_parser(name, help=help, description=help)
        added.set_defaults(command=name)
        if name != "emulator":
            _global_flags(added, first=False)
        return added

    _demo_arguments(command("demo", "rehearse on a local platform; nothing to set up"))
    emulating = command("emulator", "the local platform alone, for other clients")
    if "emulator" in words:
        from aeptui.emulator import server

        server.add_arguments(emulating)
    _list_arguments(command("list", "list what there is of a kind"))
    getting = command("get", "show one resource, whole")
    getting.add_argument("kind", metavar="KIND", help=_kinds())
    getting.add_argument("id", metavar="ID", help="its id, or a name that only one of its kind has")
    getting.add_argument("--json", action="store_true", help="for another program")
    explaining = command("why", "explain a run: steps, codes, rows that were refused")
    explaining.add_argument("run_id", metavar="RUN_ID")
    explaining.add_argument("--json", action="store_true", help="for another program")
    _watch_arguments(command("watch", "tell what happens, a line for each event"))
    handing = command("handover", "the shift as Markdown, for whoever comes next")
    handing.add_argument("--since", default="8h", metavar="8h", help="how far back (default: 8h)")
    creating = command("create", "make one resource; its form's fields are flags")
    creating.add_argument("kind", metavar="KIND", help="base-connections, schemas, flows, ...")
    creating.add_argument("--dry-run", action="store_true", help="print the requests, send none")
    creating.epilog = (
        "a secret is given as env:NAME or file:PATH; a wrong flag names the right ones"
    )
    creating.allow_abbrev = False
    planning = command("plan", "show what a pipeline file would make; sends nothing")
    planning.add_argument("--requests", action="store_true", help="with every request")
    planning.add_argument("--json", action="store_true", help="for another program")
    applying = command("apply", "make what a pipeline file says and is missing")
    applying.add_argument(
        "--rehearse",
        action="store_true",
        help="make it on a local platform of its own instead, and report",
    )
    destroying = command("destroy", "unmake what a pipeline file says, the flow first")
    destroying.add_argument(
        "--also",
        action="append",
        default=[],
        choices=("dataset", "schema", "base-connection"),
        metavar="PART",
        help="take the dataset, schema or base-connection too, though no plan here made it",
    )
    exporting = command("export", "write an existing flow as a pipeline file")
    exporting.add_argument("flow", metavar="FLOW_ID", help="its id, or a name that only it has")
    exporting.add_argument("-o", "--out", type=Path, metavar="FILE", help="a new file to write")
    lonely = command("orphans", "what no flow uses: connections, mappings, datasets")
    lonely.add_argument("--json", action="store_true", help="for another program")
    writing = command("journal", "past writes, and plans that stopped half-way")
    writing.add_argument(
        "verb",
        nargs="?",
        choices=("list", "show", "resume", "rollback", "forget"),
        default="list",
        metavar="VERB",
        help="list (default), show, resume, rollback or forget",
    )
    writing.add_argument("id", nargs="?", default="", metavar="ID", help="a plan, or how it begins")
    writing.add_argument("--filter", default="", metavar="TEXT", help="only writes that say this")
    writing.add_argument("--since", default="", metavar="8h", help="only writes since")
    writing.add_argument("--limit", type=_limit, default=50, metavar="N", help="at most so many")
    writing.add_argument("--json", action="store_true", help="for another program")
    for each in (planning, applying, destroying):
        each.add_argument("file", type=Path, metavar="FILE", help="the pipeline file")
    for each in (applying, destroying, writing):
        each.add_argument("--yes", action="store_true", help="do not ask before sending")
    configuring = command("config", "write, find or check the configuration file")
    configuring.add_argument(
        "what",
        nargs="?",
        choices=("init", "path", "check"),
        default="check",
        metavar="WHAT",
        help="init writes one to begin with, path says where it belongs, check reads it (default)",
    )
    command("doctor", "check the whole way from the configuration to the platform")
    completing = command("completion", "print a completion script for a shell")
    completing.add_argument("shell", choices=("bash", "zsh", "tcsh"), metavar="SHELL")
    return parser


def _kinds() -> str:
    return "one of " + ", ".join(KINDS)


def _global_flags(parser: argparse.ArgumentParser, *, first: bool) -> None:
    """The flags that every command knows, before or after its name."""
    flags = parser.add_argument_group("everywhere")

    def add(name: str, **more: Any) -> None:
        default = (False if more.get("action") else None) if first else argparse.SUPPRESS
        flags.add_argument(name, default=default, **more)

    add("--config", type=Path, metavar="FILE", help="the configuration file")
    add("--profile", metavar="NAME", help="which profile of it to use")
    add("--sandbox", metavar="NAME", help="which sandbox to open")
    add("--read-only", action="store_true", help="write nothing, whatever the profile says")
    add("--allow-writes", action="store_true", help="open writing for this command")
    add("--confirm-sandbox", metavar="NAME", help="needed to write in a protected sandbox")
    add("--plain", action="store_true", help="lines, not a screen; no colours, ASCII only")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="how much is logged")


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--seed", type=int, default=1, metavar="N", help="which world to make (default: 1)")
    add("--speed", type=float, default=1.0, metavar="X", help="emulated seconds per second")
    add("--start", default="", metavar="ISO", help="emulated time to begin at (default: now)")
    add("--fresh", action="store_true", help="throw the world of an earlier run away first")
    add("--port", type=int, default=0, metavar="P", help="port of the local platform")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("kind", metavar="KIND", help=_kinds())
    add("--filter", default="", metavar="EXPR", help="such as 'contacts state:failed lost>100'")
    add("--failed", action="store_true", help="only what failed or lost rows")
    add("--since", default="", metavar="8h", help="only what ran or changed since")
    add("--sort", default="", metavar="COL", help="by this column; --sort=-COL turns it round")
    add("--limit", type=_limit, metavar="N", help="at most so many")
    add("--cached", action="store_true", help="what is known already, without asking the platform")
    _output_arguments(parser)


def _output_arguments(parser: argparse.ArgumentParser) -> None:
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--output",
        choices=("table", "json", "jsonl", "csv"),
        default="table",
        metavar="FORMAT",
        help="table, json, jsonl or csv; in csv a text that begins like a formula has a ' before it",
    )
    output.add_argument(
        "--json",
        dest="output",
        action="store_const",
        const="json",
        help="the same as --output json",
    )


def _watch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Follows until it is told to end (ctrl+c, SIGTERM) and goes on when the platform comes "
        "back. Alerts of the configuration are delivered while no other aeptui syncs this sandbox; "
        "what was already so is told of, but alarms nobody. While it follows, json is jsonl."
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="tell what is wrong now and end: with 1 when a flow needs a person, and nobody "
        "acknowledged, snoozed or expected it",
    )
    parser.add_argument(
        "--since", default="", metavar="24h", help="first what happened since, as far as it is kept"
    )
    _output_arguments(parser)


def _limit(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
