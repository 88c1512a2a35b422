"""Which time and whose exchanges the dashboard is asked for, and how it links to itself and to traces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from responses_api.statistics.figures import Selection
from responses_api.statistics.periods import Period, Step


class Preset(NamedTuple):
    """A range of the range picker."""

    label: str
    length: timedelta
    step: Step


PRESETS = {
    "1h": Preset("Last hour", timedelta(hours=1), Step.MINUTE),
    "24h": Preset("24 hours", timedelta(hours=24), Step.HOUR),
    "7d": Preset("7 days", timedelta(days=7), Step.HOUR),
    "30d": Preset("30 days", timedelta(days=30), Step.DAY),
}
DEFAULT = "24h"
LONGEST = timedelta(days=400)
_FINEST = ((timedelta(hours=3), Step.MINUTE), (timedelta(days=8), Step.HOUR), (LONGEST, Step.DAY))
"""The longest range for each step: charts of at most some hundred points."""

FILTERS = ("model", "api_key__id__exact", "owner__id__exact")
"""Named as in the lists of records, so that links can carry them over."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, with the distance of the points in the charts."""

    name: str
    """A key of ``PRESETS``, or ``custom``."""
    period: Period
    step: Step
    problem: str = ""
    """Why another range than the one that was asked for is shown."""


@dataclass(frozen=True, slots=True)
class View:
    """What the dashboard shows: a span of time, and the filters that are set, by name."""

    span: Span
    filters: Mapping[str, str]

    def selection(self, only_owner: int | None) -> Selection:
        """The exchanges that are shown; ``only_owner`` is the one user whose may be, None: everybody's."""
        owner, key = self._number("owner__id__exact"), self._number("api_key__id__exact")
        if only_owner is not None:
            owner = (only_owner,) if owner in (None, (only_owner,)) else ()
        model = self.filters.get("model")
        return Selection(owner, key, (model,) if model else None)

    def with_filter(self, name: str, value: object) -> str:
        """The address of the dashboard with one more filter; without ``name`` if the value is empty."""
        kept = {key: each for key, each in self.filters.items() if key != name}
        return self._here({**kept, **({name: str(value)} if value else {})})

    def with_preset(self, name: str) -> str:
        """The address of the dashboard with another range."""
        return f"{reverse('admin:index')}?{urlencode({'range': name, **self.filters})}"

    def traces(self, period: Period | None = None, **also: object) -> str:
        """The address of the list of what a figure counts."""
        page = reverse("admin:responses_api_trace_changelist")
        ends = period or self.span.period
        time = {"started_at__gte": ends.since.isoformat(), "started_at__lt": ends.until.isoformat()}
        return f"{page}?{urlencode({**time, **self.filters, **also})}"

    def export(self, form: str) -> str:
        """The address of the usage of this view as a file."""
        wanted = {"form": form, **self._own_parameters(), **self.filters}
        return f"{reverse('admin:export_usage')}?{urlencode(wanted)}"

    def _here(self, filters: Mapping[str, str]) -> str:
        return f"{reverse('admin:index')}?{urlencode({**self._own_parameters(), **filters})}"

    def _own_parameters(self) -> dict[str, str]:
        if self.span.name != "custom":
            return {"range": self.span.name}
        ends = self.span.period
        return {"range": "custom", "from": ends.since.isoformat(), "to": ends.until.isoformat()}

    def _number(self, name: str) -> tuple[int, ...] | None:
        text = self.filters.get(name)
        if text is None:
            return None
        return (int(text),) if text.isascii() and text.isdecimal() and len(text) < 19 else ()


def view_of(params: Mapping[str, str], now: datetime) -> View:
    """What the query parameters of a request ask for; what makes no sense is replaced by the default."""
    filters = {name: params[name].replace("\x00", "") for name in FILTERS if params.get(name)}
    return View(_span(params, now), filters)


def moment(text: str) -> datetime | None:
    """A time as a form or a link writes it; of the installation's time zone unless it says another."""
    try:
        parsed = parse_datetime(text.strip())
        return timezone.make_aware(parsed) if parsed is not None and timezone.is_naive(parsed) else parsed
    except (ValueError, OverflowError):
        return None


def _span(params: Mapping[str, str], now: datetime) -> Span:
    name = params.get("range", DEFAULT)
    if name != "custom":
        return _preset(name if name in PRESETS else DEFAULT, now)
    since, until = moment(params.get("from", "")), moment(params.get("to", "")) or now
    if since is None or since >= until:
        return _preset(DEFAULT, now, "The range needs a beginning that lies before its end.")
    if until - since > LONGEST:
        return _preset(DEFAULT, now, f"The range is longer than {LONGEST.days} days.")
    step = next(step for longest, step in _FINEST if until - since <= longest)
    return Span("custom", Period(since, until), step)


def _preset(name: str, now: datetime, problem: str = "") -> Span:
    preset = PRESETS[name]
    return Span(name, Period(now - preset.length, now).widened(preset.step), preset.step, problem)
