"""The other driver: it plays the customers' and the agents' side against a server."""
