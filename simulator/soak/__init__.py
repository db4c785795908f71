"""
Soak: thousands of random days with faults, around the production core, engine and store contract.

A seed says what happens: who writes, who answers, what the disk does, when the process dies, how the clock
jumps. Time, disk and delivery are devices in one thread, so a seed repeats to the byte. The auditor listens;
at the end the journal is decided again. A seed that fails is shrunk to the few things that matter.

References
----------
.. [1] Groce, Zhang, Eide, Chen, Regehr (2012). Swarm testing. doi:10.1145/2338965.2336763
.. [2] Zeller, Hildebrandt (2002). Simplifying and isolating failure-inducing input. doi:10.1109/32.988498
"""
