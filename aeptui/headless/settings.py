"""`aeptui config`: write a file to begin with, say where it belongs, check it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from aeptui.config import ConfigError, Flags
from aeptui.config_load import config_path, load


def run(what: str, env: Mapping[str, str], flags: Flags) -> int:
    """One of `init`, `path`, `check`."""
    if what == "path":
        print(config_path(env, flags))
        return 0
    return init(env, flags) if what == "init" else check(env, flags)


def init(env: Mapping[str, str], flags: Flags) -> int:
    """Write a commented file where none is; a file that exists is left alone."""
    from aeptui.config_example import EXAMPLE

    path = config_path(env, flags)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError("There is a file already; it was left alone.", file=path) from None
    except OSError as reason:
        raise ConfigError(f"It cannot be written: {reason.strerror}.", file=path) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(EXAMPLE)
    print(f"Wrote {path}. Fill in [profiles.acme] at its end, then try `aeptui doctor`.")
    return 0


def check(env: Mapping[str, str], flags: Flags) -> int:
    """Read the configuration as every command does, and say what it amounts to."""
    config = load(env, flags)
    for warning in config.warnings:
        print(f"warning: {warning}")
    if not config.profiles:
        read = "is fine, but has no profile" if config.path.is_file() else "does not exist"
        print(f"{config.path} {read}. `aeptui demo` needs none.")
        return 0
    for name, profile in config.profiles.items():
        missing = profile.missing()
        state = f"lacks {', '.join(missing)}" if missing else "complete"
        mark = " (the default)" if name == config.chosen else ""
        print(f"profile {name}{mark}: {state}; sandbox {profile.sandbox}, {profile.platform_url}")
    if config.chosen:
        config.profile()
    return 0
