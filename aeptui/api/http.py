"""httpx without its command line, which would load click and half of rich for nothing."""

from __future__ import annotations

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

__all__ = ["httpx"]
