"""Refusals, and the body that each service of the platform dresses them in.

The services do not share an error shape: the gateway, the token endpoint, Flow Service,
the Schema Registry and Catalog each have their own, and a client has to know all of them.
"""

from datetime import UTC, datetime
from typing import Any, Literal

Family = Literal["gateway", "ims", "flow", "registry", "catalog", "plain"]

TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Resource not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    413: "Payload too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Internal server error",
    501: "Not emulated",
    503: "Service unavailable",
    504: "Gateway timeout",
}


class Refusal(Exception):
    """A request that is answered with an error; `body` is what the wire shows.

    `code` is what the family puts in its place for codes: `FLOW-1439-404` for Flow Service,
    `XDM-1006-406` for the registry, `403010` for the gateway, `invalid_client` for IMS.
    `more` goes into the report (Flow Service, registry) or beside the detail (others);
    `title` and `headers` are taken out of it.
    """

    def __init__(self, status: int, family: Family, code: str, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.family = family
        self.code = code
        self.sentence = sentence
        self.headers: dict[str, str] = more.pop("headers", {})
        self.title: str = more.pop("title", TITLES.get(status, "Error"))
        self.more = more

    def body(self, request_id: str, now_ms: int) -> dict[str, Any]:
        match self.family:
            case "gateway":
                return {"error_code": self.code, "message": self.sentence, **self.more}
            case "ims":
                return {"error": self.code, "error_description": self.sentence, **self.more}
            case "flow":
                return {
                    "type": f"https://ns.adobe.com/aep/errors/{self.code}",
                    "title": self.title,
                    "status": self.status,
                    "report": {
                        "detailed-message": self.sentence,
                        "request-id": request_id,
                        **self.more,
                    },
                    "errorMessage": self.sentence,
                }
            case "registry":
                moment = datetime.fromtimestamp(now_ms / 1000, UTC)
                return {
                    "type": f"http://ns.adobe.com/aep/errors/{self.code}",
                    "title": self.title,
                    "status": self.status,
                    "report": {
                        "registryRequestId": request_id,
                        "timestamp": moment.strftime("%m-%d-%Y %H:%M:%S"),
                        "detailed-message": self.sentence,
                        "sub-errors": [],
                        **self.more,
                    },
                    "detail": self.sentence,
                }
            case "catalog":
                return {
                    "type": self.code or "/placeholder/type/uri",
                    "status": self.status,
                    "title": self.title,
                    "detail": self.sentence,
                    **self.more,
                }
            case "plain":
                return {
                    "status": self.status,
                    "title": self.title,
                    "detail": self.sentence,
                    **self.more,
                }


def flow_error(code: str, sentence: str, **more: Any) -> Refusal:
    """A Flow Service error; `code` is number and status, such as `1439-404`.

    A code that brings its own prefix (`CONNECTORS-1360-400`) keeps it.
    """
    whole = code if code[0].isalpha() else f"FLOW-{code}"
    return Refusal(int(whole.rsplit("-", 1)[1]), "flow", whole, sentence, **more)


def registry_error(code: str, sentence: str, **more: Any) -> Refusal:
    """A Schema Registry error; `code` is number and status, such as `1006-406`."""
    whole = code if code[0].isalpha() else f"XDM-{code}"
    return Refusal(int(whole.rsplit("-", 1)[1]), "registry", whole, sentence, **more)


def catalog_error(status: int, sentence: str, **more: Any) -> Refusal:
    return Refusal(status, "catalog", "", sentence, **more)


def plain_error(status: int, title: str, detail: str, **more: Any) -> Refusal:
    """For the services whose specifications declare no error body."""
    return Refusal(status, "plain", "", detail, title=title, **more)


def not_emulated(what: str, family: Family = "plain") -> Refusal:
    """501: the platform has it, the emulator does not; `what` begins the sentence."""
    code = "FLOW-1400-501" if family == "flow" else "XDM-1500-501" if family == "registry" else ""
    return Refusal(501, family, code, f"{what} is not emulated.", title="Not emulated")


def source_error(code: str, sentence: str, **more: Any) -> Refusal:
    """An error of the sources' own table, whose numbers collide with Flow Service's."""
    return flow_error(f"CONNECTORS-{code}", sentence, **more)
