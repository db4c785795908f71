"""Every maximum of the core, with its unit, and how the maxima relate."""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

NEVER_US = 2**62
"""A deadline that does not come; far from the edge, so that adding a duration cannot wrap."""
TIME_US_MAX = 2**53
"""The last instant a command may name: year 2255, and exact in every JSON reader."""

TICKETS_MAX = 1_000_000
AGENTS_MAX = 65_536
WORKS_MAX = 2_000_000
PROFILES_MAX = 65_536
QUEUES_MAX = 4_096
SKILLS_MAX = 4_096
LANGUAGES_MAX = 512
GROUPS_MAX = 4_096
REGIONS_MAX = 256
CHANNELS_MAX = 16

LEVEL_MAX = 5
PRIORITY_MAX = 9
UNITS_MAX = 1_000_000
SKILLS_PER_PROFILE_MAX = 8
GROUPS_PER_PROFILE_MAX = 16
REGIONS_PER_PROFILE_MAX = 8
RELAXATIONS_MAX = 8
TIES_PER_TICKET_MAX = 64
"""Preferred agents and cool-downs of one ticket; the oldest cool-down makes room."""
OFFERS_PARALLEL_MAX = 5
HOLD_US_MIN = 100_000
"""A ticket that is not worth an agent's time yet is not looked at more often, whatever the policy says."""
WORKS_PER_AGENT_MAX = 512
"""Open offers and assignments one agent may hold; bounds the events of one lost agent."""

COMMANDS_PER_CALL_MAX = AGENTS_MAX + 1
"""Commands that one call may bring: a channel whose defaults change, and every agent that follows them.
A batch of 1,000 tickets brings fewer, even if each asks for something new that relaxes in many steps."""
COMMANDS_PER_RUN_MAX = 2 * COMMANDS_PER_CALL_MAX
WORDS_PER_COMMAND_MAX = 16_384
PLAN_PAIRS_MAX = 2_048
"""Pairs of one plan; each is an offer and, where a channel accepts by itself, an assignment: two events."""
DECIDE_ROWS_MAX = 8_192
"""Tickets decided jointly at once; more are decided in further rounds."""
DECIDE_PAIRS_MAX = 524_288
"""Pairs a joint decision begins with; the more tickets, the fewer agents each is given at first."""
DECIDE_SCANS_MAX = 4_194_304
"""Scans of tickets and agents that all joint decisions of an instant may take, about a second; what is scored counts
as well. What it cuts short, the gap says; rounds that come after it go by turns."""
SCORED_PER_SCAN = 6
"""Pairs that are scored in the time of one scan."""
DECIDE_SCANS_LEAST = DECIDE_SCANS_MAX // 4
"""Scans kept for tickets that are told of, at first and after each look; whoever is left then goes by turns."""
CANDIDATES_MAX = 256
"""Agents that tickets of one profile begin with in a joint decision, at most."""
CANDIDATES_LEAST = 16
"""Agents that they begin with at least, and that a look at all others adds at most."""
CANDIDATES_SPREAD = 8
"""Agents that they begin with besides, spread over all that may take them."""
LOOKS_MAX = 8
"""How often a joint decision looks for better pairs among those it left out."""
TURN_ROWS_MAX = 256
"""Tickets or offers of one round that goes by turns, and tickets a joint one has room for at first."""
EVENTS_MARGIN = 4 * (WORKS_PER_AGENT_MAX + TURN_ROWS_MAX * OFFERS_PARALLEL_MAX)
"""Room in the event buffer that any command, timer or round by turns fits in; larger rounds ask for theirs."""

VALUE_MAX = 2**20
"""Values of pairs, in thousandths of a point; the solver's costs stay exact in int32."""

assert TIME_US_MAX < NEVER_US
assert TICKETS_MAX <= WORKS_MAX
assert 1_000 * (RELAXATIONS_MAX + 3) <= COMMANDS_PER_CALL_MAX
assert AGENTS_MAX % 64 == 0
assert DECIDE_ROWS_MAX * VALUE_MAX < 2**62
assert DECIDE_PAIRS_MAX >= DECIDE_ROWS_MAX * (CANDIDATES_LEAST + CANDIDATES_SPREAD)
assert TURN_ROWS_MAX <= DECIDE_ROWS_MAX
assert TURN_ROWS_MAX * OFFERS_PARALLEL_MAX * 2 < EVENTS_MARGIN
assert WORKS_PER_AGENT_MAX * 3 < EVENTS_MARGIN
assert PLAN_PAIRS_MAX * 2 < EVENTS_MARGIN
assert PLAN_PAIRS_MAX * 2 <= WORDS_PER_COMMAND_MAX
