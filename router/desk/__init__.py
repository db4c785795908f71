"""The desk: each call of the API, from what a client sent to commands for the core and back to a reply."""
