"""A moment and a platform that is not asked, for forms whose questions are answered beforehand."""

from __future__ import annotations

from datetime import UTC, datetime

from aeptui.api.services import ServiceView

NOW = datetime(2026, 3, 2, 13, 7, 20, tzinfo=UTC)


async def no_services() -> ServiceView:
    raise AssertionError("nothing is asked of the platform here")
