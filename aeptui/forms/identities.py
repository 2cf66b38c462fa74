"""Identities: which fields of a schema tell who a record is about, as descriptors (AEP.md 4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aeptui.api.identities import Namespace
from aeptui.api.paths import DESCRIPTORS
from aeptui.forms.xdm_fields import XdmField, slashes
from aeptui.nearest import nearest
from aeptui.pipelines.plan import Id, Step, Undo


@dataclass(frozen=True, slots=True)
class Identity:
    """A field that identifies: its path, the namespace's code, whether it is the primary one."""

    field: str
    namespace: str
    primary: bool = False

    def as_answer(self) -> dict[str, Any]:
        return {"field": self.field, "namespace": self.namespace, "primary": self.primary}


def identity(answer: Any) -> Identity | None:
    """The identity in an answer; None where it is none."""
    if not isinstance(answer, dict):
        return None
    return Identity(
        str(answer.get("field") or ""),
        str(answer.get("namespace") or ""),
        answer.get("primary") is True,
    )


def fault(
    identities: Iterable[Identity],
    targets: Iterable[XdmField],
    namespaces: Iterable[Namespace],
    held: Iterable[tuple[str, str, bool]] = (),
) -> str:
    """What is wrong with the identities of a schema; empty when nothing is.

    `held` are those that the schema has already, with slashes in their paths.
    """
    by_path = {target.path: target for target in targets}
    codes = {namespace.code for namespace in namespaces}
    already = {path: (code, primary) for path, code, primary in held}
    primary = next((path for path, (_, is_primary) in already.items() if is_primary), "")
    seen: set[str] = set()
    for each in identities:
        target = by_path.get(each.field)
        if target is None:
            near = nearest(each.field, by_path)
            hint = f"; did you mean {near}?" if near else ""
            return f"The schema has no field {each.field or 'without a name'}{hint}"
        if "[*]" in each.field or target.type != "string":
            return f"{each.field} cannot be an identity: only single text fields can"
        if each.field in seen:
            return f"{each.field} is marked twice"
        seen.add(each.field)
        if not each.namespace:
            return f"{each.field} needs a namespace, such as Email"
        if codes and each.namespace not in codes:
            near = nearest(each.namespace, codes)
            hint = f"; did you mean {near}?" if near else ""
            return f"There is no namespace {each.namespace}{hint}"
        path = slashes(each.field)
        code = already.get(path, ("", False))[0]
        if code and code != each.namespace:
            return f"{each.field} is an identity of {code} already"
        if each.primary:
            if primary and primary != path:
                return f"A schema has one primary identity, and {primary.strip('/')} is it"
            primary = path
    return ""


def descriptor_steps(
    schema: Id,
    version: str,
    identities: Iterable[Identity],
    held: Iterable[tuple[str, str, bool]] = (),
    called: str = "identity",
) -> list[Step]:
    """One step for each identity that the schema does not have yet; they are `called` so."""
    already = {(path, code) for path, code, _ in held}
    wanted = [each for each in identities if (slashes(each.field), each.namespace) not in already]
    major = version.partition(".")[0]
    steps = []
    for number, each in enumerate(wanted, start=1):
        name = f"{called}_{number}"
        word = "primary identity" if each.primary else "identity"
        steps.append(
            Step(
                name=name,
                title=f"Mark {each.field} as {word} ({each.namespace})",
                kind="schemas",
                method="POST",
                path=DESCRIPTORS,
                body={
                    "@type": "xdm:descriptorIdentity",
                    "xdm:sourceSchema": schema,
                    "xdm:sourceVersion": int(major) if major.isdecimal() else 1,
                    "xdm:sourceProperty": slashes(each.field),
                    "xdm:namespace": each.namespace,
                    "xdm:property": "xdm:code",
                    "xdm:isPrimary": each.primary,
                },
                undo=Undo("DELETE", f"{DESCRIPTORS}/{{{name}}}"),
            )
        )
    return steps
