"""What can go wrong with a question to AEP, as sentences that an operator can use.

Every failure is an `ApiTrouble`: an `ApiError` when somebody answered, an
`ApiUnreachable` when nobody did. `str()` of one is a single calm sentence with
the platform's own reason, what to do, its code and the request id. Neither
ever holds a token or a secret. Bodies are read by `aeptui.api.problems`.
"""

from __future__ import annotations


class ApiTrouble(Exception):
    """A question that got no good answer; catch this one where the difference is no matter."""

    sentence: str
    remedy: str


class SettingsError(ApiTrouble):
    """The settings cannot be used, or not safely; nothing was sent."""

    def __init__(self, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return _joined(self.sentence, self.remedy)


class ApiUnreachable(ApiTrouble):
    """No answer came; whether a write landed is unknown unless `sent` is False."""

    def __init__(self, sentence: str, *, host: str, remedy: str = "", sent: bool = True) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.host = host
        self.remedy = remedy
        self.sent = sent

    def __str__(self) -> str:
        return _joined(self.sentence, self.remedy)


class ApiError(ApiTrouble):
    """A service answered, and it was a refusal or not what it should be.

    `code` is the platform's own (`FLOW-1439-404`, `401013`, `invalid_client`)
    or empty, `status` the HTTP status, `service` the service in words.
    """

    def __init__(
        self,
        sentence: str,
        *,
        service: str = "",
        status: int = 0,
        code: str = "",
        request_id: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.service = service
        self.status = status
        self.code = code
        self.request_id = request_id
        self.remedy = remedy

    @property
    def trace(self) -> str:
        """What support asks for, behind a sentence: ` (FLOW-1439-404, request …)`, or nothing."""
        traces = [self.code] if self.code else []
        if self.request_id:
            traces.append(f"request {self.request_id}")
        return f" ({', '.join(traces)})" if traces else ""

    def __str__(self) -> str:
        return _joined(self.sentence, self.remedy) + self.trace


class AuthError(ApiError):
    """The credentials were refused; `blames` says which, as a key of the profile, where known."""

    blames: str = ""


class Forbidden(ApiError):
    """The credentials are good but may not do this."""


class WrongSandbox(Forbidden):
    """The sandbox itself is unknown to the platform or closed to these credentials.

    Not a NotFound, so that nobody takes what is in it for deleted.
    """


class NotFound(ApiError):
    """There is no such thing, or not in this sandbox."""


class Conflict(ApiError):
    """Somebody else changed it first, or it cannot be done in its present state."""


class RateLimited(ApiError):
    """The platform asks for fewer calls; `retry_after_s` is its wish, where it said one."""

    retry_after_s: float | None = None


class NotEmulated(ApiError):
    """The rehearsal platform does not do this yet (501)."""


class BadAnswer(ApiError):
    """The service said yes, but what it sent cannot be read."""


def _joined(sentence: str, remedy: str) -> str:
    return f"{sentence.rstrip('.')}; {remedy.rstrip('.')}" if remedy else sentence.rstrip(".")
