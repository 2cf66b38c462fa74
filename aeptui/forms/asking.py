"""What the fields of several forms have in common: names, and questions still open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aeptui.forms.fields import Answers, Field, text_of
from aeptui.forms.lookups import Lookups, Question

LONGEST_NAME = 255


def name_field(default: str = "", help: str = "") -> Field:
    return Field(
        "name", "Name", required=True, default=default or None, longest=LONGEST_NAME, help=help
    )


DESCRIPTION = Field("description", "Description", longest=1000)


def open_on(field: Field, lookups: Lookups, *questions: Question[Any]) -> Field:
    """The field with what it still waits for, or with why it waits in vain."""
    for question in questions:
        trouble = lookups.trouble(question)
        if trouble:
            return replace(field, trouble=trouble)
        if lookups.get(question) is None:
            return replace(field, waits=question.says)
    return field


def named(answers: Answers, default: str = "") -> dict[str, Any]:
    """The name, and the description where there is one, as every creation begins."""
    body = {"name": text_of(answers, "name", default)}
    description = text_of(answers, "description")
    return body | ({"description": description} if description else {})
