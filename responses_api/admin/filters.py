"""Filters of the records' lists. Their choices cost at most one small query, whatever the list's length.

The names of their parameters are those of Django's own filters, so that links can be written
by hand: ``?outcome__exact=failed&api_key__id__exact=3&started_at__gte=2026-01-01T00:00Z``.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from responses_api.access.visibility import sees_all, visible_to
from responses_api.admin.widgets import Select, TextInput
from responses_api.models import ApiKey, Outcome, ServedModel, UsageSource
from responses_api.models.traces import TraceKind
from responses_api.statistics.outcomes import ERRORS

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]

MAX_CHOICES = 500
ANY_ERROR = "error"
_SPANS = {
    "15m": ("last 15 minutes", timedelta(minutes=15)),
    "1h": ("last hour", timedelta(hours=1)),
    "24h": ("last 24 hours", timedelta(hours=24)),
    "7d": ("last 7 days", timedelta(days=7)),
    "30d": ("last 30 days", timedelta(days=30)),
}


class FieldFilter(admin.SimpleListFilter):
    """One parameter, shown as a form field."""

    template = "unfold/filters/filters_field.html"

    def field(self) -> forms.Field:
        """What is shown."""
        choices = [("", "all"), *self.lookup_choices]
        return forms.ChoiceField(choices=choices, widget=Select, required=False)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The form, in the place where the template looks for it."""
        name, field = str(self.parameter_name), self.field()
        field.label = str(self.title)[:1].upper() + str(self.title)[1:]
        form = forms.Form(data={name: self.value()})
        form.fields[name] = field
        yield {"form": form}


class OutcomeFilter(FieldFilter):
    """By how exchanges ended, or by that they failed."""

    title = "outcome"
    parameter_name = "outcome__exact"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """All outcomes, and all that count as errors on the dashboard."""
        return [(ANY_ERROR, "any error"), *((outcome.value, outcome.label) for outcome in Outcome)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that ended so."""
        match self.value():
            case None | "":
                return queryset
            case "error":
                return queryset.filter(outcome__in=ERRORS)
            case outcome:
                return queryset.filter(outcome=outcome)


class EqualityFilter(FieldFilter):
    """By the value of one column."""

    column: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those with this value; none if there can be none."""
        value = self.value()
        if not value:
            return queryset
        if self.column.endswith("_id") and not value.isdecimal():
            return queryset.none()
        return queryset.filter(**{self.column: value})


class KeyFilter(EqualityFilter):
    """By API key, of those that one may see."""

    title = "API key"
    parameter_name = "api_key__id__exact"
    column = "api_key_id"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """The keys by name."""
        keys = visible_to(request.user, ApiKey.objects.order_by("name", "pk"))
        return [(str(key.pk), str(key)) for key in keys[:MAX_CHOICES]]


class UserFilter(EqualityFilter):
    """By whose it is; operators only."""

    title = "user"
    parameter_name = "owner__id__exact"
    column = "owner_id"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """The users by name."""
        if not sees_all(request.user):
            return []
        users = User.objects.order_by("username").values_list("pk", "username")
        return [(str(pk), name) for pk, name in users[:MAX_CHOICES]]


class ModelFilter(EqualityFilter):
    """By model."""

    title = "model"
    parameter_name = "model"
    column = "model"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """The models of the catalogue, and the one that is asked for."""
        names = list(ServedModel.objects.order_by("name").values_list("name", flat=True)[:MAX_CHOICES])
        if (asked := self.value()) and asked not in names:
            names.append(asked)
        return [(name, name) for name in names]


class StatusFilter(EqualityFilter):
    """By status of a response."""

    title = "status"
    parameter_name = "status"
    column = "status"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """All there are."""
        names = ("completed", "incomplete", "failed", "cancelled", "queued", "in_progress")
        return [(name, name) for name in names]


class SourceFilter(EqualityFilter):
    """By who counted the tokens."""

    title = "source"
    parameter_name = "source"
    column = "source"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """All there are."""
        return [(source.value, source.label) for source in UsageSource]


class KindFilter(EqualityFilter):
    """By what was recorded: an exchange of ours, or somebody else's call that passed the interceptor."""

    title = "kind"
    parameter_name = "kind"
    column = "kind"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """Both."""
        return [
            (TraceKind.EXCHANGE.value, "exchanges of the gateway"),
            (TraceKind.UNMATCHED.value, "unmatched calls"),
        ]


class ToolFilter(FieldFilter):
    """By a tool that the model called."""

    title = "tool called"
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """Names are the clients': one is typed in."""
        return [("", "")]

    def field(self) -> forms.Field:
        """A line to write the name in."""
        return forms.CharField(required=False, widget=TextInput(attrs={"placeholder": "its name"}))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those in which it was called."""
        name = (self.value() or "").strip().replace("\x00", "")
        return queryset.filter(tools__contains=[name]) if name else queryset


class DurationFilter(FieldFilter):
    """By how long it took."""

    title = "duration"
    parameter_name = "duration_ms__gte"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """Some thresholds."""
        return [(str(seconds * 1000), f"{seconds} s and more") for seconds in (1, 5, 10, 30, 60, 300)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that took so long."""
        try:
            return queryset.filter(duration_ms__gte=float(value)) if (value := self.value()) else queryset
        except ValueError:
            return queryset.none()


class SinceFilter(FieldFilter):
    """The last minutes, hours or days, as they are when the list is read."""

    title = "period"
    parameter_name = "since"
    column = "started_at"

    def lookups(self, request: HttpRequest, model_admin: "AnyModelAdmin") -> list[tuple[str, str]]:
        """Some periods."""
        return [(name, label) for name, (label, _) in _SPANS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the period."""
        span = _SPANS.get(self.value() or "")
        return (
            queryset if span is None else queryset.filter(**{f"{self.column}__gte": timezone.now() - span[1]})
        )


class BetweenFilter(admin.ListFilter):
    """From one moment to another; either may be left out."""

    template = "unfold/filters/filters_field.html"
    title = "time"
    column = "started_at"
    field_path = ""
    """The theme looks for options under this name; there are none."""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: "AnyModelAdmin"
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[str(name)] = params.pop(str(name))[-1]

    def expected_parameters(self) -> list[str | None]:
        """Both ends; the later one is not included."""
        return [f"{self.column}__gte", f"{self.column}__lt"]

    def has_output(self) -> bool:
        """Always."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those in between; none if an end is no time."""
        wanted = Q()
        for name, text in self.used_parameters.items():
            if (moment := _moment(str(text))) is None:
                return queryset.none()
            wanted &= Q(**{name: moment})
        return queryset.filter(wanted)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Two fields, in the installation's time zone."""
        zone = timezone.get_current_timezone_name()
        form = forms.Form(data={name: _shown(str(text)) for name, text in self.used_parameters.items()})
        for name, label in zip(self.expected_parameters(), ("From", "Before"), strict=True):
            widget = TextInput(attrs={"type": "datetime-local"})
            form.fields[str(name)] = forms.CharField(required=False, label=f"{label} ({zone})", widget=widget)
        yield {"form": form}


def of_column(base: type[Any], column: str) -> type[Any]:
    """``base`` over another column of times."""
    return type(base.__name__, (base,), {"column": column})


def _shown(text: str) -> str:
    """A moment as browsers want it in a field."""
    moment = _moment(text)
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M") if moment is not None else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        return None
    return timezone.make_aware(moment) if moment is not None and timezone.is_naive(moment) else moment
