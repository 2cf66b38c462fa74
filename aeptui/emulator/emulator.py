"""What an emulator is made of, whoever asks it: the world, its CRM, and what disturbs them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from aeptui.emulator.errors import Refusal, not_emulated
from aeptui.emulator.faults import Faults
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.requestlog import RequestLog
from aeptui.emulator.tokens import Tokens
from aeptui.emulator.world import World, touch

if TYPE_CHECKING:
    from aeptui.emulator.crm import Crm
    from aeptui.emulator.runner import Runner

PATIENCE_S = 0.05  # how long a request may work off what is due before it is answered
IDLE_S = 0.5

ENTITIES = ("connections", "sourceConnections", "targetConnections", "flows", "runs")


class Emulator:
    """The world, the CRM beside it, and what disturbs them.

    The CRM and the runner come with `furnish`, which a new world needs some seconds for;
    until then calls that need them are told to wait.
    """

    def __init__(self, world: World, *, token_ttl_s: int = 86_399, lenient: bool = False) -> None:
        self.world = world
        self.tokens = Tokens(world, token_ttl_s)
        self.incidents = Incidents(world)
        self.faults = Faults()
        self.quirks: set[str] = set()
        self.log = RequestLog()
        self.lenient = lenient
        self.making: tuple[int, int] | None = None  # runs done and to do, while a world is made
        self.begin_again: Callable[[int], None] = _no_reset
        self._crm: Crm | None = None
        self._runner: Runner | None = None
        self.moves = 0  # calls that wait until the clock was moved
        self._waiting = 0
        self._turn = Condition()

    def furnish(self, crm: "Crm", runner: "Runner") -> None:
        self._crm, self._runner = crm, runner

    @property
    def crm(self) -> "Crm":
        if self._crm is None:
            raise _not_yet()
        return self._crm

    @property
    def runner(self) -> "Runner":
        if self._runner is None:
            raise _not_yet()
        return self._runner

    def settle(self) -> None:
        """Do some of what is due, for as long as a request may wait; the world's lock is held."""
        if self.making is None:
            self.runner.settle(within_s=PATIENCE_S)

    def keep_up(self) -> float:
        """Do some of what is due; answers how long to wait, in seconds, before it is asked again."""
        with self.world.lock:
            if self.making is not None:
                return IDLE_S
            self.settle()
            wait_s = self.runner.wait_s()
        self.give_way()
        return min(wait_s, IDLE_S)

    def race(self, path: str) -> None:
        """Change the entity that a path names, as somebody else's write would."""
        id = path.rsplit("/", 1)[1]
        with self.world.transaction():
            for sandbox in self.world.sandboxes():
                for kind in ENTITIES:
                    document = self.world.get(sandbox["name"], kind, id)
                    if document is not None:
                        touch(self.world, document)

    def give_way(self) -> None:
        """Let waiting requests go first: called between the steps of long work, lock not held."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting == 0, timeout=1.0)

    @contextmanager
    def my_turn(self) -> Iterator[None]:
        """The world's lock, for which long work makes way."""
        with self._turn:
            self._waiting += 1
        try:
            with self.world.lock:
                yield
        finally:
            with self._turn:
                self._waiting -= 1
                self._turn.notify_all()


def _not_yet() -> Refusal:
    sentence = "The world is still being made; ask again in some seconds."
    return Refusal(503, "plain", "", sentence, headers={"Retry-After": "2"})


def _no_reset(seed: int) -> None:
    raise not_emulated("Beginning again in this process")
