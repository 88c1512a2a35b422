"""The installation's model catalogue: the table of models, with the settings' default and aliases.

Every process reads the table again when what it knows is older than two seconds, so that a
change in the admin holds everywhere within two seconds. An empty table, or one that cannot
be read before it was ever read, stands for the built-in models.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import Error

from responses_api.gemini.models import PROFILES, ModelCatalogue, ModelProfile
from responses_api.models import ServedModel
from responses_api.runtime import database

logger = logging.getLogger("zg.catalogue")

REMEMBERED_SECONDS = 2.0


class CatalogueMemory:
    """The catalogue as it was last read; safe across threads."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, seconds: float = REMEMBERED_SECONDS
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._reading = threading.Lock()
        self._fresh_until = float("-inf")
        self._catalogue: ModelCatalogue | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether it was read, or could not be read, in the last seconds."""
        return self._clock() < self._fresh_until

    def latest(self) -> ModelCatalogue:
        """What was read last, however long ago; the built-in models at first. No I/O."""
        if self._catalogue is None:
            self._catalogue = build_catalogue(())
        return self._catalogue

    def read(self) -> ModelCatalogue:
        """What the table says, from memory where that is fresh.

        Raises:
            django.db.Error: it could not be read. What was known before is good for some more seconds.
        """
        with self._reading:
            if not self.is_fresh:
                # Counted from before the query: what is committed during it is seen in time.
                asked = self._clock()
                try:
                    known, self._catalogue = self._catalogue, build_catalogue(stored_profiles())
                finally:
                    self._fresh_until = asked + self._seconds
                _warn_of_dangling_names(self._catalogue, known)
            return self.latest()


memory = CatalogueMemory()


def read_catalogue() -> ModelCatalogue:
    """The catalogue, no older than two seconds; for threads that may use the database."""
    try:
        return memory.latest() if memory.is_fresh else memory.read()
    except Error as error:
        return _as_known(error)


async def current_catalogue() -> ModelCatalogue:
    """The catalogue, no older than two seconds; for the event loop."""
    try:
        return memory.latest() if memory.is_fresh else await database.run(memory.read)
    except Error as error:
        return _as_known(error)


def build_catalogue(profiles: Iterable[ModelProfile]) -> ModelCatalogue:
    """``profiles`` with the settings' default and aliases; the built-in models if there are none."""
    return ModelCatalogue(
        tuple(profiles) or PROFILES,
        default=settings.DEFAULT_MODEL,
        aliases=settings.MODEL_ALIASES,
        serve_unknown=settings.UNKNOWN_MODELS == "serve",
    )


def stored_profiles() -> tuple[ModelProfile, ...]:
    """The models of the table; a row that makes no sense is reported and left out."""
    profiles = []
    for row in ServedModel.objects.all():
        try:
            profiles.append(row.profile())
        except (TypeError, ValueError) as error:
            logger.error("the model %s is left out, its row makes no sense: %s", row.name, error)
    return tuple(profiles)


def _as_known(error: Error) -> ModelCatalogue:
    logger.error("the table of models cannot be read, going on with what is known: %s", error)
    return memory.latest()


def _warn_of_dangling_names(catalogue: ModelCatalogue, known: ModelCatalogue | None) -> None:
    dangling = catalogue.dangling()
    if dangling and (known is None or known.dangling() != dangling):
        logger.warning(
            "DEFAULT_MODEL or MODEL_ALIASES names models that are not served: %s", ", ".join(dangling)
        )
