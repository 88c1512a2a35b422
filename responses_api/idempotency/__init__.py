"""A request that is sent twice is answered once."""
