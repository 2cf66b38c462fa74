"""Whether a body is built as a JSON schema must be: asked first, so that nothing else has to."""

from typing import Any

from aeptui.emulator.regexes import RegexTrouble, regex
from aeptui.emulator.services.listing import malformed

_Shape = type[dict[str, Any]] | type[list[Any]] | type[str] | tuple[type[int], type[float]]
_SHAPES: dict[str, _Shape] = {
    "definitions": dict,
    "properties": dict,
    **dict.fromkeys(("allOf", "required", "enum"), list),
    **dict.fromkeys(("meta:immutableTags", "meta:intendedToExtend"), list),
    **dict.fromkeys(("$ref", "type", "title", "description", "format", "pattern"), str),
    **dict.fromkeys(("minimum", "maximum", "minLength", "maxLength"), (int, float)),
}
_WORDS = {dict: "an object", list: "an array", str: "text", (int, float): "a number"}
_DEEPEST = 100  # levels; XDM itself stays far below
_OF_TEXT = ("required", "meta:immutableTags", "meta:intendedToExtend")


def check(node: Any, above: str = "") -> None:
    """Refuse a node of a JSON schema that is not built as one must be, or one below it."""
    if not isinstance(node, dict):
        raise malformed(f"{above or 'The body'} must be an object.")
    if above.count("/") > _DEEPEST:
        raise malformed("The resource is nested too deep.")
    for name, wanted in _SHAPES.items():
        if name in node and not isinstance(node[name], wanted):
            raise malformed(f"{above}/{name} must be {_WORDS[wanted]}.")
    if "pattern" in node:
        try:
            regex(node["pattern"])
        except RegexTrouble as trouble:
            raise malformed(f"{above}/pattern cannot be used: {trouble}.") from None
    for name in _OF_TEXT:
        if not all(isinstance(one, str) for one in node.get(name, [])):
            raise malformed(f"{above}/{name} must be an array of texts.")
    for name in ("properties", "definitions"):
        for below, child in node.get(name, {}).items():
            check(child, f"{above}/{name}/{below}")
    for place, child in enumerate(node.get("allOf", [])):
        check(child, f"{above}/allOf/{place}")
    for name in ("items", "additionalProperties"):
        if name in node and not isinstance(node[name], bool):
            check(node[name], f"{above}/{name}")
