"""Assignment of rows to columns: arrays in, arrays out, every plan with a bound on what was missed."""
