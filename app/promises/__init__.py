"""Callbacks and transfers, followed until done."""
