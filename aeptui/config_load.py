"""Everything that was configured, put together and checked once.

Flags win over the environment, the environment over the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aeptui.config import (
    ENVIRONMENT,
    Config,
    ConfigError,
    Flags,
    Profile,
    Settings,
    host_url_fault,
)
from aeptui.credentials import SecretSource
from aeptui.monitor.codes import CodeBook
from aeptui.saved_screen import stamp_of
from aeptui.state_folder import state_dir


def config_path(env: Mapping[str, str], flags: Flags | None = None) -> Path:
    """Where the configuration is looked for."""
    named = (flags and flags.config) or env.get("AEPTUI_CONFIG")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("aeptui", appauthor=False)) / "config.toml"


def load(env: Mapping[str, str], flags: Flags | None = None) -> Config:
    """Everything that was configured; ConfigError for the first thing that is wrong."""
    flags = flags or Flags()
    path = config_path(env, flags)
    stamp = stamp_of(path)
    named = bool(flags.config or env.get("AEPTUI_CONFIG"))
    settings, profiles, default, warnings = Settings(), dict[str, Profile](), "", list[str]()
    if named or path.is_file():
        from aeptui.config_file import read

        settings, profiles, default, warnings = read(path, env)
    chosen = flags.profile or env.get("AEPTUI_PROFILE") or default
    overlay = _from_environment(env)
    if not chosen and len(profiles) == 1:
        chosen = next(iter(profiles))
    if chosen == ENVIRONMENT or (not chosen and not profiles and overlay):
        chosen = ENVIRONMENT
        profiles.setdefault(ENVIRONMENT, Profile(ENVIRONMENT, read_only=False))
    if chosen:
        if chosen not in profiles:
            raise _no_such_profile(chosen, profiles, path)
        profiles[chosen] = replace(profiles[chosen], **overlay)
        if flags.sandbox:
            profiles[chosen] = replace(profiles[chosen], sandbox=flags.sandbox)
    elif profiles:
        raise ConfigError(
            f"Which profile? `--profile` takes one of {', '.join(profiles)}; "
            'a line `profile = "..."` at the top makes one the default.',
            file=path,
        )
    if flags.confirm_sandbox and chosen and flags.confirm_sandbox != profiles[chosen].sandbox:
        raise ConfigError(
            f"--confirm-sandbox names {flags.confirm_sandbox}, "
            f"but the sandbox is {profiles[chosen].sandbox}."
        )
    return Config(
        path=path,
        state_dir=state_dir(env),
        settings=settings,
        profiles=profiles,
        chosen=chosen,
        flags=flags,
        code_book=_code_book(path, settings),
        warnings=tuple(warnings),
        stamp=stamp,
    )


def _code_book(path: Path, settings: Settings) -> CodeBook:
    """Ours, with the entries of the file that the settings name; beside `path` unless it is absolute."""
    if not settings.code_book:
        return CodeBook()
    from aeptui.code_book import read

    return read(path.parent / Path(settings.code_book).expanduser())


def rehearsal_config(env: Mapping[str, str], flags: Flags | None = None) -> Config:
    """The configuration of `aeptui demo`: general keys only, no profile and no environment.

    Of the outside it takes the state folder and how the operator likes the
    console, so that a rehearsal never reaches a real platform; nobody is told of
    its alerts unless `--config` names the file that asks for it.
    """
    flags = flags or Flags()
    path = config_path({}, flags)
    settings, warnings = Settings(), list[str]()
    if flags.config or path.is_file():
        from aeptui.config_file import read

        try:
            settings = read(path, {})[0]
        except ConfigError as error:
            if flags.config:
                raise
            warnings.append(f"{error} The rehearsal goes on without this file.")
    if not flags.config:
        settings = replace(settings, alerts=())
    # The platform is ours: a wider budget keeps nobody else waiting.
    settings = replace(settings, sync_calls_per_minute=max(60, settings.sync_calls_per_minute))
    return Config(path, state_dir(env), settings, flags=flags, warnings=tuple(warnings))


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """The parts of a profile that the environment gives; an empty variable is unset."""
    plain = ("platform_url", "ims_url", "org_id", "client_id", "scopes", "sandbox")
    overlay: dict[str, Any] = {
        key: env[f"AEPTUI_{key.upper()}"] for key in plain if env.get(f"AEPTUI_{key.upper()}")
    }
    for key in ("platform_url", "ims_url"):
        if key in overlay:
            overlay[key] = _host_url(overlay[key], f"AEPTUI_{key.upper()}")
    for key in ("client_secret", "access_token"):
        name = f"AEPTUI_{key.upper()}"
        if env.get(name):
            overlay[key] = SecretSource("env", name, env={name: env[name]})
    return overlay


def _host_url(text: str, key: str) -> str:
    sentence = host_url_fault(text)
    if sentence:
        raise ConfigError(sentence, key=key)
    return text.rstrip("/")


def _no_such_profile(name: str, profiles: Mapping[str, Profile], path: Path) -> ConfigError:
    if not profiles:
        return ConfigError(f"There is no profile {name}; {path} does not exist or has none.")
    from aeptui.nearest import nearest

    guess = nearest(name, profiles)
    hint = f"Did you mean {guess}?" if guess else f"There are {', '.join(profiles)}."
    return ConfigError(f"There is no profile {name}. {hint}", file=path)
