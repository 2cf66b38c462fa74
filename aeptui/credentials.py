"""Where a secret comes from, and reading it there when it is needed.

A source is what the configuration names; the value itself is read as late as
possible, is never kept here, and never shows in a repr.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

COMMAND_SECONDS = 30.0


class SecretUnavailable(Exception):
    """The secret could not be read; the text says from where and why, never what."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """One of the four tables of the configuration, the environment, or text typed into the file."""

    kind: Literal["command", "env", "file", "keyring", "text"]
    place: str
    """What to say of it: the variable, the file, the program."""
    argv: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        """Where it comes from, for `doctor`; never the value."""
        return {
            "command": f"the command {self.place}",
            "env": f"the environment variable {self.place}",
            "file": f"the file {self.place}",
            "keyring": f"the keyring entry {self.place}",
            "text": f"plain text in {self.place}",
        }[self.kind]

    def read(self) -> str:
        """The secret; SecretUnavailable when it is not there."""
        match self.kind:
            case "command":
                value = self._from_command()
            case "env":
                value = self._from_env()
            case "file":
                value = self._from_file()
            case "keyring":
                value = self._from_keyring()
            case "text":
                value = self.text
        if not value:
            raise SecretUnavailable(f"{self} gave an empty secret.")
        from aeptui.log import scrub

        scrub.learn(value)
        return value

    def _from_env(self) -> str:
        value = self.env.get(self.place)
        if value is None:
            raise SecretUnavailable(f"The environment variable {self.place} is not set.")
        return value

    def _from_file(self) -> str:
        path = Path(self.place).expanduser()
        try:
            with path.open("rb") as handle:
                mode = os.fstat(handle.fileno()).st_mode & 0o777
                if mode & 0o077:
                    raise SecretUnavailable(
                        f"{path} can be read by others (mode {mode:04o}); chmod 600 it first."
                    )
                return handle.read().decode().strip()
        except OSError as reason:
            raise SecretUnavailable(f"{path} cannot be read: {reason.strerror}.") from None
        except UnicodeDecodeError:
            raise SecretUnavailable(f"{path} is not text.") from None

    def _from_command(self) -> str:
        import subprocess

        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, as a list
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except OSError as reason:
            raise SecretUnavailable(
                f"The command {self.place} cannot run: {reason.strerror}."
            ) from None
        except subprocess.TimeoutExpired:
            raise SecretUnavailable(
                f"The command {self.place} gave nothing for {COMMAND_SECONDS:.0f} s."
            ) from None
        if done.returncode:
            raise SecretUnavailable(f"The command {self.place} ended with {done.returncode}.")
        return done.stdout.decode(errors="replace").strip()

    def _from_keyring(self) -> str:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise SecretUnavailable(
                "keyring is not installed; pip install 'aeptui[keyring]' brings it."
            ) from None
        service, _, user = self.place.partition("/")
        try:
            value: str | None = keyring.get_password(service, user)
        except keyring.errors.KeyringError as reason:
            raise SecretUnavailable(
                f"The keyring entry {self.place} cannot be read: {type(reason).__name__}."
            ) from None
        if value is None:
            raise SecretUnavailable(f"The keyring has no entry {self.place}.")
        return value
