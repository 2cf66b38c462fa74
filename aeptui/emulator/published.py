"""The paths that the platform publishes, so that what we do not emulate is told from what is not.

Bases and the templates below them; `*` stands for one segment. A template in braces-free
form is enough: only whether a path exists is asked here.
"""

import re
from functools import cache

from aeptui.emulator.errors import Family

BASES: dict[str, str] = {
    "ims": "/ims",
    "flowservice": "/data/foundation/flowservice",
    "schemaregistry": "/data/foundation/schemaregistry",
    "catalog": "/data/foundation/catalog",
    "dataprep": "/data/foundation/conversion",
    "dataaccess": "/data/foundation/export",
    "import": "/data/foundation/import",
    "sandboxes": "/data/foundation/sandbox-management",
    "packages": "/data/foundation/exim",
    "access-control": "/data/foundation/access-control",
    "audit": "/data/foundation/audit",
    "observability": "/data/infrastructure/observability/insights",
    "identities": "/data/core/idnamespace",
}

_FAMILIES: dict[str, Family] = {
    "flowservice": "flow",
    "schemaregistry": "registry",
    "catalog": "catalog",
}

_TEMPLATES: dict[str, str] = {
    "ims": "exchange/jwt token/v1 token/v2 token/v3",
    "flowservice": """
        connections connections/search connections/* connections/*/test connections/*/explore
        connections/*/action connections/*/configs
        connectionSpecs connectionSpecs/* connectionSpecs/*/explore connectionSpecs/*/configs
        flows flows/search flows/* flows/*/action flowSpecs flowSpecs/search flowSpecs/*
        runs runs/* runs/*/action
        sourceConnections sourceConnections/* sourceConnections/*/action
        targetConnections targetConnections/* targetConnections/*/action""",
    "schemaregistry": """
        stats */fieldgroups */fieldgroups/* */schemas */schemas/* global/behaviors
        global/behaviors/* */mixins */mixins/* */classes */classes/* */datatypes */datatypes/*
        */descriptors */descriptors/* tenant/unions tenant/unions/* rpc/export/* rpc/import
        rpc/sampledata/* rpc/auditlog/*""",
    "catalog": """
        . batches batches/uniques/* batches/* lastBatches dataSets dataSets/*
        dataSets/*/credentials tags/* v2/dataSets/*""",
    "dataprep": """
        languages/el/validate languages/el/functions languages/el/operators mappingSets
        mappingSets/validate mappingSets/preview mappingSets/* mappingSets/*/mappings
        mappingSets/*/mappings/*""",
    "dataaccess": "batches/*/files batches/*/failed batches/*/meta files/* datasets/*/preview",
    "import": """
        batches batches/* batches/*/datasets/*/files/* batches/*/datasets/*/preview""",
    "sandboxes": ". sandboxTypes sandboxes sandboxes/*",
    "packages": """
        packages packages/import packages/jobs packages/update packages/* packages/*/export
        packages/*/import packages/*/children packages/payload/* packages/preflight/*/export
        handshake/bulkCreate handshake/action handshake/list transfer transfer/* transfer/list
        transfer/pullRequest tools/job/*""",
    "access-control": "acl/reference acl/effective-policies",
    "audit": "events export",
    "observability": "metrics",
    "identities": "identities",
}


def service_of(path: str) -> str | None:
    """The service under whose base a path lies."""
    for name, base in BASES.items():
        if path == base or path.startswith(base + "/"):
            return name
    return None


def has(path: str) -> bool:
    """Whether the platform publishes this path."""
    name = service_of(path)
    return name is not None and _pattern(name).fullmatch(path) is not None


def family_of(path: str) -> Family:
    """The shape of errors on this path."""
    return _FAMILIES.get(service_of(path) or "", "plain")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    base = re.escape(BASES[name])
    options = [
        "" if template == "." else "/" + re.escape(template).replace(r"\*", "[^/]+")
        for template in _TEMPLATES[name].split()
    ]
    return re.compile(f"{base}(?:{'|'.join(options)})")
