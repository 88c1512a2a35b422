"""The dashboard's charts: series of figures in the form of the theme's chart component (Chart.js)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from responses_api.statistics.figures import Figures, Latency
from responses_api.statistics.periods import Period, Step

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
_GREY = "#8b93a1"
"""Readable on light and on dark."""
_DOTTED = 62
"""Lines of more points are drawn without dots."""
_TIME_FORMS = {Step.MINUTE: "H:i", Step.HOUR: "D H:i", Step.DAY: "j M"}


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, as the template wants it."""

    title: str
    kind: str
    """``bar`` or ``line``."""
    data: str
    """Chart.js data, as JSON."""
    options: str
    """Chart.js options, as JSON."""


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of every step of a period, also of those in which nothing happened."""

    points: Sequence[tuple[datetime, Figures]]
    step: Step

    @classmethod
    def of(cls, period: Period, step: Step, known: Mapping[datetime | None, Figures]) -> "Series":
        """``known`` are the figures by the beginning of their step."""
        return cls([(start, known.get(start, Figures())) for start in period.starts(step)], step)

    @property
    def labels(self) -> list[str]:
        """The points' times in the installation's time zone."""
        form = _TIME_FORMS[self.step]
        return [date_format(timezone.localtime(start), form) for start, _ in self.points]


def charts_of(series: Series) -> list[Chart]:
    """All charts of the dashboard."""
    return [
        _chart(
            series,
            "Requests",
            "bar",
            "requests",
            ("well", "#16a34a", lambda figures: figures.requests - figures.errors),
            ("failed", "#dc2626", lambda figures: figures.errors),
        ),
        _chart(
            series,
            "Tokens",
            "bar",
            "tokens",
            ("input", "#2563eb", lambda figures: figures.input_tokens - figures.cached_tokens),
            ("cached input", "#93c5fd", lambda figures: figures.cached_tokens),
            ("output", "#d97706", lambda figures: figures.output_tokens - figures.reasoning_tokens),
            ("reasoning", "#7c3aed", lambda figures: figures.reasoning_tokens),
        ),
        _percentiles(series, "Time to first token", lambda figures: figures.first_event),
        _percentiles(series, "Duration", lambda figures: figures.duration),
        _chart(series, "Cost", "bar", "US dollars", ("cost", "#0d9488", lambda figures: float(figures.cost))),
    ]


def _percentiles(series: Series, title: str, latency: Callable[[Figures], Latency]) -> Chart:
    def seconds(share: float) -> Callable[[Figures], float | None]:
        def read(figures: Figures) -> float | None:
            milliseconds = latency(figures).percentile(share)
            return None if milliseconds is None else round(milliseconds / 1000, 3)

        return read

    colours = ("#16a34a", "#d97706", "#dc2626")
    lines = [
        (name, colour, seconds(share))
        for (name, share), colour in zip(PERCENTILES.items(), colours, strict=True)
    ]
    return _chart(series, title, "line", "seconds", *lines)


def _chart(
    series: Series,
    title: str,
    kind: str,
    unit: str,
    *parts: tuple[str, str, Callable[[Figures], float | None]],
) -> Chart:
    datasets = [
        {
            "label": name,
            "data": [value(figures) for _, figures in series.points],
            "backgroundColor": colour,
            "borderColor": colour,
            "borderWidth": 2 if kind == "line" else 0,
            "pointRadius": 2 if len(series.points) <= _DOTTED else 0,
            "spanGaps": True,
            "tension": 0.2,
        }
        for name, colour, value in parts
    ]
    data = {"labels": series.labels, "datasets": datasets}
    return Chart(title, kind, json.dumps(data), json.dumps(_options(unit, stacked=kind == "bar")))


def _options(unit: str, *, stacked: bool) -> dict[str, Any]:
    ticks = {"color": _GREY, "maxRotation": 0, "autoSkipPadding": 16}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {
                "position": "bottom",
                "labels": {"color": _GREY, "boxWidth": 10, "boxHeight": 10},
            }
        },
        "scales": {
            "x": {"stacked": stacked, "ticks": ticks, "grid": {"display": False}},
            "y": {
                # Percentiles lie far apart: p50 is to be read beside p99.
                "type": "linear" if stacked else "logarithmic",
                "stacked": stacked,
                "ticks": {"color": _GREY, "maxTicksLimit": 6},
                "title": {"display": True, "text": unit, "color": _GREY},
                "grid": {},
            },
        },
    }
