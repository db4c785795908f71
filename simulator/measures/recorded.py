"""From what the kernel leaves of a replication to what measures are taken of."""

from simulator.kernel.running import Records
from simulator.measures.day import Day, Setting
from simulator.worlds.compiling import Compiled


def day_of(records: Records) -> Day:
    """Return the records of a replication."""
    return Day(records.tickets, records.agent_hours, records.queue_hours)


def setting_of(compiled: Compiled, records: Records) -> Setting:
    """Return what is common to all replications: names, targets, slots, and what is measured."""
    world, span, names = compiled.world, records.span, records.names
    return Setting(
        targets_us=[round(queue.service_level.target_s * 1e6) for queue in world.queues.values()],
        names={
            "queue": names.queues,
            "language": names.languages,
            "region": names.regions,
            "channel": names.channels,
            "type": names.types,
            "agent": names.agents,
        },
        start_us=span.opens_us,
        slot_us=records.slot_us,
        window_us=(span.opens_us + round(world.time.warm_up_s * 1e6), span.closes_us),
    )
