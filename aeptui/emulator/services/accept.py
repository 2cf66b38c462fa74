"""The Accept header of the Schema Registry: its own media types, and the errors about them.

`xed` or `xdm`, then options joined by hyphens (`id`, `full`, `notext`, `v2`, ...), then for
look-ups a version of which only the major number counts.
"""

import re
from dataclasses import dataclass

from aeptui.emulator.errors import Refusal, registry_error

_MEDIA = re.compile(r"application/vnd\.adobe\.(xed|xdm)((?:-[a-z0-9]+)*)\+json", re.IGNORECASE)
_OPTIONS = frozenset({"id", "link", "v2", "full", "notext", "desc", "deprecated", "flat"})
_LIST_HINT = "application/vnd.adobe.{xed|xdm}+json"
_LOOKUP_HINT = "application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)"


@dataclass(frozen=True, slots=True)
class Accept:
    """What the caller wants to be answered with."""

    form: str  # xed or xdm
    options: frozenset[str]
    version: str | None  # as written; the major number is what counts

    @property
    def major(self) -> str:
        return (self.version or "").partition(".")[0]


def _parse(header: str) -> Accept | None:
    media, *parameters = (part.strip() for part in header.split(",")[0].split(";"))
    match = _MEDIA.fullmatch(media)
    if match is None:
        return None
    options = frozenset(o for o in match.group(2).lower().split("-") if o)
    if not options <= _OPTIONS:
        sentence = f"Unknown Accept media supplied: {media}"
        raise registry_error("1006-406", sentence, title="Accept header invalid")
    version = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "version":
            version = value.strip().strip('"')
    return Accept(match.group(1).lower(), options, version)


def _invalid(code: str, header: str, hint: str) -> Refusal:
    sentence = (
        f"The supplied Accept header is not valid: {header} - "
        f"A valid Accept value should look like {hint}"
    )
    return registry_error(code, sentence, title="Accept header invalid")


def for_list(header: str) -> Accept:
    """Of a list; a version there is an error of its own."""
    accept = _parse(header)
    if accept is None or accept.version is not None:
        raise _invalid("1006-400", header, _LIST_HINT)
    return accept


def for_lookup(header: str) -> Accept:
    """Of one resource; it has to say the version."""
    accept = _parse(header)
    if accept is None or not accept.version:
        raise _invalid("1007-400", header, _LOOKUP_HINT)
    return accept


def for_descriptors(header: str) -> Accept:
    """Of a list of descriptors, which knows only the xdm forms."""
    accept = _parse(header)
    if accept is None or accept.form != "xdm":
        raise _invalid("1008-400", header, "application/vnd.adobe.xdm-id+json")
    return accept


def for_descriptor(header: str) -> Accept:
    """Of one descriptor."""
    accept = _parse(header)
    if accept is None or accept.form != "xdm":
        raise _invalid("1009-400", header, "application/vnd.adobe.xdm+json")
    return accept
