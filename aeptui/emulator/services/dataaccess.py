"""Data Access: the files of a batch, what failed in it, and the first rows of a dataset."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import Refusal, plain_error
from aeptui.emulator.services import batchfiles, quirks
from aeptui.emulator.services.batchfiles import BatchFile
from aeptui.emulator.world import World

BASE = "/data/foundation/export"
MOST = 100
PREVIEW_ROWS = 100

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def routes(world: World) -> list[Route]:
    return [
        _route("/batches/{id}/files", {"GET": list_files}),
        _route("/batches/{id}/failed", {"GET": failed}),
        _route("/batches/{id}/meta", {"GET": meta}),
        _route("/files/{id}", {"GET": get_file, "HEAD": head_file}),
        _route("/datasets/{id}/preview", {"GET": preview}),
    ]


def _route(path: str, handlers: dict[str, Handler]) -> Route:
    return endpoint(BASE + path, handlers, family="plain")


# -- batches


def list_files(call: Call) -> Response:
    """The data files of a batch; their numbers are text, as the service writes them."""
    batch = _batch(call)
    view_id = _view_of(call, batch)

    def shown(file: BatchFile) -> dict[str, Any]:
        return {
            "dataSetFileId": file.id,
            "dataSetViewId": view_id,
            "version": "1.0.0",
            "created": str(batch.body["created"]),
            "updated": str(batch.body["updated"]),
            "isValid": True,
            "records": str(file.read(call.world, call.sandbox).count(b"\n")),
            "size": str(file.size),
            "_links": {"self": {"href": f"{call.base_url}{BASE}/files/{file.id}"}},
        }

    files = batchfiles.data_files(call.world, call.sandbox, batch.id)
    start, limit = _page(call)
    page = [shown(file) for file in files[start : start + limit]]
    return JSONResponse(_answer(call, page, len(files)))


def failed(call: Call) -> Response:
    """The files that could not be read, or with a path the content of one."""
    batch = _batch(call)
    wanted = call.query.get("path")
    if wanted is not None:
        return _content_of(call, batch, batchfiles.FAILED + wanted)
    files = call.world.files.listed(call.sandbox, batch.id, batchfiles.FAILED)
    named = [(path.removeprefix(batchfiles.FAILED), size) for path, size in files]
    return JSONResponse(_directory(call, [(name, name, size) for name, size in named]))


def meta(call: Call) -> Response:
    """Row errors, input files and samples: one level of the directory, or a file's content."""
    batch = _batch(call)
    files = batchfiles.meta_files(call.world, call.sandbox, batch.id)
    wanted = call.query.get("path", "").strip("/")
    if any(path == wanted for path, _ in files):
        return _content_of(call, batch, wanted)
    above = f"{wanted}/" if wanted else ""
    sizes: dict[str, int] = {}
    for path, size in files:
        if path.startswith(above):
            name = path.removeprefix(above).split("/")[0]
            sizes[name] = sizes.get(name, 0) + size
    if wanted and not sizes:
        raise _not_found(f"The batch {batch.id} has no {wanted}.")
    return JSONResponse(_directory(call, [(n, above + n, size) for n, size in sizes.items()]))


def _directory(call: Call, entries: list[tuple[str, str, int]]) -> dict[str, Any]:
    start, limit = _page(call)
    page = [
        {
            "name": name,
            "length": str(size),
            "_links": {
                "self": {"href": f"{call.base_url}{call.url_path}?path={quote(path, safe='')}"}
            },
        }
        for name, path, size in entries[start : start + limit]
    ]
    return _answer(call, page, len(entries))


def _content_of(call: Call, batch: Document, path: str) -> Response:
    data = call.world.files.read(call.sandbox, batch.id, path)
    if data is None:
        raise _not_found(f"The batch {batch.id} has no {path}.")
    return _content(call, quirks.row_errors(call, path, data))


# -- files


def get_file(call: Call) -> Response:
    """Without a path the one file that the id stands for, with its path the content."""
    file = _file(call)
    wanted = call.query.get("path")
    if wanted is None:
        entry = {
            "name": file.path,
            "length": str(file.size),
            "_links": {
                "self": {"href": f"{call.base_url}{BASE}/files/{file.id}?path={quote(file.path)}"}
            },
        }
        return JSONResponse(_answer(call, [entry], 1))
    if wanted != file.path:
        raise _not_found(f"The file {file.id} has no {wanted}.")
    return _content(call, file.read(call.world, call.sandbox))


