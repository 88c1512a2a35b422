"""Who is alive among the gateways, and the end of what a dead one has left."""
