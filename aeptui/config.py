"""What can be configured, as frozen values: profiles, general keys, flags.

`config_load` puts them together from the file, the environment and the flags.
What is wrong is refused with the file, the dotted key, its line and the nearest
key that exists. No file that a person wrote is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from aeptui.credentials import SecretSource
from aeptui.monitor.codes import CodeBook
from aeptui.tomlfile import FileError

PLATFORM_URL = "https://platform.adobe.io"
IMS_URL = "https://ims-na1.adobelogin.com"
SCOPES = "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"
THEMES = ("default", "high-contrast", "colour-blind", "light")
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


RING = (Alert(bell=True, quiet_s=900),)
"""Where nothing is said about alerts, the bell rings for all of them, and for the same not soon again."""


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
    stamp: str = ""
    """What the file was just before it was read, so that a later start knows it again."""

    def secret_variables(self) -> frozenset[str]:
        """The environment variables that hold a secret of some profile."""
        sources = [
            source
            for profile in self.profiles.values()
            for source in (profile.client_secret, profile.access_token)
        ]
        return frozenset(each.place for each in sources if each and each.kind == "env")

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
