"""The engine: shards behind asyncio, each with its inbox, its journal and those who listen."""
