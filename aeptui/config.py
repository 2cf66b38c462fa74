"""Profiles and settings, from the file, the environment and the flags; checked once, frozen.

Flags win over the environment, the environment over the file. What is wrong is
refused with the file, the dotted key, its line and the nearest key that exists.
No file that a person wrote is ever written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from aeptui.credentials import SecretSource
from aeptui.monitor.codes import CodeBook
from aeptui.tomlfile import FileError

PLATFORM_URL = "https://platform.adobe.io"
IMS_URL = "https://ims-na1.adobelogin.com"
SCOPES = "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"
ENVIRONMENT = "environment"
REHEARSAL = "rehearsal"


class ConfigError(FileError):
    """One thing that is wrong with the configuration, and where."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The global flags of the command line."""

    config: Path | None = None
    profile: str = ""
    sandbox: str = ""
    read_only: bool = False
    allow_writes: bool = False
    confirm_sandbox: str = ""
    plain: bool = False
    log_level: str = "info"


@dataclass(frozen=True, slots=True)
class Profile:
    """Who calls which platform, and how carefully."""

    name: str
    org_id: str = ""
    client_id: str = ""
    client_secret: SecretSource | None = None
    access_token: SecretSource | None = None
    scopes: str = SCOPES
    sandbox: str = "prod"
    platform_url: str = PLATFORM_URL
    ims_url: str = IMS_URL
    protected: bool | tuple[str, ...] = False
    read_only: bool = True
    proxy: str = ""
    ca_bundle: str = ""

    def protects(self, sandbox: str) -> bool:
        """Whether a write to `sandbox` has to name it."""
        return self.protected if isinstance(self.protected, bool) else sandbox in self.protected

    def missing(self) -> list[str]:
        """The keys without which nothing can be asked."""
        wanted = [] if self.access_token else ["client_id", "client_secret"]
        return [key for key in ("org_id", *wanted) if not getattr(self, key)]


@dataclass(frozen=True, slots=True)
class Alert:
    """Which events are told to whom, and how (`aeptui/notify.py`)."""

    on: tuple[str, ...] = ()
    """Words of flows, `out-of-touch`, `recovered`; all but the last when there are none."""
    flows: str = "*"
    bell: bool = False
    command: tuple[str, ...] = ()
    webhook: str = ""
    quiet_s: float = 0.0


RING = (Alert(bell=True),)
"""Where nothing is said about alerts, the bell rings for all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The general keys; `config.example.toml` says what each means."""

    timezone: str = "local"
    sync_interval_s: float = 15.0
    sync_calls_per_minute: int = 20
    history_days: int = 90
    max_mb: int = 500
    driver: str = "diff"
    saved_screen: bool = True
    theme: str = "default"
    code_book: str = ""
    keep_samples: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = RING

    def zone(self) -> tzinfo:
        """The zone in which times are shown."""
        from aeptui.zone import zone_named

        return zone_named(self.timezone)


@dataclass(frozen=True, slots=True)
class Config:
    """All that was configured, and which profile was chosen."""

    path: Path
    """The file that was read, or that would be."""
    state_dir: Path
    settings: Settings = field(default_factory=Settings)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    chosen: str = ""
    """The name of the profile to use; empty when nothing is configured."""
    flags: Flags = field(default_factory=Flags)
    code_book: CodeBook = field(default_factory=CodeBook)
    """What codes mean, with the team's own entries."""
    warnings: tuple[str, ...] = ()

    def profile(self) -> Profile:
        """The chosen profile, complete enough to ask something; else ConfigError."""
        if not self.chosen:
            raise ConfigError(
                "No profile is configured. `aeptui demo` needs none; "
                f"`aeptui config init` writes {self.path} to begin with."
            )
        profile = self.profiles[self.chosen]
        missing = profile.missing()
        if missing:
            where = (
                "Set " + ", ".join(f"AEPTUI_{key.upper()}" for key in missing)
                if profile.name == ENVIRONMENT
                else f"Add it under [profiles.{profile.name}]"
            )
            raise ConfigError(
                f"The profile {profile.name} lacks {', '.join(missing)}. {where}.",
                file=None if profile.name == ENVIRONMENT else self.path,
                key=f"profiles.{profile.name}",
            )
        return profile

    def may_write(self, profile: Profile, sandbox: str) -> bool:
        """Whether writes are open when a session begins (design: read-only unless said otherwise)."""
        if self.flags.read_only:
            return False
        if profile.protects(sandbox):
            return self.flags.allow_writes and self.flags.confirm_sandbox == sandbox
        return self.flags.allow_writes or not profile.read_only


def config_path(env: Mapping[str, str], flags: Flags | None = None) -> Path:
    """Where the configuration is looked for."""
    named = (flags and flags.config) or env.get("AEPTUI_CONFIG")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("aeptui", appauthor=False)) / "config.toml"


def state_dir(env: Mapping[str, str]) -> Path:
    """Where mirrors, journals and logs are kept; made by `private_dir` when first written."""
    named = env.get("AEPTUI_STATE_DIR")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("aeptui", appauthor=False))


def private_dir(path: Path) -> Path:
    """`path` as a folder that only its owner can look into."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def load(env: Mapping[str, str], flags: Flags | None = None) -> Config:
    """Everything that was configured; ConfigError for the first thing that is wrong."""
    flags = flags or Flags()
    path = config_path(env, flags)
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


def host_url_fault(text: str) -> str:
    """What is wrong with `text` as scheme and host, or an empty string."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return f"{text!r} is not an address; give scheme and host, such as {PLATFORM_URL}."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{text!r} is not an address; give scheme and host, such as {PLATFORM_URL}."
    if parts.path.rstrip("/") or parts.query or parts.username:
        return f"{text!r} says too much; give scheme and host only, the paths are AEP's own."
    return ""


def _no_such_profile(name: str, profiles: Mapping[str, Profile], path: Path) -> ConfigError:
    if not profiles:
        return ConfigError(f"There is no profile {name}; {path} does not exist or has none.")
    from aeptui.nearest import nearest

    guess = nearest(name, profiles)
    hint = f"Did you mean {guess}?" if guess else f"There are {', '.join(profiles)}."
    return ConfigError(f"There is no profile {name}. {hint}", file=path)
