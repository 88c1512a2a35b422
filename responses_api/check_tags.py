"""Tags of the system checks of gateway and interceptor."""

GATEWAY = "gateway"
"""What every command asks for. Django's other checks are of web pages and their routes, which take
long to import."""
