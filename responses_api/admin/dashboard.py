"""The admin's first page: what was asked, how it went and what it cost, each figure with its traces.

Costs a constant number of queries, whatever the range and however many exchanges there were.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils import timezone

from responses_api.access.credential_states import state_of
from responses_api.access.visibility import sees_all, visible_to
from responses_api.admin.dashboard_charts import PERCENTILES, Series, charts_of
from responses_api.admin.dashboard_span import PRESETS, View, view_of
from responses_api.admin.wording import count, counted, duration
from responses_api.models import ApiKey, Credential, Outcome, Trace
from responses_api.statistics.exchange_sums import Asked
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import Figures, Latency, Row, Selection
from responses_api.statistics.outcomes import ERRORS
from responses_api.statistics.periods import Period

if TYPE_CHECKING:
    from responses_api.access.visibility import Viewer

SHOWN_GROUPS = 20
SHOWN_CREDENTIALS = 50
TEMPLATE = "admin/responses_api/dashboard.html"
PERMISSION = "responses_api.view_usage"


@dataclass(frozen=True, slots=True)
class Dimension:
    """What exchanges are told apart by in one of the tables."""

    title: str
    column: str
    parameter: str
    """Of the filter."""


MODEL = Dimension("model", "model", "model")
API_KEY = Dimension("API key", "api_key_id", "api_key__id__exact")
OWNER = Dimension("user", "owner_id", "owner__id__exact")


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The theme's callback: ``context`` with what the page shows."""
    if not request.user.has_perm(PERMISSION):
        return context
    now = timezone.now()
    view = view_of(request.GET, now)
    everybody = sees_all(request.user)
    selection = view.selection(None if everybody else request.user.pk)
    period, step = view.span.period, view.span.step
    rows = read(period, selection, step=step, asked=Asked.LATENCIES)
    series = Series.of(period, step, {row.at: row.figures for row in rows})
    dimensions = [MODEL, API_KEY, OWNER] if everybody else [MODEL, API_KEY]
    groups = {each: _busiest(period, selection, each) for each in dimensions}
    names = _names(request.user, groups, view)
    total = next((row.figures for row in read(period, selection, asked=Asked.LATENCIES)), Figures())
    points = _points(view, series)
    return {
        **context,
        "view": view,
        "ranges": [(name, preset.label, view.with_preset(name)) for name, preset in PRESETS.items()],
        "chosen": [
            (
                each.title,
                _named(names, each, view.filters[each.parameter]),
                view.with_filter(each.parameter, ""),
            )
            for each in (MODEL, API_KEY, OWNER)
            if each.parameter in view.filters
        ],
        "cards": _cards(view, total),
        "in_flight": _in_flight(request.user, view),
        "charts": charts_of(series),
        "points": points[::-1],
        "point_links": [point["link"] for point in points],
        "outcomes": _outcomes(view, total),
        "tables": [_table(view, each, rows, names) for each, rows in groups.items()],
        "credentials": _credentials(request.user),
        "exports": [(form, view.export(form)) for form in ("csv", "jsonl")],
    }


def _busiest(period: Period, selection: Selection, dimension: Dimension) -> list[Row]:
    return read(period, selection, by=[dimension.column], asked=Asked.LATENCIES, at_most=SHOWN_GROUPS)


type Names = Mapping[Dimension, Mapping[int, str]]


def _names(viewer: "Viewer", groups: Mapping[Dimension, Iterable[Row]], view: View) -> Names:
    """What keys and users are called: those in the tables, and those that are filtered by."""

    def wanted(dimension: Dimension) -> set[int]:
        ids = {row.group[0] for row in groups.get(dimension, ())}
        chosen = view.filters.get(dimension.parameter, "")
        return ids | (
            {int(chosen)} if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19 else set()
        )

    keys = visible_to(viewer, ApiKey.objects.filter(pk__in=wanted(API_KEY)))
    users = User.objects.filter(pk__in=wanted(OWNER)) if sees_all(viewer) else User.objects.none()
    return {
        API_KEY: {key.pk: f"{key.name} ({key.prefix}…)" for key in keys},
        OWNER: dict(users.values_list("pk", "username")),
    }


def _named(names: Names, dimension: Dimension, value: int | str) -> str:
    """How people call it; what was deleted has only its number left."""
    if dimension is MODEL:
        return str(value)
    if not value:
        return "nobody's" if dimension is OWNER else "none"
    known = names[dimension].get(int(value)) if str(value).isdecimal() else None
    return known or f"deleted {dimension.title} {value}"


