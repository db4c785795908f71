"""Who gets what: values of pairs, the choice for one ticket or one agent, and the joint decision for many."""
