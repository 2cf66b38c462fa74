"""The filling of an empty world with synthetic history, for `--scale flows=N,runs=M`.

What the flows stand on (connections, schemas, datasets, mappings) is made as for the demo,
once for each kind of table; flows and runs are rows whose bodies follow from their numbers
(`history.py`). From then on the flows live: what falls due later really runs.
"""

from aeptui.emulator.history import FREQUENCIES, LONGEST_S, QUIET_MS, Plan, Scale
from aeptui.emulator.runner import Runner
from aeptui.emulator.scheduling import schedule_of
from aeptui.emulator.seed import Maker, Progress, add_sandboxes
from aeptui.emulator.seedplan import FlowSeed
from aeptui.emulator.world import World

SANDBOX = "dev"
CHUNK = 20_000  # rows to a transaction; a request waits for one at most

# Tables that change little in a day, so that thousands of flows can live on.
_LIKE = (
    FlowSeed("Salesforce campaigns", "Salesforce prod", "salesforce.campaign", 60, 0),
    FlowSeed("Dynamics opportunities", "Dynamics sales", "dynamics.opportunity", 60, 0),
    FlowSeed("Salesforce EMEA campaigns", "Salesforce EMEA", "salesforce.campaign", 60, 0),
    FlowSeed("Dynamics service accounts", "Dynamics service", "dynamics.account", 60, 0),
)


def fill(world: World, runner: Runner, scale: Scale, progress: Progress) -> None:
    """Fill the sandbox `dev` of an empty world.

    The clock must stand still; it ends where it stood. `progress` hears of runs done and to
    do between the steps, with the lock free; what it raises ends the filling.
    """
    with world.transaction():
        add_sandboxes(world)
        runner.settle()  # begins its agenda, which the flows are entered into below
        history = world.begin_history(_plan(world, runner, scale))
    plan = history.plan
    world.put_synthetic("flows", plan.first_flow, history.flow_rows())
    with world.filling():
        for start in range(0, plan.runs, CHUNK):
            progress(start, plan.runs)
            end = min(start + CHUNK, plan.runs)
            world.put_synthetic("runs", plan.first_run + start, history.run_rows(start, end))
    progress(plan.runs, plan.runs)
    with world.transaction():
        now_ms = world.clock.now_ms()
        for number in range(plan.flows):
            body = history.flow(plan.first_flow + number)
            runs = history.runs_of(number)
            schedule = schedule_of(body)
            assert schedule is not None and schedule.every_ms is not None  # noqa: S101
            reached_ms = schedule.start_ms + (runs - 1) * schedule.every_ms if runs else None
            next_ms = schedule.due_from(max(now_ms, (reached_ms or 0) + 1))
            runner.adopt(plan.sandbox, body, runs, reached_ms, next_ms)


def _plan(world: World, runner: Runner, scale: Scale) -> Plan:
    """Makes what the flows stand on, at a time before the first of them."""
    now_ms = world.clock.now_ms()
    around, flow = divmod(max(0, scale.runs - 1), scale.flows)
    every = next(
        (each for each in FREQUENCIES if (around + 1) * each[2] <= LONGEST_S), FREQUENCIES[-1]
    )
    last_s = around * every[2] + flow * every[2] // scale.flows
    begin_s = (now_ms - QUIET_MS) // 1000 - last_s
    world.clock.begin((begin_s - scale.flows - 600) * 1000)
    maker = Maker(world, runner, SANDBOX)
    likes = tuple(maker.flow(seed, world.clock.now_ms() + 86_400_000).flow for seed in _LIKE)
    for like in likes:
        runner.flow_deleted(like)
        world.delete(SANDBOX, "flows", like.id)
    world.clock.set(now_ms)
    first_flow = world.next_place()
    return Plan(
        sandbox=SANDBOX,
        seed=world.seed,
        flows=scale.flows,
        runs=scale.runs,
        first_flow=first_flow,
        first_run=first_flow + scale.flows,
        begin_s=begin_s,
        every=every,
        flow_bodies=tuple(like.body for like in likes),
    )
