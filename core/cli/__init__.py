"""The command `hitscope`."""
