"""Rows for the programs to show: eight columns of a flow, the same at each start."""

import random

TITLES = ("id", "name", "state", "last run", "started", "duration", "records", "failed")
WIDTHS = (14, 26, 9, 10, 20, 9, 12, 8)


def made(count: int) -> list[tuple[str, ...]]:
    chance = random.Random(1)
    states = ("enabled", "disabled", "draft")
    runs = ("success", "failed", "inProgress", "partial")
    return [
        (
            f"flow-{n:08d}",
            f"Source {n % 977} to the lake",
            states[n % 3],
            chance.choice(runs),
            f"2026-11-{1 + n % 28:02d}T{n % 24:02d}:{n % 60:02d}:00Z",
            f"{chance.randrange(1, 3600)}s",
            f"{chance.randrange(10**7)}",
            f"{chance.randrange(1000)}",
        )
        for n in range(count)
    ]
