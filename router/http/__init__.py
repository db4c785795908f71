"""The HTTP server: requests to calls, replies to responses, events to streams."""
