"""``cordboard simulate worlds``: the worlds that come with the program."""

import argparse

from simulator.worlds.reading import read_world
from simulator.worlds.shipped import shipped


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the action's arguments."""
    parser.add_argument(
        "--show", metavar="WORLD", choices=sorted(shipped()), help="Print its file."
    )


def run(given: argparse.Namespace) -> int:
    """Print a line for each world, or one world's file."""
    if given.show is not None:
        print(shipped()[given.show].read_text("utf-8"), end="")
        return 0
    for name, path in shipped().items():
        world = read_world(path)
        agents = sum(team.count for team in world.agents.values())
        about = " ".join(world.about.split()).split(". ")[0].rstrip(".")
        print(f"{name:20} {len(world.tickets):3} kinds of ticket, {agents:3} agents. {about}.")
    return 0
