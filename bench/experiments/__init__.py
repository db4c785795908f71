"""Measurements that decided something; ARCHITECTURE.md says what."""