def head_file(call: Call) -> Response:
    file = _file(call)
    if call.query.get("path", file.path) != file.path:
        raise _not_found(f"The file {file.id} has no {call.query['path']}.")
    headers = {"Content-Length": str(file.size), "Accept-Ranges": "bytes"}
    return Response(headers=headers, media_type="application/json")


def _content(call: Call, data: bytes) -> Response:
    """The bytes, or the part of them that a Range header asks for."""
    wanted = _RANGE.fullmatch(call.headers.get("range", "").replace(" ", ""))
    accepts = {"Accept-Ranges": "bytes"}
    if wanted is None or wanted.group(0) == "bytes=-":
        return Response(data, media_type="application/octet-stream", headers=accepts)
    first, last = wanted.groups()
    begin = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if begin > end:
        sentence = f"The file has {len(data)} bytes; the range {wanted.group(0)} is none of it."
        headers = {"Content-Range": f"bytes */{len(data)}"}
        raise plain_error(416, "Range not satisfiable", sentence, headers=headers)
    return Response(
        data[begin : end + 1],
        206,
        media_type="application/octet-stream",
        headers={**accepts, "Content-Range": f"bytes {begin}-{end}/{len(data)}"},
    )


# -- datasets


def preview(call: Call) -> Response:
    """The first rows of the batch that came last into a dataset without failing."""
    dataset = call.world.get(call.sandbox, "dataSets", call.path["id"])
    if dataset is None:
        raise _not_found(f"The dataset {call.path['id']} is not found.")
    rows: list[Any] = []
    batch_id = dataset.body.get("lastSuccessfulBatch", "")
    for file in batchfiles.data_files(call.world, call.sandbox, batch_id):
        lines = file.read(call.world, call.sandbox).splitlines()
        rows += [json.loads(line) for line in lines[: PREVIEW_ROWS - len(rows)]]
        if len(rows) == PREVIEW_ROWS:
            break
    return JSONResponse({"data": rows})


# -- what the calls share


def _batch(call: Call) -> Document:
    found = call.world.get(call.sandbox, "batches", call.path["id"])
    if found is None:
        raise _not_found(f"The batch {call.path['id']} is not found.")
    return found


def _file(call: Call) -> BatchFile:
    found = batchfiles.data_file(call.world, call.sandbox, call.path["id"])
    if found is None:
        raise _not_found(f"The file {call.path['id']} is not found.")
    return found


def _view_of(call: Call, batch: Document) -> str:
    for dataset_id in batchfiles.related(batch.body, "dataSet"):
        dataset = call.world.get(call.sandbox, "dataSets", dataset_id)
        if dataset is not None:
            return str(dataset.body["viewId"])
    return ""


def _page(call: Call) -> tuple[int, int]:
    start, limit = call.query.get("start", "0"), call.query.get("limit", str(MOST))
    if not start.isdecimal() or not limit.isdecimal() or int(limit) < 1:
        sentence = "start and limit must be whole numbers, limit from 1."
        raise plain_error(400, "Bad request", sentence)
    return int(start), min(int(limit), MOST)


def _answer(call: Call, page: list[dict[str, Any]], total: int) -> dict[str, Any]:
    start, limit = _page(call)
    here = f"{call.base_url}{call.url_path}"
    kept = [(k, v) for k, v in call.query.multi_items() if k not in ("start", "limit")]
    stem = f"{here}?{urlencode(kept)}&" if kept else f"{here}?"
    links: dict[str, Any] = {
        "page": {"href": f"{stem}limit={limit}{{&start}}", "templated": True},
    }
    if start + limit < total:
        links["next"] = {"href": f"{stem}{urlencode({'start': start + limit, 'limit': limit})}"}
    return {"data": page, "_page": {"limit": limit, "count": len(page)}, "_links": links}


def _not_found(sentence: str) -> Refusal:
    return plain_error(404, "Not found", sentence)
