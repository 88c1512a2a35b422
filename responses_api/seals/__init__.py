"""What a client keeps for us: encrypted, authenticated, bound to where it came from."""
