"""The models that this gateway serves, and how a client's model name finds one. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.built_in_models import PROFILES, newer_model
from responses_api.gemini.model_profile import MEDIA, Generation, ModelProfile, Prices, model_line

__all__ = [
    "DEFAULT_MODEL",
    "MEDIA",
    "PROFILES",
    "Generation",
    "ModelCatalogue",
    "ModelProfile",
    "Prices",
    "model_line",
]

DEFAULT_MODEL = "gemini-3.8-flash"


class ModelCatalogue:
    """Finds the profile for the name that a client sent."""

    def __init__(
        self,
        profiles: Iterable[ModelProfile] = PROFILES,
        *,
        default: str = DEFAULT_MODEL,
        aliases: Mapping[str, str] | None = None,
        serve_unknown: bool = True,
    ) -> None:
        """Build a catalogue.

        Args:
            profiles: The models, served or switched off.
            default: Name or alias of the model for requests that name none.
            aliases: More names, for instance ``{"gpt-5": "gemini-3.8-flash"}``; they win over
                the profiles' own aliases, not over their names.
            serve_unknown: Whether a name of the Gemini or Gemma families that is not among
                ``profiles`` is served with safe defaults.
        """
        known = tuple(profiles)
        self.profiles = tuple(profile for profile in known if profile.enabled)
        """The models served."""
        self._default = default
        self._aliases = dict(aliases or {})
        self._by_name = {alias: profile for profile in self.profiles for alias in profile.aliases}
        self._by_name |= {profile.name: profile for profile in self.profiles}
        self._names = frozenset(profile.name for profile in self.profiles)
        self._switched_off = frozenset(
            name for profile in known if not profile.enabled for name in (profile.name, *profile.aliases)
        )
        self._serve_unknown = serve_unknown
        self._allowed: re.Pattern[str] | None = None

    def resolve(self, name: str | None) -> ModelProfile:
        """The profile for ``name`` (an id, an alias, or ``models/`` and an id); None = the default.

        Raises:
            InvalidRequest: ``model_not_found``: there is none, and the message lists what there is; or
                it is not among those that this catalogue is restricted to (403).
        """
        asked = self._default if name is None else name
        target = self._target(asked)
        profile = self._by_name.get(target) or self._newer(target)
        if profile is not None and not self._allows(profile):
            raise InvalidRequest(
                f"This API key does not have access to model `{asked}`.",
                code="model_not_found",
                http_status=403,
            )
        if profile is None:
            available = ", ".join(sorted(known.name for known in self.profiles))
            raise InvalidRequest(
                f"The requested model '{asked}' does not exist. Available models: {available}.",
                param="model",
                code="model_not_found",
            )
        return profile

    def find(self, name: str) -> ModelProfile | None:
        """The model of the catalogue that ``name`` stands for, without a guess at newer ones."""
        profile = self._by_name.get(self._target(name))
        return profile if profile is not None and self._allows(profile) else None

    def restricted_to(self, patterns: Sequence[str]) -> "ModelCatalogue":
        """The catalogue as one sees it who may use only some of its models.

        Args:
            patterns: names and aliases of models, in which ``*`` stands for anything; empty = all.
        """
        if not patterns:
            return self
        restricted = copy(self)
        restricted._allowed = re.compile("|".join(map(_as_expression, patterns)))
        restricted.profiles = tuple(filter(restricted._allows, self.profiles))
        return restricted

    def _allows(self, profile: ModelProfile) -> bool:
        return self._allowed is None or any(
            self._allowed.fullmatch(name) for name in (profile.name, *profile.aliases)
        )

    def default(self) -> ModelProfile | None:
        """The model for requests that name none, if it is one of the catalogue."""
        return self.find(self._default)

    def dangling(self) -> tuple[str, ...]:
        """The default and the targets of aliases that name no model which would be served."""
        names = dict.fromkeys((self._default, *self._aliases.values()))
        return tuple(name for name in names if not self._serves(name))

    def _serves(self, name: str) -> bool:
        return self.find(name) is not None or self._newer(self._target(name)) is not None

    def _target(self, name: str) -> str:
        """The bare name that ``name`` stands for: the installation's aliases are followed, once."""
        bare = name.removeprefix("models/")
        if bare in self._names:
            return bare
        return self._aliases.get(name, self._aliases.get(bare, bare)).removeprefix("models/")

    def _newer(self, name: str) -> ModelProfile | None:
        return newer_model(name) if self._serve_unknown and name not in self._switched_off else None


def _as_expression(pattern: str) -> str:
    return ".*".join(map(re.escape, pattern.split("*")))
