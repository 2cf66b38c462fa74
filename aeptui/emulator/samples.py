"""What published samples get wrong, put right for an emulator that was asked to be lenient.

People paste samples. A strict emulator answers each slip as the platform would; a lenient one
reads what was meant, so that a tutorial can be followed to its end as it is printed.
"""

import re
from typing import Any

# Ids of connection specs that single pages print with a character too many or too few.
MISPRINTED = {
    "ccfc0fee1-7dc0-40ef-b73e-d8b134c436f5": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5",
    "000eb99-cd47-43f3-827c-43caf170f015": "3000eb99-cd47-43f3-827c-43caf170f015",
    "cea1c2a08-b722-11eb-8529-0242ac130003": "ea1c2a08-b722-11eb-8529-0242ac130003",
    "b66ab34-8619-49cb-96d1-39b37ede86ea": "cb66ab34-8619-49cb-96d1-39b37ede86ea",
}

_TEXT_OR_COMMA = re.compile(rb'("(?:[^"\\]|\\.)*+")|,(?=\s*[}\]])', re.DOTALL)


def without_last_commas(body: bytes) -> bytes:
    """JSON without the commas that follow the last entry of an object or an array."""
    return _TEXT_OR_COMMA.sub(lambda match: match[1] or b"", body)


def put_right(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a create as its author meant it."""
    meant = dict(body)
    spec, params = body.get("connectionSpec"), body.get("params")
    if isinstance(spec, dict) and isinstance(spec.get("id"), str):
        meant["connectionSpec"] = spec | {"id": MISPRINTED.get(spec["id"], spec["id"])}
    if isinstance(params, dict) and "path" in params and "tableName" not in params:
        others = {name: value for name, value in params.items() if name != "path"}
        meant["params"] = {"tableName": params["path"], **others}
    if isinstance(body.get("transformations"), list):
        meant["transformations"] = [_copy(one) for one in body["transformations"]]
    return meant


def _copy(transformation: Any) -> Any:
    """A transformation whose deltaColumn has its n."""
    params = transformation.get("params") if isinstance(transformation, dict) else None
    if not isinstance(params, dict) or "deltaColum" not in params:
        return transformation
    others = {name: value for name, value in params.items() if name != "deltaColum"}
    return transformation | {"params": {"deltaColumn": params["deltaColum"], **others}}
