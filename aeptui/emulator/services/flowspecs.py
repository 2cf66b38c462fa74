"""Flow specs: which sources a flow may join to the data lake, and what its parts look like."""

from functools import cache
from typing import Any

from aeptui.emulator.services.connectors import BATCH_PROVIDER, DATA_LAKE, connectors

CRM_TO_AEP = "14518937-270c-4525-bdec-c2ba7cce3860"
CLOUD_TO_AEP = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"
REST_TO_AEP = "6499120c-0b15-42dc-936e-847ea3c24d72"

_DRAFT_7 = "http://json-schema.org/draft-07/schema#"

# The cloud storage sources that the file flow spec takes; none of them is emulated.
_FILE_SOURCES = [
    "ecadc60c-7455-4d87-84dc-2a0e293d997b",
    "4c10e202-c428-4796-9208-5f1f5732b1cf",
    "be5ec48c-5b78-49d5-b8fa-7c89ec4569b8",
    "b7bf2577-4520-42c9-bae9-cad01560f7bc",
]

_SCHEDULE = {
    "$schema": _DRAFT_7,
    "type": "object",
    "properties": {
        "startTime": {"description": "Epoch seconds of the first run.", "type": "integer"},
        "frequency": {"type": "string", "enum": ["once", "minute", "hour", "day", "week"]},
        "interval": {"type": "integer", "description": "How many units lie between two runs."},
        "backfill": {
            "type": "boolean",
            "default": True,
            "description": "Whether the first run takes what is there already.",
        },
    },
    "required": ["startTime", "frequency"],
    "if": {"properties": {"frequency": {"const": "once"}}},
    "then": {
        "allOf": [
            {"not": {"required": ["interval"]}},
            {"not": {"required": ["backfill"]}},
        ]
    },
    "else": {
        "required": ["interval"],
        "if": {"properties": {"frequency": {"const": "minute"}}},
        "then": {"properties": {"interval": {"minimum": 15}}},
        "else": {"properties": {"interval": {"minimum": 1}}},
    },
}

_OPTIONS = {
    "name": "OptionSpec",
    "spec": {
        "$schema": _DRAFT_7,
        "type": "object",
        "properties": {
            "errorDiagnosticsEnabled": {
                "title": "Error diagnostics",
                "description": "Keep the rows that were refused, with the reason.",
                "type": "boolean",
                "default": False,
            },
            "partialIngestionPercent": {
                "title": "Partial ingestion threshold",
                "description": "The percentage of refused rows at which a run fails.",
                "type": "number",
                "exclusiveMinimum": 0,
            },
        },
    },
}

_DELTA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "The column that tells new rows."},
        "dateFormat": {"type": "string"},
        "timezone": {"type": "string"},
    },
    "required": ["name"],
}

_TRANSFORMATIONS = [
    {
        "name": "Copy",
        "spec": {
            "$schema": _DRAFT_7,
            "type": "object",
            "properties": {"deltaColumn": _DELTA},
            "required": ["deltaColumn"],
        },
    },
    {
        "name": "Mapping",
        "spec": {
            "$schema": _DRAFT_7,
            "type": "object",
            "properties": {
                "mappingId": {"type": "string"},
                "mappingVersion": {"type": "string"},
            },
        },
    },
]

_RUN = {
    "name": "ProviderParams",
    "spec": {
        "$schema": _DRAFT_7,
        "type": "object",
        "properties": {
            "startTime": {"type": "integer", "description": "Epoch seconds of the run."},
            "windowStartTime": {"type": "integer", "description": "Where the window begins."},
            "windowEndTime": {"type": "integer", "description": "Where the window ends."},
            "deltaColumn": _DELTA,
        },
        "required": ["startTime", "windowStartTime", "windowEndTime", "deltaColumn"],
    },
}


def _spec(id: str, name: str, sources: list[str]) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "providerId": BATCH_PROVIDER,
        "version": "1.0",
        "sourceConnectionSpecIds": sources,
        "targetConnectionSpecIds": [DATA_LAKE],
        "optionSpec": _OPTIONS,
        "transformationSpecs": _TRANSFORMATIONS if id != CLOUD_TO_AEP else _TRANSFORMATIONS[1:],
        "scheduleSpec": {"name": "PeriodicSchedule", "type": "Periodic", "spec": _SCHEDULE},
        "runSpec": _RUN,
        "attributes": {
            "isSourceFlow": True,
            "flacValidationSupported": True,
            "isDraftModeSupported": True,
            "frequency": "batch",
            "notification": {"category": "sources", "flowRun": {"enabled": True}},
        },
        "permissionsInfo": {
            "manage": [
                {"@type": "lowLevel", "name": "EnterpriseSource", "permissions": ["write", "read"]}
            ]
        },
    }


@cache
def flow_specs() -> tuple[dict[str, Any], ...]:
    """Every flow spec in its wire form."""
    known = connectors().values()
    return (
        _spec(CRM_TO_AEP, "CRMToAEP", [each.id for each in known if each.takes == "T"]),
        _spec(CLOUD_TO_AEP, "CloudStorageToAEP", _FILE_SOURCES),
        _spec(REST_TO_AEP, "RestStorageToAEP", [each.id for each in known if each.takes == "R"]),
    )
