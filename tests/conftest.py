"""What all tests share: how far property tests search, and one emulator for each worker.

The emulator's world is empty and its clock stands.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.emulated import EMPTY, Rehearsal, emulated

# The same examples each time, however long one takes: a run of the tests tells about a change,
# not about luck or a busy machine. `--hypothesis-profile=thorough` searches anew and longer.
settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", settings.get_profile("same"), derandomize=False, max_examples=1000
)
settings.load_profile("same")


@pytest.fixture(scope="session")
def one_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The process; its world is what the module before has left."""
    with emulated(tmp_path_factory.mktemp("emulator"), *EMPTY) as rehearsal:
        yield rehearsal


@pytest.fixture(scope="module")
def emulator(one_emulator: Rehearsal) -> Rehearsal:
    """An empty world of the module's own, without faults and quirks."""
    one_emulator.begin_again()
    return one_emulator


@pytest.fixture
def platform(emulator: Rehearsal) -> Rehearsal:
    """An empty world of the test's own, without faults and quirks."""
    emulator.begin_again()
    return emulator


@pytest.fixture
def api(emulator: Rehearsal) -> Iterator[httpx.Client]:
    """A client with a token, in the sandbox `dev`."""
    with emulator.client() as client:
        yield client