def _cards(view: View, total: Figures) -> list[dict[str, Any]]:
    errors = view.traces(outcome__exact="error")
    uncached = f"{count(total.cached_tokens)} of them cached"
    unpriced = (
        f"{counted(total.unpriced, 'request')} without a price" if total.unpriced else "all requests priced"
    )
    return [
        _card("Requests", count(total.requests), view.traces()),
        _card("Error rate", f"{total.error_rate:.1%}", errors, counted(total.errors, "error")),
        _card("Input tokens", count(total.input_tokens), view.traces(), uncached),
        _card(
            "Output tokens",
            count(total.output_tokens),
            view.traces(),
            f"{count(total.reasoning_tokens)} of them reasoning",
        ),
        _card("Cost", dollars(total.cost), view.traces(), unpriced),
        _latency_card("Time to first token", total.first_event, view),
        _latency_card("Duration", total.duration, view),
    ]


def _card(title: str, value: str, link: str, note: str = "") -> dict[str, str]:
    return {"title": title, "value": value, "link": link, "note": note}


def _latency_card(title: str, latency: Latency, view: View) -> dict[str, str]:
    first, *others = ((name, duration(latency.percentile(share))) for name, share in PERCENTILES.items())
    note = ", ".join(f"{name} {text}" for name, text in others)
    return _card(f"{title}, {first[0]}", first[1], view.traces(), note)


def _in_flight(viewer: "Viewer", view: View) -> dict[str, Any]:
    running = visible_to(viewer, Trace.objects.filter(outcome=Outcome.IN_PROGRESS))
    selection = view.selection(None)
    restricted = {f"{column}__in": values for column, values in selection.conditions().items()}
    found = running.filter(**restricted).aggregate(count=Count("pk"), oldest=Min("started_at"))
    from_then = {} if found["oldest"] is None else {"started_at__gte": found["oldest"].isoformat()}
    until = (timezone.now() + view.span.step.value).isoformat()
    return {**found, "link": view.traces(outcome__exact="in_progress", **from_then, started_at__lt=until)}


def _points(view: View, series: Series) -> list[dict[str, Any]]:
    """The series as a table: the same as the charts, for keyboards and for reading."""
    rows = []
    for name, (start, figures) in zip(series.labels, series.points, strict=True):
        if figures.requests:
            ends = view.span.period
            step = Period(max(start, ends.since), min(start + series.step.value, ends.until))
            rows.append({"name": name, **_measures(figures), "link": view.traces(step)})
        else:
            rows.append({"name": name, "link": None})
    return rows


def _outcomes(view: View, total: Figures) -> list[dict[str, Any]]:
    return [
        {
            "outcome": outcome.label,
            "requests": count(requests),
            "share": f"{requests / total.requests:.1%}",
            "is_error": outcome in ERRORS,
            "link": view.traces(outcome__exact=outcome.value),
        }
        for outcome, requests in sorted(total.outcomes.items(), key=lambda each: -each[1])
    ]


def _table(view: View, dimension: Dimension, rows: list[Row], names: Names) -> dict[str, Any]:
    return {
        "title": f"By {dimension.title}",
        "full": len(rows) == SHOWN_GROUPS,
        "rows": [_group(view, dimension, row, names) for row in rows],
    }


def _group(view: View, dimension: Dimension, row: Row, names: Names) -> dict[str, Any]:
    (value,) = row.group
    links: dict[str, str | None] = {"link": None, "errors_link": None, "filter": None}
    if value:
        restricted = {dimension.parameter: value}
        links = {
            "link": view.traces(**restricted),
            "errors_link": view.traces(**restricted, outcome__exact="error") if row.figures.errors else None,
            "filter": view.with_filter(dimension.parameter, value),
        }
    return {"name": _named(names, dimension, value), **_measures(row.figures), **links}


def _measures(figures: Figures) -> dict[str, Any]:
    def percentiles(latency: Latency) -> str:
        return " · ".join(duration(latency.percentile(share)) for share in PERCENTILES.values())

    return {
        "requests": count(figures.requests),
        "error_rate": f"{figures.error_rate:.1%}" if figures.errors else "–",
        "input": count(figures.input_tokens),
        "cached": count(figures.cached_tokens),
        "output": count(figures.output_tokens),
        "reasoning": count(figures.reasoning_tokens),
        "cost": dollars(figures.cost),
        "first_event": percentiles(figures.first_event),
        "duration": percentiles(figures.duration),
    }


def _credentials(viewer: "Viewer") -> list[dict[str, Any]]:
    """Those that one may see, with what is wrong first."""
    if not viewer.has_perm("responses_api.view_credential"):
        return []
    found = visible_to(viewer, Credential.objects.select_related("owner").defer("secret"))
    stated = [(state_of(credential), credential) for credential in found.order_by("-pk")[:SHOWN_CREDENTIALS]]

    return [
        {"credential": credential, "state": state.value, "is_good": state.is_good}
        for state, credential in sorted(stated, key=lambda pair: pair[0].is_good)
    ]


def dollars(amount: Decimal) -> str:
    """``$0.0012``, ``$12.30``: as many places as say something."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"
