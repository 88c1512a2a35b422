"""Background mode: responses that are queued, made without their client, and read when it likes.

``queue`` holds who waits and who makes what, ``event_log`` what was told. A ``runner`` per
gateway process makes them (``run``), ``ending`` ends those that nobody makes, ``following``
reads a log to its end. Gateways tell each other by ``notices`` what is worth a look.
"""

from responses_api.background.doors import cancel, submit
from responses_api.background.following import follow

__all__ = ["cancel", "follow", "submit"]
