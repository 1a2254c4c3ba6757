"""Work that survives a restart; the only place that knows the durable engine's name."""
