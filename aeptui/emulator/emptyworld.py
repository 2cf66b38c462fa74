"""A world without any flow: the demo's sandboxes, and in each the tenant's own field groups."""

from aeptui.emulator import seedplan
from aeptui.emulator.services import resources
from aeptui.emulator.world import World

SANDBOXES = (("dev", "Development"), ("prod", "Production"), ("empty", "Empty"))


def make_empty(world: World) -> None:
    """Make what has to be there before anybody can make a pipeline."""
    with world.transaction():
        for name, title in SANDBOXES:
            world.add_sandbox(name, title, production=name == "prod", default=name == "dev")
            made = resources.create(world, name, "classes", seedplan.campaign_class())
            class_id = str(made["$id"])
            resources.create(world, name, "fieldgroups", seedplan.crm_group(class_id))
            resources.create(world, name, "fieldgroups", seedplan.campaign_group(class_id))
