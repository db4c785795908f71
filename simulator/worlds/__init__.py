"""Worlds: contact centres described in TOML, checked, and compiled for the kernel and for the router."""
