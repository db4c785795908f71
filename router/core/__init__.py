"""The deterministic core: commands in, events out; no clock, no chance, no input or output."""
