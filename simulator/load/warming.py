"""Compile what a load test needs before its clock runs: a pause in an open loop would count as lateness."""

from collections.abc import Callable

from simulator.kernel.running import Options, Prepared
from simulator.kernel.warming import TINY, said_when_long
from simulator.load.crowd import Crowd
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world


def compile_crowd(say: Callable[[str], object]) -> None:
    """Make sure that customers and agents act and hear at once; ``say`` hears of it if compiling takes a while."""
    with said_when_long(say):
        compiled, options = compile_world(parse_world(TINY)), Options()
        crowd = Crowd(
            Prepared(compiled, compiled.world.policy),
            plan_replication(compiled, options.seed, options.replication),
            options,
        )
        while crowd.next_us < compiled.span.closes_us:
            said = crowd.act()
            if said is not None:
                crowd.refused(said, said.at_us)  # nobody takes it, so everything is heard, too
        crowd.end(compiled.span.closes_us)
