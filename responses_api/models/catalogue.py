"""The models that the installation serves, as the operator sees and edits them."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from responses_api.gemini.models import MEDIA, Generation, ModelProfile, Prices
from responses_api.gemini.thinking_form import THINKING_KINDS, from_form, to_form

_LONGEST_NAME = 128
_PUBLIC_NAME = re.compile(r"\A(?!models/)[A-Za-z0-9][A-Za-z0-9._:/-]*\Z")
_PUBLIC_NAME_RULE = "Letters, digits and . _ : / - only; begins with a letter or digit, not with models/."
_UPSTREAM_NAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", "Letters, digits and . _ - only; begins with a letter or digit."
)
_THINKING_HELP = (
    'For levels {"levels": ["low", "medium", "high"], "default": "medium"}, weakest first; for budget '
    '{"minimum", "maximum", "budgets": {"none", "minimal", … "max"}, "default"} in tokens, 0 = off, '
    '-1 = the model decides; for none {"thinks": false}.'
)


def _price(help_text: str) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        null=True,
        blank=True,
        max_digits=12,
        decimal_places=6,
        validators=[MinValueValidator(Decimal(0))],
        help_text=help_text,
    )


class ServedModel(models.Model):
    """One model: the row behind a ``ModelProfile``."""

    name = models.CharField(
        max_length=_LONGEST_NAME,
        unique=True,
        validators=[RegexValidator(_PUBLIC_NAME, _PUBLIC_NAME_RULE)],
        help_text="As clients write it.",
    )
    aliases = models.JSONField(default=list, blank=True, help_text="More names for it.")
    enabled = models.BooleanField(default=True, help_text="Off: requests for it are refused.")
    upstream_name = models.CharField(
        max_length=_LONGEST_NAME,
        blank=True,
        validators=[_UPSTREAM_NAME],
        help_text="As the upstream knows it, without models/. Empty: the name.",
    )
    language_server_model = models.CharField(
        max_length=_LONGEST_NAME,
        blank=True,
        help_text="The language server's enum, such as MODEL_PLACEHOLDER_M12. Empty: LANGUAGE_SERVER_MODEL.",
    )
    generation = models.CharField(
        max_length=8,
        choices=[(generation.value, generation.value) for generation in Generation],
        help_text="The protocol's rules follow it.",
    )
    created = models.DateField("released")
    context_limit = models.PositiveIntegerField(
        default=1_048_576,
        validators=[MinValueValidator(1)],
        help_text="Tokens of input; Gemini 4: of input and output together.",
    )
    output_limit = models.PositiveIntegerField(
        default=65_536,
        validators=[MinValueValidator(1)],
        help_text="Tokens of output, thoughts included; Gemini 4: of one upstream call.",
    )
    thinking_kind = models.CharField(
        max_length=8,
        choices=[(kind, kind) for kind in THINKING_KINDS],
        help_text="Whether it takes thinking levels, a budget of tokens, or neither.",
    )
    thinking = models.JSONField("thinking control", help_text=_THINKING_HELP)
    input_kinds = models.JSONField(default=list, blank=True, help_text="Kinds of input beside text.")
    json_with_functions = models.BooleanField(
        "JSON with functions", default=False, help_text="JSON output and functions in one request."
    )
    hosted_with_functions = models.BooleanField(
        "hosted tools with functions",
        default=False,
        help_text="Hosted tools (search, code execution) and functions in one request.",
    )
    logprobs = models.BooleanField(
        "log probabilities", default=False, help_text="It is known to give them. Off: it may refuse to."
    )
    continuation = models.BooleanField(
        default=False, help_text="A long answer may go on in a further upstream call (Gemini 4)."
    )
    image_output = models.BooleanField(default=False, help_text="It makes images.")
    input_price = _price("US dollars per million tokens of input.")
    cached_input_price = _price("US dollars per million tokens of input that came from the cache.")
    output_price = _price("US dollars per million tokens of output, thoughts included.")
    customised = models.BooleanField(
        default=False, editable=False, help_text="Edited here; seedmodels leaves it alone."
    )

    class Meta:
        verbose_name = "model"
        ordering = ["-created", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """See that the parts fit each other and that no other model has one of the names.

        Raises:
            ValidationError: by field.
        """
        errors: dict[str, str] = {}
        if not isinstance(self.input_kinds, list) or not set(map(str, self.input_kinds)) <= set(MEDIA):
            errors["input_kinds"] = f"A list of any of {', '.join(MEDIA)}."
        try:
            from_form(self.thinking_kind, self.thinking)
        except ValueError as error:
            errors["thinking"] = str(error)
        if len(self._prices_given()) not in (0, 3):
            errors["input_price"] = "Give all three prices, or none."
        errors |= self._name_conflicts()
        if errors:
            raise ValidationError(errors)

    def profile(self) -> ModelProfile:
        """The value that requests are translated with.

        Raises:
            TypeError, ValueError: the row, written past ``clean``, makes no sense.
        """
        prices = self._prices_given()
        return ModelProfile(
            name=self.name,
            generation=Generation(self.generation),
            thinking=from_form(self.thinking_kind, self.thinking),
            created=self.created,
            upstream_name=self.upstream_name,
            aliases=tuple(self.aliases),
            context_limit=self.context_limit,
            output_limit=self.output_limit,
            json_with_functions=self.json_with_functions,
            hosted_with_functions=self.hosted_with_functions,
            logprobs=self.logprobs,
            media=frozenset(self.input_kinds),
            image_output=self.image_output,
            continuation=self.continuation,
            prices=Prices(*prices) if len(prices) == 3 else None,
            language_server_model=self.language_server_model,
            enabled=self.enabled,
        )

    def _prices_given(self) -> list[Decimal]:
        prices = (self.input_price, self.cached_input_price, self.output_price)
        return [price for price in prices if price is not None]

    def _name_conflicts(self) -> dict[str, str]:
        if not _are_names(self.aliases):
            return {"aliases": f"A list of names. {_PUBLIC_NAME_RULE}"}
        if self.name in self.aliases or len(set(self.aliases)) < len(self.aliases):
            return {"aliases": "A name stands here twice."}
        others = ServedModel.objects.exclude(pk=self.pk)
        if other := others.filter(aliases__contains=[self.name]).first():
            return {"name": f"It is an alias of {other.name}."}
        for alias in self.aliases:
            if other := others.filter(Q(name=alias) | Q(aliases__contains=[alias])).first():
                return {"aliases": f"{alias} is a name of {other.name}."}
        return {}


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) and len(name) <= _LONGEST_NAME and _PUBLIC_NAME.match(name) for name in value
    )


def row_values(profile: ModelProfile) -> dict[str, Any]:
    """The columns of ``profile``'s row, apart from ``name`` and ``customised``."""
    kind, thinking = to_form(profile.thinking)
    prices = profile.prices
    return {
        "aliases": list(profile.aliases),
        "enabled": profile.enabled,
        "upstream_name": "" if profile.upstream_name == profile.name else profile.upstream_name,
        "language_server_model": profile.language_server_model,
        "generation": profile.generation.value,
        "created": profile.created,
        "context_limit": profile.context_limit,
        "output_limit": profile.output_limit,
        "thinking_kind": kind,
        "thinking": thinking,
        "input_kinds": [kind for kind in MEDIA if kind in profile.media],
        "json_with_functions": profile.json_with_functions,
        "hosted_with_functions": profile.hosted_with_functions,
        "logprobs": profile.logprobs,
        "continuation": profile.continuation,
        "image_output": profile.image_output,
        "input_price": prices.input if prices else None,
        "cached_input_price": prices.cached_input if prices else None,
        "output_price": prices.output if prices else None,
    }
