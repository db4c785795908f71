"""
The auditor: checks every promise of a router from outside.

It is told what was configured, what was asked and acknowledged, and hears the events, as any client
may. From these alone it follows tickets, offers and agents, and writes down whatever should not have
happened. It shares no code with the core: what it knows of routing it learnt from the documents.
"""
