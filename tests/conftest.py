"""One emulator for all tests of a worker: an empty world whose clock stands."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.emulated import EMPTY, Rehearsal, emulated


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
