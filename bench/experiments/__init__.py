"""Measurements that decided something; ARCHITECTURE.md says what."""

from router.kernel_cache import settle

settle()  # here, because this is loaded before any of them loads Numba
