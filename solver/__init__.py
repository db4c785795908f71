"""Assignment of rows to columns: arrays in, arrays out, plans with a bound on what they miss."""
