"""The response examples of the specifications that Adobe publishes, as the client would get them.

A response either has an example of its own or is put together from the examples
of its parts, as the documentation shows it; parts without one are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aeptui.api.calls import Service

SPECS = {
    "flow-service": Service.FLOWS,
    "schema-registry": Service.SCHEMAS,
    "catalog": Service.CATALOG,
    "data-prep": Service.DATA_PREP,
    "data-access": Service.DATA_ACCESS,
    "sandbox": Service.SANDBOXES,
}
_METHODS = ("get", "post", "put", "patch", "delete")
_DEEP = 12


@dataclass(frozen=True, slots=True)
class Example:
    """One answer that the documentation shows; `given` as a whole, or put together."""

    spec: str
    method: str
    path: str
    status: int
    body: Any
    given: bool

    def __str__(self) -> str:
        return f"{self.spec} {self.method} {self.path} {self.status}"


def examples(folder: Path) -> Iterator[Example]:
    for spec in SPECS:
        text = (folder / f"{spec}.yaml").read_text(encoding="utf-8")
        yield from _Specification(spec, _text_keys(yaml.load(text, _Loader))).examples()  # noqa: S506


class _Specification:
    def __init__(self, name: str, tree: Any) -> None:
        self._name = name
        self._tree = tree

    def examples(self) -> Iterator[Example]:
        for path, item in self._tree["paths"].items():
            for method in _METHODS:
                responses = item.get(method, {}).get("responses", {})
                for status, response in responses.items():
                    told: list[Any] = []
                    for given, body in self._bodies(self._resolved(response)):
                        if body not in told and status.isdecimal():
                            told.append(body)
                            yield Example(
                                self._name, method.upper(), path, int(status), body, given
                            )

    def _bodies(self, response: Any) -> Iterator[tuple[bool, Any]]:
        """Every example of a response, in OpenAPI's and in Swagger's places."""
        for body in (response.get("examples") or {}).values():
            yield True, body
        for content in (*(response.get("content") or {}).values(), response):
            if "example" in content:
                yield True, content["example"]
            if content is not response:
                for named in (content.get("examples") or {}).values():
                    yield True, self._resolved(named).get("value")
            schema = content.get("schema")
            if schema is not None:
                body = self._composed(schema, 0)
                if body is not None:
                    yield "example" in self._resolved(schema), body

    def _composed(self, schema: Any, depth: int) -> Any:
        """What the examples in a schema make together; None where it has none."""
        schema = self._resolved(schema)
        if not isinstance(schema, dict) or depth > _DEEP:
            return None
        if "example" in schema:
            return schema["example"]
        if "properties" in schema or "allOf" in schema:
            found: dict[str, Any] = {}
            for part in schema.get("allOf", []):
                inner = self._composed(part, depth + 1)
                found |= inner if isinstance(inner, dict) else {}
            for key, part in schema.get("properties", {}).items():
                inner = self._composed(part, depth + 1)
                found |= {} if inner is None else {key: inner}
            return found or None
        for key in ("oneOf", "anyOf"):
            if schema.get(key):
                return self._composed(schema[key][0], depth + 1)
        if schema.get("type") == "array":
            inner = self._composed(schema.get("items"), depth + 1)
            return None if inner is None else [inner]
        if isinstance(schema.get("additionalProperties"), dict):
            inner = self._composed(schema["additionalProperties"], depth + 1)
            return None if inner is None else {"5911f88ae2f4bf657c5a8cb5": inner}
        return None

    def _resolved(self, node: Any) -> Any:
        """What a reference leads to; two of the sandbox file are misspelt and lead nowhere."""
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            where, node = node["$ref"], self._tree
            for step in where.removeprefix("#/").split("/"):
                step = step.replace("~1", "/").replace("~0", "~")
                node = node.get(step, {}) if isinstance(node, dict) else {}
        return node if node is not None else {}


class _Loader(yaml.SafeLoader):
    """YAML without moments: a date in an example is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name is yaml's own
        letter: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _text_keys(node: Any) -> Any:
    """The unquoted numbers of status codes become texts."""
    if isinstance(node, dict):
        return {str(key): _text_keys(value) for key, value in node.items()}
    return [_text_keys(each) for each in node] if isinstance(node, list) else node
