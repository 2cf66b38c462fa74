"""Form: the questions for one creatable kind of resource, as a value.

A screen, a command and a pipeline file drive the same value. `fields`, `check`
and `steps` are pure: what has to be asked of the platform they read from
`Lookups`, and what is not known there yet they ask for by reading it. Whoever
drives the form puts the missing questions and calls again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from aeptui.api.exploring import SourceColumn
from aeptui.forms.fields import Answers, Field
from aeptui.forms.lookups import Lookups
from aeptui.forms.xdm_fields import XdmField
from aeptui.pipelines.plan import Ref, Step

Id: TypeAlias = str | Ref
"""An id that is known, or that an earlier step of the plan will bring."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is settled before a form is asked, by the pages before it.

    A form that is given a thing does not ask for it. None means: not settled
    here, so the form asks for one that exists.
    """

    connection_spec: str = ""
    base_connection: Id | None = None
    source_connection: Id | None = None
    columns: tuple[SourceColumn, ...] | None = None
    sample: tuple[dict[str, object], ...] = ()
    schema: Id | None = None
    schema_fields: tuple[XdmField, ...] | None = None
    dataset: Id | None = None
    target_connection: Id | None = None
    mapping_set: Id | None = None
    mapping_version: int | Ref | None = None


NOTHING = Given()


@dataclass(frozen=True, slots=True)
class Form:
    """The questions for one kind, the faults in its answers, and the steps they come to.

    `check` answers with a sentence for each field that is not right, by its
    name; an empty one means that `steps` may be called. `steps` calls its first
    step `name_of_step`, so that later ones can refer to it.
    """

    kind: str
    title: str
    intro: str
    fields: Callable[[Answers, Lookups, Given], tuple[Field, ...]]
    check: Callable[[Answers, Lookups, Given], dict[str, str]]
    steps: Callable[[Answers, Lookups, Given], list[Step]]
    name_of_step: str
