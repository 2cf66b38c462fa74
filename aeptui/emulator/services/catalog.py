"""Catalog: the datasets of a sandbox, the batches that went into them, and their files."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import catalog_error, not_emulated
from aeptui.emulator.services import batchfiles, cataloglists, datasets, quirks
from aeptui.emulator.services.cataloglists import Entry
from aeptui.emulator.world import World

BASE = "/data/foundation/catalog"


def routes(world: World) -> list[Route]:
    unmade = _not_yet("Writing batches through Catalog")
    writes = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), unmade)
    return [
        _route("/dataSets", {"GET": list_datasets, "POST": post_dataset}),
        _route(
            "/dataSets/{id}",
            {
                "GET": get_dataset,
                "PUT": put_dataset,
                "PATCH": patch_dataset,
                "DELETE": delete_dataset,
            },
        ),
        _route("/v2/dataSets/{id}", {"PATCH": patch_dataset}),
        _route("/batches", {"GET": list_batches, "POST": unmade}),
        _route("/batches/{id}", {"GET": get_batch, **writes}),
        _route("/lastBatches", {"GET": last_batches}),
        _route("/dataSetFiles", {"GET": list_files}),
        _route("/dataSetFiles/{id}", {"GET": get_file}),
    ]


def _route(path: str, handlers: dict[str, Handler]) -> Route:
    return endpoint(BASE + path, handlers, family="catalog")


def _not_yet(what: str) -> Handler:
    def refuse(call: Call) -> Response:
        raise not_emulated(what, "catalog")

    return refuse


# -- datasets


def list_datasets(call: Call) -> Response:
    return _listed(call, _entries(call, datasets.KIND))


def post_dataset(call: Call) -> Response:
    id = datasets.create_dataset(call.world, call.sandbox, call.json_object(), call.client_id)
    location = {"Location": f"{call.base_url}{BASE}/dataSets/{id}"}
    return JSONResponse(quirks.reference(call, id), 201, headers=location)


def get_dataset(call: Call) -> Response:
    found = _held(call, datasets.KIND)
    return JSONResponse(cataloglists.answer([Entry(found.id, found.body)], call.query))


def put_dataset(call: Call) -> Response:
    document = _held(call, datasets.KIND)
    _check_match(call, document)
    datasets.replace(call.world, document, call.json_object())
    return JSONResponse(quirks.reference(call, document.id))


def patch_dataset(call: Call) -> Response:
    document = _held(call, datasets.KIND)
    _check_match(call, document)
    datasets.patch(call.world, document, call.json())
    return JSONResponse(quirks.reference(call, document.id))


def delete_dataset(call: Call) -> Response:
    document = _held(call, datasets.KIND)
    call.world.delete(call.sandbox, datasets.KIND, document.id)
    return JSONResponse(quirks.reference(call, document.id))


def _check_match(call: Call, document: Document) -> None:
    """If-Match is optional here, and compares the version or the moment of the last update."""
    wanted = call.headers.get("if-match", "").removeprefix("W/").strip('"')
    now = (str(document.body["version"]), str(document.body["updated"]))
    if wanted and wanted != "*" and wanted not in now:
        sentence = f"The dataset is at version {now[0]}, not {wanted}."
        raise catalog_error(412, sentence, title="PreconditionFailedError")


# -- batches


def list_batches(call: Call) -> Response:
    relations: dict[str, cataloglists.Relation] = {
        "dataSet": lambda entry: batchfiles.related(entry.body, "dataSet"),
        "batch": lambda entry: [entry.id],
    }
    return _listed(call, _entries(call, "batches"), relations)


def get_batch(call: Call) -> Response:
    found = _held(call, "batches")
    return JSONResponse(cataloglists.answer([Entry(found.id, found.body)], call.query))


def last_batches(call: Call) -> Response:
    """What came last into each dataset; datasets without a batch are left out."""
    relations: dict[str, cataloglists.Relation] = {"dataSetId": lambda entry: [entry.id]}
    found = (
        Entry(id, _last_batch(body))
        for id, body in _entries(call, datasets.KIND)
        if "lastBatchId" in body
    )
    return _listed(call, found, relations)


def _last_batch(dataset: dict[str, Any]) -> dict[str, Any]:
    # The same facts have other names on a dataset than they have here.
    named = {
        "lastBatchId": "lastBatchId",
        "lastBatchStatus": "lastBatchStatus",
        "lastSuccessfulBatchId": "lastSuccessfulBatch",
        "lastFailedBatchId": "lastFailedBatch",
        "imsOrg": "imsOrg",
        "sandboxId": "sandboxId",
        "created": "created",
        "updated": "updated",
    }
    return {here: dataset[there] for here, there in named.items() if there in dataset}


# -- files


def list_files(call: Call) -> Response:
    relations: dict[str, cataloglists.Relation] = {
        "dataSetId": lambda entry: [entry.body["dataSetId"]],
        "batch": lambda entry: [entry.body["batchId"]],
    }
    return _listed(call, _files(call), relations)


def get_file(call: Call) -> Response:
    found = [entry for entry in _files(call) if entry.id == call.path["id"]]
    if not found:
        raise _not_found("dataSetFiles", call.path["id"])
    return JSONResponse(cataloglists.answer(found, call.query))


def _files(call: Call) -> Iterator[Entry]:
    world = call.world
    views = {d.id: d.body["viewId"] for d in world.scan(call.sandbox, datasets.KIND)}
    for batch in world.scan(call.sandbox, "batches"):
        dataset_id = next(iter(batchfiles.related(batch.body, "dataSet")), "")
        for file in batchfiles.data_files(world, call.sandbox, batch.id):
            yield Entry(
                file.id,
                {
                    "imsOrg": world.org,
                    "batchId": batch.id,
                    "dataSetId": dataset_id,
                    "dataSetViewId": views.get(dataset_id, ""),
                    "name": file.path,
                    "size": file.size,
                    "isValid": True,
                    "version": "1.0.0",
                    "created": batch.body["created"],
                    "updated": batch.body["updated"],
                },
            )


# -- what the collections share


def _entries(call: Call, kind: str) -> Iterator[Entry]:
    for document in call.world.scan(call.sandbox, kind):
        yield Entry(document.id, document.body)


def _listed(
    call: Call,
    entries: Iterator[Entry],
    relations: dict[str, cataloglists.Relation] | None = None,
) -> Response:
    page = cataloglists.listed(entries, call.query, relations)
    return JSONResponse(cataloglists.answer(page, call.query))


def _held(call: Call, kind: str) -> Document:
    found = call.world.get(call.sandbox, kind, call.path["id"])
    if found is None:
        raise _not_found(kind, call.path["id"])
    return found


def _not_found(kind: str, id: str) -> Exception:
    return catalog_error(404, f"The object {kind}/{id} is not found.", title="NotFoundError")
