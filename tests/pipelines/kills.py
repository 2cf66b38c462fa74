"""`python -m tests.pipelines.kills -n 1000 --seed S`: plans killed and cut, and the figures.

The suite does a seeded thirty of the same trials.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000, help="how many trials")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # Each process that is to be killed reads this module again, so it is kept small.
    from tests.emulated import EMPTY, emulated
    from tests.pipelines.trials import KINDS, trials

    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, emulated(Path(folder), *EMPTY) as platform:
        found = asyncio.run(trials(platform, options.n, options.seed, Path(folder)))
    took = time.monotonic() - begun
    print(f"{options.n} trials, seed {options.seed}, {took:.0f} s")
    for kind in KINDS:
        print(f"  {kind:9} {found.trials[kind]:5} of which {found.struck[kind]} struck")
    print("  " + ", ".join(f"{count} {how}" for how, count in sorted(found.ended.items())))
    print(
        f"  {found.creates} creates, {found.twice} made twice, {found.left} left behind and named"
    )
    for wrong in found.wrong[:20]:
        print(f"  WRONG {wrong}")
    raise SystemExit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
