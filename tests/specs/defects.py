"""Where the published specifications are wrong about their own platform, and why we say so.

Each entry excuses one kind of fault, at the places that its pattern names, and nothing else;
one that excuses nothing any more fails the test too.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.specs.published import Fault


@dataclass(frozen=True, slots=True)
class Defect:
    """One known defect: the operations and places, as globs, and what makes it one."""

    operations: str
    place: str
    keyword: str
    reason: str

    def excuses(self, fault: Fault) -> bool:
        return (
            fault.keyword == self.keyword
            and fnmatchcase(fault.operation.replace("[", "("), self.operations)
            and fnmatchcase(fault.place, self.place)
        )


DEFECTS = (
    Defect(
        "catalog GET /dataSets*",
        "[*]/persistence/adls/adlsType",
        "type",
        "adlsType is typed object; the same file's credentials type it string, and it is a word.",
    ),
    Defect(
        "data-prep * /mappingSets*",
        "*edDate",
        "type",
        "createdDate and modifiedDate are typed date-time; every example has milliseconds.",
    ),
    Defect(
        "data-prep GET /mappingSets/{MAPPING_SET_ID} 200",
        "outputSchema/jsonSchema/properties/*",
        "type",
        "The JSON schema of a schema types minimum, maximum and each enum value as objects.",
    ),
    Defect(
        "data-prep GET /mappingSets/{MAPPING_SET_ID}/mappings 200",
        ".",
        "type",
        "The list of mappings is typed as one mapping.",
    ),
    Defect(
        "data-prep POST /mappingSets/validate 200",
        "validationResponse/[*]/errors",
        "type",
        "errors is typed an array; the example of a mapping that is valid has null.",
    ),
    Defect(
        "flow-service GET /connectionSpecs*",
        "items/[*]/sourceSpec/attributes/uiAttributes/category",
        "type",
        "category is typed string; both examples have an object with a key.",
    ),
    Defect(
        "flow-service GET /connections/{BASE_CONNECTION_ID}/explore 200",
        ".",
        "type",
        "Only the answer for the root is typed, an array; a table is documented as an object.",
    ),
    Defect(
        "flow-service GET /connections/{BASE_CONNECTION_ID}/configs 200",
        ".",
        "type",
        "Typed as the root of an exploration, an array; its own example is an object of items.",
    ),
    Defect(
        "flow-service * /flowSpecs*",
        "items/[*]/transformationSpecs",
        "type",
        "Typed one object; the documented flow specs have an array of name and spec.",
    ),
    Defect(
        "flow-service * /flows*",
        "items/[*]/scheduleParams/*",
        "type",
        "Schedules come back as they were sent, and the documentation sends text.",
    ),
    Defect(
        "flow-service * /flows*",
        "items/[*]/transformations/[*]/params/mappingVersion",
        "type",
        "Typed string; the documentation sends and shows a number as well.",
    ),
    Defect(
        "sandbox GET /sandbox-management/sandboxTypes 200",
        "sandboxTypes/[*]",
        "type",
        "Typed objects with an id and a title; the documentation shows plain words.",
    ),
    Defect(
        "schema-registry GET *",
        "_page/next",
        "type",
        "Typed string; the examples have null on the last page.",
    ),
    Defect(
        "schema-registry GET *",
        "_links/next",
        "type",
        "Typed string; the examples have null on the last page, and an object with an href.",
    ),
    Defect(
        "schema-registry GET /{CONTAINER_ID}/descriptors 200",
        "xdm:descriptorIdentity/[*]",
        "type",
        "Typed objects; for the id and link forms of Accept the text promises ids and paths.",
    ),
    Defect(
        "schema-registry * /*/descriptors*",
        "*xdm:sourceVersion",
        "type",
        "Typed string; every example has an integer.",
    ),
    Defect(
        "schema-registry GET /rpc/auditlog/{RESOURCE_ID} 200",
        "[*]/updates/[*]/value",
        "type",
        "Typed string; the example has a number and objects, whatever the field held.",
    ),
)
