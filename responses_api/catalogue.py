"""The installation's model catalogue: the built-in table with its default and the operator's aliases."""

from functools import cache

from django.conf import settings

from responses_api.gemini.models import ModelCatalogue


@cache
def model_catalogue() -> ModelCatalogue:
    """The catalogue that this process serves."""
    return ModelCatalogue(default=settings.DEFAULT_MODEL, aliases=settings.MODEL_ALIASES)
