"""What is made to go wrong: a CRM that is down, rows that are bad, ticks that do not come.

An incident is state of the world, kept as a document of its sandbox, so that it
survives a restart. The runner and the connection tests ask; control and the seed tell.
"""

from dataclasses import dataclass
from typing import Any

from aeptui.emulator.world import World

KINDS = frozenset(
    {
        "crm_down",
        "crm_auth",
        "drop_column",
        "bad_rows",
        "volume",
        "no_tick",
        "slow",
        "status_word",
    }
)


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is wrong, from when to when, and with whom.

    `share` is the part of the rows that is hit (`bad_rows`) or seen (`volume`), `factor`
    how many times longer a run takes (`slow`), `column` the one that is gone
    (`drop_column`), `word` the status a run ends with instead of success (`status_word`).
    """

    id: str
    kind: str
    sandbox: str
    flow: str | None = None
    base_connection: str | None = None
    share: float | None = None
    factor: float | None = None
    column: str | None = None
    word: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def concerns(self, flow_id: str | None, base_connection_id: str | None, at_ms: int) -> bool:
        """Whether it strikes this flow or base connection now; without either, the whole sandbox."""
        return (
            (self.from_ms is None or self.from_ms <= at_ms)
            and (self.to_ms is None or at_ms < self.to_ms)
            and (self.flow is None or self.flow == flow_id)
            and (self.base_connection is None or self.base_connection == base_connection_id)
        )


class Incidents:
    """The incidents of a world; reads cost nothing when there are none."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: list[Incident] = []
        self._known_of = ""
        self.revision = 0  # counts up with every change, for those who plan ahead

    def add(self, kind: str, sandbox: str, **settings: Any) -> Incident:
        """Begin one; `settings` are the fields of `Incident`."""
        if kind not in KINDS:
            raise ValueError(
                f"{kind} is not a kind of incident; there are {', '.join(sorted(KINDS))}"
            )
        with self._world.transaction():
            incident = Incident(id=self._world.uuid(), kind=kind, sandbox=sandbox, **settings)
            body = {name: getattr(incident, name) for name in Incident.__slots__}
            self._world.put(sandbox, "incidents", incident.id, body)
            self._changed()
        return incident

    def remove(self, incident_id: str) -> bool:
        """End one; False when there is none of this id."""
        with self._world.transaction():
            for one in self.all():
                if one.id == incident_id:
                    self._world.delete(one.sandbox, "incidents", one.id)
                    self._changed()
                    return True
        return False

    def clear(self) -> None:
        """End them all."""
        for one in list(self.all()):
            self.remove(one.id)

    def all(self) -> list[Incident]:
        with self._world.lock:
            if self._known_of != self._world.id:
                self._known = [
                    Incident(**document.body)
                    for sandbox in self._world.sandboxes()
                    for document in self._world.scan(sandbox["name"], "incidents")
                ]
                self._known_of = self._world.id
            return self._known

    def active(
        self,
        kind: str,
        sandbox: str,
        flow_id: str | None,
        base_connection_id: str | None,
        at_ms: int,
    ) -> Incident | None:
        """The newest incident of a kind that strikes now, or None."""
        for one in reversed(self.all()):
            if (
                one.kind == kind
                and one.sandbox == sandbox
                and one.concerns(flow_id, base_connection_id, at_ms)
            ):
                return one
        return None

    def _changed(self) -> None:
        self._known_of = ""
        self.revision += 1
