"""Fixtures of the emulator's own tests; the emulator itself comes from `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.emulated import FLOWSERVICE, Rehearsal


@pytest.fixture
def fresh(platform: Rehearsal) -> Rehearsal:
    """The emulator with nothing in its world, at its first moment, without faults or quirks."""
    return platform


@pytest.fixture
def base_connection(api: httpx.Client) -> Callable[..., str]:
    """Makes a Salesforce base connection and answers its id."""

    def make(name: str = "Salesforce", client: httpx.Client = api, **params: str) -> str:
        body = {
            "name": name,
            "auth": {
                "specName": "Basic Authentication",
                "params": {
                    "environmentUrl": "https://example.my.salesforce.com",
                    "username": "integration@example.com",
                    "password": "correct horse",
                    "securityToken": "battery staple",
                    **params,
                },
            },
            "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5", "version": "1.0"},
        }
        answer = client.post(f"{FLOWSERVICE}/connections", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return make
