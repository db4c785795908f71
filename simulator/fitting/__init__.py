"""From a log of one's own to a world: read, fit, and show the fit against the data."""
