"""Where each kind of resource is, below the host (AEP.md 1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from aeptui.api.calls import Service

PATHS: Mapping[str, str] = {
    "base-connections": f"{Service.FLOWS.path}/connections",
    "source-connections": f"{Service.FLOWS.path}/sourceConnections",
    "target-connections": f"{Service.FLOWS.path}/targetConnections",
    "flows": f"{Service.FLOWS.path}/flows",
    "runs": f"{Service.FLOWS.path}/runs",
    "datasets": f"{Service.CATALOG.path}/dataSets",
    "schemas": f"{Service.SCHEMAS.path}/tenant/schemas",
    "mapping-sets": f"{Service.DATA_PREP.path}/mappingSets",
}
FIELD_GROUPS = f"{Service.SCHEMAS.path}/tenant/fieldgroups"
DESCRIPTORS = f"{Service.SCHEMAS.path}/tenant/descriptors"


def path_of(kind: str, id: str) -> str:
    """Where one thing is; a schema's `$id` is encoded whole."""
    return f"{PATHS[kind]}/{quote(id, safe='')}"
