"""How the garbage collector works in a process that serves."""

import gc


def settle_down() -> None:
    """Start-up is over; call this once, then."""
    gc.collect()
    # What is loaded now stays: the collector need not look through it again and again.
    gc.freeze()
    # Connections that have ended are reference cycles, mitmproxy's above all: old ones are looked for often.
    gc.set_threshold(10_000, 5, 5)
