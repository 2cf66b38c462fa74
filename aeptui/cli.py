"""The command line: arguments, the composition of a command, and exit codes.

Only argparse is imported before the arguments are known; every command imports
what it needs when it runs, since start-up time is a feature.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from aeptui import __version__

if TYPE_CHECKING:
    from aeptui.config import Config, Flags
    from aeptui.rehearsal import Rehearsal
    from aeptui.session import Session

FINE, USAGE, INTERRUPTED = 0, 2, 130

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

COMMANDS = (
    "demo",
    "emulator",
    "list",
    "get",
    "why",
    "watch",
    "handover",
    "create",
    "plan",
    "apply",
    "destroy",
    "export",
    "orphans",
    "journal",
    "config",
    "doctor",
    "completion",
)

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(f"aeptui {__version__}")
        return FINE
    parser = build_parser(words)
    options, rest = parser.parse_known_args(words)
    if rest and options.run is not create:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.fields = rest
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as error:
        from aeptui.exits import failed

        return failed(error)


# The arguments ----------------------------------------------------------------


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
    parser.set_defaults(run=console)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, title="commands")

    def command(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> Parser:
        added: Parser = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        if name != "emulator":
            _global_flags(added, first=False)
        return added

    _demo_arguments(command("demo", "rehearse on a local platform; nothing to set up", demo))
    emulating = command("emulator", "the local platform alone, for other clients", emulator)
    if "emulator" in words:
        from aeptui.emulator import server

        server.add_arguments(emulating)
    _list_arguments(command("list", "list what there is of a kind", list_))
    getting = command("get", "show one resource, whole", get)
    getting.add_argument("kind", metavar="KIND", help=_kinds())
    getting.add_argument("id", metavar="ID", help="its id, or a name that only one of its kind has")
    getting.add_argument("--json", action="store_true", help="for another program")
    explaining = command("why", "explain a run: steps, codes, rows that were refused", why)
    explaining.add_argument("run_id", metavar="RUN_ID")
    explaining.add_argument("--json", action="store_true", help="for another program")
    _watch_arguments(command("watch", "tell what happens, a line for each event", watch))
    handing = command("handover", "the shift as Markdown, for whoever comes next", handover)
    handing.add_argument("--since", default="8h", metavar="8h", help="how far back (default: 8h)")
    creating = command("create", "make one resource; its form's fields are flags", create)
    creating.add_argument("kind", metavar="KIND", help="base-connections, schemas, flows, ...")
    creating.add_argument("--dry-run", action="store_true", help="print the requests, send none")
    creating.epilog = (
        "a secret is given as env:NAME or file:PATH; a wrong flag names the right ones"
    )
    creating.allow_abbrev = False
    planning = command("plan", "show what a pipeline file would make; sends nothing", plan)
    planning.add_argument("--requests", action="store_true", help="with every request")
    planning.add_argument("--json", action="store_true", help="for another program")
    applying = command("apply", "make what a pipeline file says and is missing", apply)
    applying.add_argument(
        "--rehearse",
        action="store_true",
        help="make it on a local platform of its own instead, and report",
    )
    destroying = command("destroy", "unmake what a pipeline file says, the flow first", destroy)
    destroying.add_argument(
        "--also",
        action="append",
        default=[],
        choices=("dataset", "schema", "base-connection"),
        metavar="PART",
        help="take the dataset, schema or base-connection too, though no plan here made it",
    )
    exporting = command("export", "write an existing flow as a pipeline file", export)
    exporting.add_argument("flow", metavar="FLOW_ID", help="its id, or a name that only it has")
    exporting.add_argument("-o", "--out", type=Path, metavar="FILE", help="a new file to write")
    lonely = command("orphans", "what no flow uses: connections, mappings, datasets", orphans)
    lonely.add_argument("--json", action="store_true", help="for another program")
    writing = command("journal", "past writes, and plans that stopped half-way", journal)
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
    configuring = command("config", "write, find or check the configuration file", config)
    configuring.add_argument(
        "what",
        nargs="?",
        choices=("init", "path", "check"),
        default="check",
        metavar="WHAT",
        help="init writes one to begin with, path says where it belongs, check reads it (default)",
    )
    command("doctor", "check the whole way from the configuration to the platform", doctor)
    completing = command("completion", "print a completion script for a shell", completion)
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
        help="table, json, jsonl or csv",
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


def flags_of(options: argparse.Namespace) -> Flags:
    """The global flags as the configuration knows them."""
    from aeptui.config import Flags

    return Flags(
        config=options.config,
        profile=options.profile or "",
        sandbox=options.sandbox or "",
        read_only=options.read_only,
        allow_writes=options.allow_writes,
        confirm_sandbox=options.confirm_sandbox or "",
        plain=options.plain,
        log_level=options.log_level or "info",
    )


# The commands -----------------------------------------------------------------


def _load(options: argparse.Namespace) -> Config:
    from aeptui.config_load import load

    config = load(os.environ, flags_of(options))
    for warning in config.warnings:
        print(f"aeptui: {warning}", file=sys.stderr)
    return config


def console(options: argparse.Namespace) -> int:
    """The console on the chosen profile, or the first screen where there is none."""
    if _lines_wanted(options):
        return _in_lines(options)
    _need_a_screen()
    config = _load(options)
    if not config.chosen:
        from aeptui.ui.app import run_first_screen

        choice = run_first_screen(config)
        return demo(build_parser().parse_args(["demo"])) if choice == "demo" else FINE
    config.profile()  # what is missing is said before the screen is taken over
    return _on_screen(config)


def demo(options: argparse.Namespace) -> int:
    """The local platform as a child process, and the console on it."""
    from aeptui.config_load import rehearsal_config
    from aeptui.rehearsal import Options, Rehearsal

    in_lines = _lines_wanted(options)
    if not in_lines:
        _need_a_screen()
    config = rehearsal_config(os.environ, flags_of(options))
    wish = Options(options.seed, options.speed, options.start, options.fresh, options.port)
    rehearsal = Rehearsal.prepare(config, wish)
    rehearsal.start()
    if rehearsal.news:  # the console covers it for as long as it is open, and says it too
        print(rehearsal.news, file=sys.stderr)
    return _rehearsed_in_lines(config, rehearsal) if in_lines else _on_screen(config, rehearsal)


def _need_a_screen() -> None:
    reason = ""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        reason = "The console needs a terminal"
    elif os.environ.get("TERM", "dumb") in ("", "dumb"):
        reason = "The console needs a terminal that can draw, and TERM says dumb"
    if reason:
        from aeptui.headless.listing import Usage

        raise Usage(f"{reason}; `aeptui list flows` works without one.")


def _lines_wanted(options: argparse.Namespace) -> bool:
    """Whether the person asked for lines in the place of a screen."""
    from aeptui.headless import talk

    return talk.wanted(os.environ, plain=bool(options.plain))


def _in_lines(options: argparse.Namespace) -> int:
    """What home shows, as lines, and the commands that go on from there."""
    from aeptui.headless import listing

    wish = listing.Wish(_resource("flows"))
    said = _in_session(options, lambda session: listing.run(session, wish, os.environ))
    print(
        "aeptui: `aeptui why RUN_ID` explains a run, `aeptui create KIND` asks for what to make, "
        "`aeptui --help` has the rest.",
        file=sys.stderr,
    )
    return said


def _rehearsed_in_lines(config: Config, rehearsal: Rehearsal) -> int:
    """The local platform for other commands, with a line for each thing that happens on it."""
    import asyncio

    from aeptui import log
    from aeptui.headless import watch as watching
    from aeptui.session import session_for

    log.begin(config.state_dir, config.flags.log_level)

    async def told() -> int:
        try:
            async with session_for(config, rehearsal=rehearsal) as session:
                await rehearsal.made()
                print(
                    f"aeptui: the rehearsal runs until ctrl+c. For other commands, in another "
                    f"terminal: set -a; . '{rehearsal.env_file}'; set +a",
                    file=sys.stderr,
                )
                return await watching.run(session, watching.Wish(), os.environ)
        finally:
            await rehearsal.stop()

    return asyncio.run(told())


def _on_screen(config: Config, rehearsal: Rehearsal | None = None) -> int:
    """The console until it is left; the local platform goes with it."""
    from aeptui import saved_screen

    if rehearsal is None and config.settings.saved_screen and config.settings.driver == "diff":
        profile = config.profile()
        sandbox = config.flags.sandbox or profile.sandbox
        saved_screen.show(saved_screen.path_for(config, profile, sandbox))

    import asyncio
    import gc

    # What is loaded for the first paint stays for good: looking through it would only delay that.
    gc.disable()
    try:
        return asyncio.run(_shown(config, rehearsal))
    finally:
        saved_screen.leave()


async def _shown(config: Config, rehearsal: Rehearsal | None) -> int:
    from aeptui import log
    from aeptui.session import open_session
    from aeptui.ui.app import run_console

    log.begin(config.state_dir, config.flags.log_level)
    try:
        return await run_console(await open_session(config, rehearsal=rehearsal))
    finally:
        if rehearsal is not None:
            await rehearsal.stop()


def emulator(options: argparse.Namespace) -> int:
    """The local platform alone."""
    from aeptui.emulator import server

    return server.run(options)


def _in_session(
    options: argparse.Namespace,
    work: Callable[[Session], Coroutine[Any, Any, int]],
    *,
    least_calls: int = 0,
) -> int:
    """Run `work` on a session of the chosen profile, which may ask `least_calls` times a minute."""
    import asyncio
    from dataclasses import replace

    from aeptui import log
    from aeptui.session import session_for

    config = _load(options)
    config.profile()  # what is missing is said before anything is made on disk
    calls = max(config.settings.sync_calls_per_minute, least_calls)
    config = replace(config, settings=replace(config.settings, sync_calls_per_minute=calls))
    log.begin(config.state_dir, config.flags.log_level)

    async def worked() -> int:
        async with session_for(config) as session:
            if session.mirror.notice:
                print(f"aeptui: {session.mirror.notice}", file=sys.stderr)
            return await work(session)

    return asyncio.run(worked())


def list_(options: argparse.Namespace) -> int:
    """The rows of a kind."""
    from aeptui.headless import listing

    wish = listing.Wish(
        resource=_resource(options.kind),
        filter=options.filter,
        failed=options.failed,
        since=options.since,
        sort=options.sort,
        limit=options.limit,
        cached=options.cached,
        output=options.output,
    )
    return _in_session(options, lambda session: listing.run(session, wish, os.environ))


def get(options: argparse.Namespace) -> int:
    """One resource, whole."""
    from aeptui.headless import one

    resource = _resource(options.kind)
    return _in_session(
        options,
        lambda session: one.get(session, resource, options.id, json=options.json, env=os.environ),
    )


def why(options: argparse.Namespace) -> int:
    """One run, explained."""
    from aeptui.headless import one

    return _in_session(
        options,
        lambda session: one.why(session, options.run_id, json=options.json, env=os.environ),
    )


def watch(options: argparse.Namespace) -> int:
    """The monitor without a screen."""
    from aeptui.headless import watch as watching

    wish = watching.Wish(options.once, options.since, options.output)
    return _in_session(options, lambda session: watching.run(session, wish, os.environ))


def handover(options: argparse.Namespace) -> int:
    """The shift as Markdown."""
    from aeptui.headless import handover as handing

    return _in_session(options, lambda session: handing.run(session, options.since))


def create(options: argparse.Namespace) -> int:
    """One resource, made from flags."""
    from aeptui.headless import create as creating

    kind = _resource(options.kind).kind
    return _in_session(
        options,
        lambda session: creating.run(session, kind, options.fields, dry_run=options.dry_run),
    )


def plan(options: argparse.Namespace) -> int:
    """What a pipeline file would make."""
    from aeptui.headless import pipeline

    return _on_pipeline(
        options,
        lambda session: pipeline.plan(
            session, options.file, requests=options.requests, as_json=options.json
        ),
    )


def apply(options: argparse.Namespace) -> int:
    """Make what a pipeline file says, or rehearse it."""
    if options.rehearse:
        from aeptui.headless import rehearse

        return rehearse.run(_load(options), options.file)
    from aeptui.headless import pipeline

    return _on_pipeline(
        options, lambda session: pipeline.apply(session, options.file, yes=options.yes)
    )


def destroy(options: argparse.Namespace) -> int:
    """Unmake what a pipeline file says."""
    from aeptui.headless import pipeline

    return _on_pipeline(
        options,
        lambda session: pipeline.destroy(session, options.file, yes=options.yes, also=options.also),
    )


def export(options: argparse.Namespace) -> int:
    """An existing flow as a pipeline file."""
    from aeptui.headless import export as exporting

    return _on_pipeline(options, lambda session: exporting.run(session, options.flow, options.out))


def orphans(options: argparse.Namespace) -> int:
    """What no flow uses."""
    from aeptui.headless import orphans as looking

    return _on_pipeline(options, lambda session: looking.run(session, as_json=options.json))


def journal(options: argparse.Namespace) -> int:
    """Past writes, and what becomes of plans that stopped half-way."""
    import asyncio

    from aeptui.headless import journal as keeping

    if options.verb in ("resume", "rollback"):
        return _on_pipeline(
            options,
            lambda session: keeping.carry_on(session, options.verb, options.id, yes=options.yes),
        )
    looking = keeping.look(
        _load(options),
        options.verb,
        options.id,
        filter=options.filter,
        lately=options.since,
        limit=options.limit,
        as_json=options.json,
        yes=options.yes,
    )
    return asyncio.run(looking)


def _on_pipeline(
    options: argparse.Namespace, work: Callable[[Session], Coroutine[Any, Any, int]]
) -> int:
    """The budget is meant for loops; here a person waits for some thirty questions."""
    return _in_session(options, work, least_calls=240)


def _resource(word: str) -> Any:
    from aeptui.headless.listing import Usage
    from aeptui.nearest import nearest
    from aeptui.resources import registry

    resource = registry.by_name(word)
    if resource is None:
        guess = nearest(word, registry.names())
        hint = f"Did you mean {guess}?" if guess else f"There are {', '.join(KINDS)}."
        raise Usage(f"There is no kind {word!r}. {hint}")
    return resource


def config(options: argparse.Namespace) -> int:
    """Write, find or check the configuration file."""
    from aeptui.headless import settings

    return settings.run(options.what, os.environ, flags_of(options))


def doctor(options: argparse.Namespace) -> int:
    """The whole way from the configuration to the platform, a line for each step."""
    import asyncio

    from aeptui.headless import doctor as checks

    return asyncio.run(checks.run(os.environ, flags_of(options)))


def completion(options: argparse.Namespace) -> int:
    """A completion script on standard output."""
    import shtab

    parser = build_parser(["emulator"])
    print(shtab.complete(parser, shell=options.shell))
    return FINE
