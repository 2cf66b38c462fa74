"""The files of a batch as Catalog and Data Access name them.

A batch keeps its files by path: data at the top, what failed under `failed/`, and the rest
(row errors, the list of input files, samples) is what Data Access calls its meta directory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aeptui.emulator import batches
from aeptui.emulator.documents import Document
from aeptui.emulator.world import World

DATA = batches.PARTS
FAILED = "failed/"


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A data file; its id is the batch's with the file's place in it."""

    id: str
    batch_id: str
    path: str
    size: int

    def read(self, world: World, sandbox: str) -> bytes:
        return world.files.read(sandbox, self.batch_id, self.path) or b""


def data_files(world: World, sandbox: str, batch_id: str) -> list[BatchFile]:
    paths = world.files.listed(sandbox, batch_id, DATA)
    return [
        BatchFile(f"{batch_id}-{place}", batch_id, path, size)
        for place, (path, size) in enumerate(paths, 1)
    ]


def data_file(world: World, sandbox: str, id: str) -> BatchFile | None:
    batch_id = id.rpartition("-")[0]
    return next((f for f in data_files(world, sandbox, batch_id) if f.id == id), None)


def meta_files(world: World, sandbox: str, batch_id: str) -> list[tuple[str, int]]:
    return [
        (path, size)
        for path, size in world.files.listed(sandbox, batch_id)
        if not path.startswith((DATA, FAILED))
    ]


def related(body: dict[str, Any], kind: str) -> list[str]:
    """Ids of the objects of a kind that a batch is about."""
    return [one["id"] for one in body.get("relatedObjects") or [] if one.get("type") == kind]


def batches_of(world: World, sandbox: str, dataset_id: str) -> Iterator[Document]:
    for batch in world.scan(sandbox, "batches"):
        if dataset_id in related(batch.body, "dataSet"):
            yield batch
