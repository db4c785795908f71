"""Turn a help desk's incident event log into a floor of agents and a timed stream of calls."""
