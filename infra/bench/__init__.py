"""The benchmark: all servers on this machine, load from a process of its own, ratios of one run before times."""
