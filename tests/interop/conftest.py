"""Adobe's own client, aepp, pointed at an emulator; without aepp these tests are skipped."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tests.emulated import CLIENT_ID, SECRET, Rehearsal


class Adobe:
    """The modules of aepp, each in a sandbox; aepp keeps its configuration in globals."""

    def __init__(self, rehearsal: Rehearsal, aepp: ModuleType, sandbox: str = "dev") -> None:
        from aepp import catalog, dataaccess, dataprep, flowservice, sandboxes, schema

        aepp.configure(
            org_id=rehearsal.org,
            client_id=CLIENT_ID,
            secret=SECRET,
            scopes="openid,AdobeID",
            sandbox=sandbox,
            retry=0,
        )
        aepp.config.endpoints["global"] = rehearsal.url
        aepp.config.config_object["oauthTokenEndpointV2"] = f"{rehearsal.url}/ims/token/v3"
        self.rehearsal = rehearsal
        before = rehearsal.requests()
        self._since: int = before[-1]["n"] if before else 0
        self.sandboxes: Any = sandboxes.Sandboxes()
        self.schema: Any = schema.Schema()
        self.catalog: Any = catalog.Catalog()
        self.dataprep: Any = dataprep.DataPrep()
        self.dataaccess: Any = dataaccess.DataAccess()
        self.flow: Any = flowservice.FlowService()
        self.flow_manager: Any = flowservice.FlowManager

    def asked(self) -> list[dict[str, Any]]:
        """The requests that the emulator has seen since aepp was pointed at it."""
        return self.rehearsal.requests(self._since)


@pytest.fixture(scope="session")
def aepp() -> ModuleType:
    reason = "aepp, Adobe's own client, is not installed; the extra `interop` brings it."
    module: ModuleType = pytest.importorskip("aepp", reason=reason)
    return module


@pytest.fixture(scope="module")
def adobe(aepp: ModuleType, emulator: Rehearsal) -> Adobe:
    return Adobe(emulator, aepp)
