"""Fixtures of the emulator's own tests; the emulator itself comes from `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.emulated import FLOWSERVICE, Rehearsal
from tests.emulator.tutorial import BASE_CONNECTION


@pytest.fixture
def fresh(platform: Rehearsal) -> Rehearsal:
    """The emulator with nothing in its world, at its first moment, without faults or quirks."""
    return platform


@pytest.fixture
def base_connection(api: httpx.Client) -> Callable[..., str]:
    """Makes a Salesforce base connection and answers its id."""

    def make(name: str = "Salesforce", client: httpx.Client = api, **params: str) -> str:
        auth = BASE_CONNECTION["auth"]
        body = BASE_CONNECTION | {
            "name": name,
            "auth": auth | {"params": auth["params"] | params},
        }
        answer = client.post(f"{FLOWSERVICE}/connections", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return make
