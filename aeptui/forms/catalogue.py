"""Every form, by the kind of resource that it makes."""

from __future__ import annotations

from aeptui.forms import (
    base_connection,
    dataset,
    flow,
    mapping_set,
    source_connection,
    target_connection,
    xdm_schema,
)
from aeptui.forms.form import Form

FORMS: dict[str, Form] = {
    form.kind: form
    for form in (
        base_connection.FORM,
        source_connection.FORM,
        xdm_schema.FORM,
        dataset.FORM,
        target_connection.FORM,
        mapping_set.FORM,
        flow.FORM,
    )
}
