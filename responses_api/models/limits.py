"""Limits of keys and users, and the counters behind them where there is no Redis."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

_EMPTY = "Empty: the installation's default."


def _number(help_text: str) -> "models.PositiveIntegerField[Any, Any]":
    return models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text=f"{help_text} {_EMPTY}"
    )


def _tokens(help_text: str) -> "models.PositiveBigIntegerField[Any, Any]":
    return models.PositiveBigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text=f"{help_text} {_EMPTY}"
    )


def _dollars(help_text: str) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        null=True,
        blank=True,
        max_digits=14,
        decimal_places=6,
        validators=[MinValueValidator(Decimal("0.000001"))],
        help_text=f"{help_text} {_EMPTY} Counts only models whose prices the catalogue knows.",
    )


class LimitFields(models.Model):
    """How much may be used; read by ``responses_api.access.limits.rules``."""

    requests_per_minute = _number("Requests, at the most, in one go and then per minute.")
    tokens_per_minute = _tokens("Tokens of input and output, at the most, in one go and then per minute.")
    concurrent_responses = _number("Responses that are made at the same time, or wait in the background.")
    tokens_per_day = _tokens("Tokens of input and output per day (UTC).")
    tokens_per_month = _tokens("Tokens of input and output per calendar month (UTC).")
    dollars_per_day = _dollars("US dollars per day (UTC).")
    dollars_per_month = _dollars("US dollars per calendar month (UTC).")

    class Meta:
        abstract = True


LIMIT_FIELDS = tuple(field.name for field in LimitFields._meta.local_fields)
"""The names of all limits."""


class UserLimits(LimitFields):
    """What all API keys of one user may use together."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="limits"
    )

    class Meta:
        verbose_name = "limits of a user"
        verbose_name_plural = "limits of users"

    def __str__(self) -> str:
        return f"limits of {self.user}"


class LimitMeter(models.Model):
    """The rates of one scope. Its row is locked while anything of the scope changes."""

    scope = models.CharField(max_length=40, primary_key=True)
    requests_until = models.FloatField(help_text="When no request counts any more; Unix seconds.")
    tokens_until = models.FloatField(help_text="When no token counts any more; Unix seconds.")
    settled = models.PositiveBigIntegerField(help_text="Responses settled so far.")

    def __str__(self) -> str:
        return self.scope


class LimitHold(models.Model):
    """What a response that is being made may come to, in one scope."""

    pk = models.CompositePrimaryKey("scope", "reservation")
    scope = models.CharField(max_length=40)
    reservation = models.CharField(max_length=64)
    until = models.FloatField(help_text="When its gateway counts as dead; Unix seconds.")
    tokens = models.BigIntegerField()
    cost = models.BigIntegerField(help_text="Billionths of a US dollar.")

    def __str__(self) -> str:
        return f"{self.reservation} in {self.scope}"


class LimitSpent(models.Model):
    """What the settled responses of one scope came to in one day or month."""

    pk = models.CompositePrimaryKey("scope", "period")
    scope = models.CharField(max_length=40)
    period = models.CharField(max_length=10, help_text="A day, 2026-11-22, or a month, 2026-11; UTC.")
    tokens = models.BigIntegerField()
    cost = models.BigIntegerField(help_text="Billionths of a US dollar.")

    def __str__(self) -> str:
        return f"{self.scope} in {self.period}"
