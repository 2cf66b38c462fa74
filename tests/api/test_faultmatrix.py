"""Each fault meets each kind of call; `faultmatrix.txt` says how that ends, word for word.

`python -m tests.api.faultmatrix --sentences` writes what that file keeps.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.faultmatrix import CALLS, FAULTS, meet, must_hold
from tests.api.rehearsal import Rehearsed

KEPT = Path(__file__).with_name("faultmatrix.txt").read_text().splitlines()
ENDINGS = {tuple(line.split(" | ")[:2]): line for line in KEPT}
PAIRS = [(fault, call) for fault in FAULTS for call in CALLS]


def test_no_pair_of_fault_and_call_is_left_out() -> None:
    assert list(ENDINGS) == PAIRS


@pytest.mark.parametrize(("fault", "call"), PAIRS)
async def test_a_fault_ends_as_it_should(rehearsal: Rehearsed, fault: str, call: str) -> None:
    ending = await meet(rehearsal, fault, call)
    must_hold(call, ending)
    assert ending.line(fault, call) == ENDINGS[fault, call]
    renewed = fault.startswith("expired-token")
    assert ending.tokens == (2 if renewed else 1)
