"""Sync loops: ask what moved, write it down, back off, carry on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncSettings:
    interval_s: float = 15.0
    slow_interval_s: float = 600.0
    sweep_s: float = 3600.0
    history_days: float = 90.0


class Sync:
    def __init__(
        self, services, mirror, clock, settings: SyncSettings = SyncSettings()
    ) -> None: ...

    async def follow(self) -> None:
        """Keep every kind current until cancelled (takes the lock, or waits for it)."""

    def refresh(self) -> None:
        """Look again now, whatever the interval says."""

    async def once(self, kinds: Collection[str]) -> None:
        """Bring `kinds` up to date and return; raises ApiError, ApiUnreachable."""
