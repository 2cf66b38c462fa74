"""WritingClient: the client that can also write; httpx ends here as it does in `client.py`.

A write is sent as the bytes that it was given and is never asked for twice from
here: what may go again is the transport's business (AEP.md 2.5). Each way in
which a write can end is one of three: a yes, a no, or a `MayHaveLanded`.
"""

from __future__ import annotations

from aeptui.api.calls import Call
from aeptui.api.client import AepClient
from aeptui.api.errors import ApiError, BadAnswer
from aeptui.api.http import httpx
from aeptui.api.scrub import NotJson, scrub_json, scrub_text
from aeptui.api.transport import TRIES, Manner
from aeptui.api.writing import MayHaveLanded, WriteAnswer, WriteRequest, id_at_end, read_answer

_MOST = 1_000_000
"""No answer to a write is larger; the rest of one that is would not be read anyway."""
_OPEN = frozenset({500, 502, 503, 504})
"""AEP.md 2.5: 500 also means overloaded, and a gateway that lost patience knows nothing."""


class WritingClient(AepClient):
    """An AepClient whose `write` sends one write."""

    async def write(self, request: WriteRequest) -> WriteAnswer:
        """The platform's yes; raises its refusal, or MayHaveLanded where it may have acted."""
        sent = self._request(
            request.service,
            request.method,
            request.path,
            headers=request.headers,
            body=request.body,
            manner=Manner(),
            slow=True,  # it may reach the CRM: making a base connection logs in to it
        )
        title = request.service.title
        asked_as = sent.headers["x-request-id"]
        try:
            response = await self._send(sent)
        except httpx.TransportError as reason:
            trouble = self._unreachable(reason)
            # What failed may have been the question for a token, before the write.
            if not trouble.sent or reason.request is not sent:
                raise trouble from None
            raise MayHaveLanded(
                trouble.sentence, service=title, request_id=asked_as, remedy=_LOOK
            ) from None
        body, whole = await _read(response)
        request_id = scrub_text(response.headers.get("x-request-id", ""), 100) or asked_as
        status = response.status_code
        if status >= 400:
            if request.method == "DELETE" and status == 404 and response.extensions[TRIES] > 1:
                return WriteAnswer(204, request_id=request_id)  # an earlier try did it
            call = Call(request.service, "", request.method)
            raise _judged(self._refusal(call, response, request.redacted(body), request_id))
        if status >= 300:
            raise BadAnswer(
                f"{title} sent a redirect, which is not followed",
                service=title,
                status=status,
                request_id=request_id,
                remedy="check platform_url, and whether a proxy is in between",
            )
        location = scrub_text(response.headers.get("location", ""), 2_000)
        try:
            if not whole:
                raise NotJson
            answer = read_answer(
                status,
                scrub_json(body) if body.strip() else b"",
                etag=scrub_text(response.headers.get("etag", ""), 200),
                location=location,
                request_id=request_id,
            )
        except (NotJson, ValueError):
            raise _unread(title, status, request_id, location) from None
        if request.method == "POST" and not answer.id:
            raise _unread(title, status, request_id, location)
        return answer


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    """As much of the body as came, and whether that is all of it."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MOST:
                return bytes(body[:_MOST]), False
    except (httpx.TransportError, httpx.DecodingError):
        return bytes(body), False
    finally:
        await response.aclose()
    return bytes(body), True


def _judged(refusal: ApiError) -> ApiError:
    """A refusal, or MayHaveLanded where its status does not say that nothing was done."""
    if refusal.status not in _OPEN:
        return refusal
    return MayHaveLanded(
        refusal.sentence,
        service=refusal.service,
        status=refusal.status,
        code=refusal.code,
        request_id=refusal.request_id,
        remedy=_LOOK,
    )


def _unread(title: str, status: int, request_id: str, location: str) -> MayHaveLanded:
    error = MayHaveLanded(
        f"{title} said yes, but what it answered cannot be read",
        service=title,
        status=status,
        request_id=request_id,
        remedy=_LOOK,
    )
    error.made = id_at_end(location)
    return error


_LOOK = "it may have been done all the same: look before it is asked for again"
