"""Keeps the monitor's words for flows in the mirror current."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aeptui.mirror.store import Mirror
from aeptui.monitor.state import Thresholds


class Watch:
    """`clock` has `now()` and `speed`, as the platform's clock does."""

    def __init__(self, mirror: Mirror, clock: Clock, thresholds: Thresholds) -> None: ...

    async def once(self) -> None:
        """Judge every flow now, and return."""

    async def follow(self) -> None:
        """Judge what news and time touch, until cancelled."""
