"""The command line: the composition of each command, and exit codes.

Every command imports what it needs when it runs, since start-up time is a feature.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aeptui import __version__, saved_screen
from aeptui.arguments import KINDS, build_parser
from aeptui.ascii import ascii_only

if TYPE_CHECKING:
    from aeptui.config import Config, Flags
    from aeptui.rehearsal import Rehearsal
    from aeptui.session import Session

FINE, INTERRUPTED = 0, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(f"aeptui {__version__}")
        return FINE
    if ascii_only():
        from aeptui.headless.text import keep_to_ascii

        keep_to_ascii(sys.stdout, sys.stderr)
    parser = build_parser(words)
    options, rest = parser.parse_known_args(words)
    if rest and options.command != "create":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.fields = rest
    try:
        return COMMANDS[options.command](options) if options.command else console(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        from aeptui.exits import drop_output

        drop_output()
        return FINE
    except Exception as error:
        from aeptui.exits import failed

        saved_screen.leave()  # what is said now belongs to the shell's screen
        return failed(error)


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
    from aeptui.config_load import load

    config = load(os.environ, flags_of(options))  # its warnings are said on the screen
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
    import asyncio
    import gc
    import signal

    # What is loaded for the first paint stays for good: looking through it would only delay that.
    gc.disable()
    code = asyncio.run(_shown(config, rehearsal))
    if code == 128 + signal.SIGHUP:  # what was on its way to the terminal has nowhere to go
        from aeptui.exits import drop_output

        drop_output()
    return code


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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "demo": demo,
    "emulator": emulator,
    "list": list_,
    "get": get,
    "why": why,
    "watch": watch,
    "handover": handover,
    "create": create,
    "plan": plan,
    "apply": apply,
    "destroy": destroy,
    "export": export,
    "orphans": orphans,
    "journal": journal,
    "config": config,
    "doctor": doctor,
    "completion": completion,
}
"""Each command by its name; without one the console opens."""
