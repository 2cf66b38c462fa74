"""The published specifications: read as they are, and asked what an answer has to look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

FOUNDATION = "/data/foundation"
FILES = {
    "flow-service": f"{FOUNDATION}/flowservice",
    "schema-registry": f"{FOUNDATION}/schemaregistry",
    "catalog": f"{FOUNDATION}/catalog",
    "data-prep": f"{FOUNDATION}/conversion",
    "data-access": f"{FOUNDATION}/export",
    "sandbox": FOUNDATION,  # its paths bring their own sandbox-management
}
_METHODS = ("get", "put", "post", "delete", "patch", "head")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it went over the wire, and its decoded answer."""

    method: str
    path: str
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where an answer is not what its specification says."""

    operation: str  # flow-service GET /runs 200
    place: str  # items/*/activities: numbers and ids are stars
    keyword: str  # type, required, enum, ...
    sentence: str

    def __str__(self) -> str:
        return f"{self.operation} {self.place} {self.keyword}: {self.sentence[:160]}"


@dataclass(frozen=True, slots=True)
class Operation:
    """What one specification says about one method of one path."""

    name: str
    template: re.Pattern[str]
    method: str
    schemas: dict[str, str | None]  # status -> where its schema is, None where it has none
    document: Document


class Document:
    """One specification file."""

    def __init__(self, name: str, folder: Path) -> None:
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        self.name = name
        self.tree = _with_nulls(_text_keys(yaml.load(text, _Loader)))  # noqa: S506 - a safe loader
        resource = DRAFT4.create_resource(self.tree)
        self._registry: Registry[Any] = Registry().with_resource("urn:spec", resource)

    @cached_property
    def operations(self) -> list[Operation]:
        """Those of fixed paths before those of paths with parameters."""
        paths = sorted(self.tree["paths"], key=lambda path: path.count("{"))
        return [
            self._operation(path, method)
            for path in paths
            for method in _METHODS
            if method in self.tree["paths"][path]
        ]

    def faults(self, where: str, body: Any) -> Iterator[tuple[str, str, str]]:
        """Place, keyword and sentence of whatever in `body` the schema at `where` refuses."""
        validator = Draft4Validator({"$ref": f"urn:spec#{where}"}, registry=self._registry)
        for error in validator.iter_errors(body):
            yield _place(error.absolute_path), str(error.validator), error.message

    def _operation(self, path: str, method: str) -> Operation:
        schemas: dict[str, str | None] = {}
        for status, answer in self.tree["paths"][path][method].get("responses", {}).items():
            where = f"/paths/{_escaped(path)}/{method}/responses/{status}"
            if "$ref" in answer:
                # Two references of the sandbox file are misspelt, and lead nowhere.
                where = answer["$ref"].removeprefix("#")
                answer = self._at(where) if "#" not in where else {}
            content = answer.get("content", {})
            kind = next(iter(content), "")
            if "schema" in content.get(kind, {}):
                schemas[status] = f"{where}/content/{_escaped(kind)}/schema"
            else:
                schemas[status] = f"{where}/schema" if "schema" in answer else None
        pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path.rstrip("/")))
        return Operation(
            f"{self.name} {method.upper()} {path}",
            re.compile(pattern),
            method.upper(),
            schemas,
            self,
        )

    def _at(self, where: str) -> Any:
        node = self.tree
        for part in where.strip("/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node


class Published:
    """All the specifications of a folder."""

    def __init__(self, folder: Path) -> None:
        self._documents = {base: Document(name, folder) for name, base in FILES.items()}

    def operation(self, exchange: Exchange) -> Operation | None:
        """What was called, or None when no specification publishes it."""
        for base in sorted(self._documents, key=len, reverse=True):
            if not exchange.path.startswith(f"{base}/"):
                continue
            below = exchange.path.removeprefix(base).rstrip("/")
            for each in self._documents[base].operations:
                if each.method == exchange.method and each.template.fullmatch(below):
                    return each
        return None

    def faults(self, exchange: Exchange) -> list[Fault] | None:
        """What is wrong with an answer, or None when nothing is published about it."""
        operation = self.operation(exchange)
        where = operation.schemas.get(str(exchange.status)) if operation else None
        if operation is None or where is None:
            return None
        name = f"{operation.name} {exchange.status}"
        found = operation.document.faults(where, exchange.body)
        return [Fault(name, *each) for each in found]


class _Loader(yaml.SafeLoader):
    """YAML without moments: a date in an example is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name is yaml's own
        letter: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _text_keys(node: Any) -> Any:
    """The unquoted numbers of status codes are keys of text."""
    if isinstance(node, dict):
        return {str(key): _text_keys(value) for key, value in node.items()}
    return [_text_keys(each) for each in node] if isinstance(node, list) else node


def _with_nulls(node: Any) -> Any:
    """OpenAPI's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_with_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _with_nulls(value) for key, value in node.items()}
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    return found


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


_ID = re.compile(r"[0-9a-f]{24}|[0-9A-HJKMNP-TV-Z]{26}")


def _place(path: Any) -> str:
    parts = ["*" if isinstance(one, int) or _ID.fullmatch(one) else one for one in path]
    return "/".join(str(part).replace("/", "~") for part in parts) or "."
