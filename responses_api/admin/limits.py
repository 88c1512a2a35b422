"""Limits of users, and what forms and pages say about limits of any kind."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from responses_api.access.callers import allowances_of
from responses_api.access.limits.headers import duration
from responses_api.access.limits.ledger import LedgerUnavailable
from responses_api.access.limits.reservations import state
from responses_api.access.limits.rules import NANODOLLARS, Allowance
from responses_api.access.limits.standings import Reading
from responses_api.admin.records import AnyModelAdmin
from responses_api.catalogue import read_catalogue
from responses_api.models import UserLimits

RATES = ("requests_per_minute", "tokens_per_minute", "concurrent_responses")
BUDGETS = ("tokens_per_day", "tokens_per_month", "dollars_per_day", "dollars_per_month")
FIELDSETS: list[tuple[str | None, Any]] = [
    ("Limits", {"fields": (RATES, "limits_now")}),
    (
        "Budgets",
        {
            "fields": (BUDGETS[:2], BUDGETS[2:], "without_price"),
            "description": "Days and months are those of UTC. What a response may come to is reserved when "
            "it begins, and settled with what it used when it ends.",
        },
    ),
]
READONLY = ("limits_now", "without_price")


class LimitsShown(AnyModelAdmin):
    """Rows that limit something: shows beside the limits how much of them is used."""

    def allowances(self, row: Any) -> Sequence[Allowance]:
        """What holds for the row, the installation's defaults among it."""
        raise NotImplementedError

    @admin.display(description="used now")
    def limits_now(self, row: Any) -> SafeString | str:
        """Every limit that holds, with what is used of it."""
        try:
            found = state(self.allowances(row)) if row.pk is not None else []
        except LedgerUnavailable:
            return "Redis does not answer."
        return format_html_join(mark_safe("<br>"), "{}", ((_said(reading),) for reading in found)) or "-"

    @admin.display(description="not counted as money")
    def without_price(self, row: Any) -> str:
        """The models that budgets in dollars do not notice."""
        names = [profile.name for profile in read_catalogue().profiles if profile.prices is None]
        return f"No price is known for {', '.join(names)}." if names else "Every model has its prices."


def _said(reading: Reading) -> str:
    whose = "user" if reading.scope.startswith("user") else "key"
    name = reading.name.replace("cost", "dollars").replace("_", " ")
    back = f", all of it back in {duration(reading.back_in)}" if reading.used and reading.back_in else ""
    return f"{whose}: {_number(reading, reading.used)} of {_number(reading, reading.limit)} {name}{back}"


def _number(reading: Reading, value: float) -> str:
    return f"{value / NANODOLLARS:,.4f}" if reading.name.startswith("cost") else f"{value:,.0f}"


@admin.register(UserLimits)
class UserLimitsAdmin(LimitsShown):
    """What all keys of one user may use together."""

    list_display = ("user", *RATES, *BUDGETS)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    autocomplete_fields = ("user",)
    fieldsets = [(None, {"fields": ("user",)}), *FIELDSETS]
    readonly_fields = READONLY
    ordering = ("user__username",)

    def allowances(self, row: UserLimits) -> Sequence[Allowance]:
        """The user's own."""
        return allowances_of(row.user_id, None)
