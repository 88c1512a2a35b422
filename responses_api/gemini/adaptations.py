"""What the translation had to drop or approximate, collected for the trace and the client."""


class Adaptations:
    """Human-readable notes, each once, in the order in which they came up."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}

    def add(self, *notes: str) -> None:
        """Record ``notes``; known ones are not repeated."""
        self._notes.update(dict.fromkeys(notes))

    def as_tuple(self) -> tuple[str, ...]:
        """The notes so far."""
        return tuple(self._notes)
