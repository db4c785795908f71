"""
How the core's rules are compiled.

Inner rules skip their Python wrappers (they are only called from other rules), which saves a third of the compile time;
entries keep theirs. No ``fastmath`` and no ``parallel``: a rule gives the same bits every run.
"""

from numba import njit

rule = njit(cache=True, nogil=True, error_model="numpy", no_cpython_wrapper=True)
entry = njit(cache=True, nogil=True, error_model="numpy")
