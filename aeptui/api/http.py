"""httpx without its command line, which would load click and half of rich for nothing."""

from __future__ import annotations

import importlib
import importlib.util
import sys

_CLI = "httpx._main"

if "httpx" in sys.modules or _CLI in sys.modules:
    import httpx as httpx
else:
    # A None here makes that one import fail, which httpx expects and gets by without.
    sys.modules[_CLI] = None  # type: ignore[assignment]
    try:
        import httpx as httpx
    finally:
        sys.modules.pop(_CLI, None)

__all__ = ["httpx", "load_the_rest"]

_AT_THE_FIRST_REQUEST = ("httpcore", "h11", "anyio.streams.tls", "anyio._backends._asyncio")


def load_the_rest() -> None:
    """Load what httpx would load at its first request, on the loop that also draws."""
    for name in _AT_THE_FIRST_REQUEST:
        importlib.import_module(name)
    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        # httpcore looks for it on the disk several times in each request, and gets by without.
        sys.modules["sniffio"] = None  # type: ignore[assignment]
