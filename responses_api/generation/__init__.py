"""The making of one response: the pure core joined to everything that does I/O."""
