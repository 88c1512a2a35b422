"""The figures of a period: roll-ups for whole hours and days, the exchanges themselves for the rest.

Each call is one statement, so that what is being rolled up at the same moment counts once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from responses_api.models import Detail, Grain
from responses_api.statistics.exchange_sums import (
    BINS_OF,
    COUNTERS,
    EXCHANGES,
    LATE,
    SOON,
    TIMES,
    Asked,
)
from responses_api.statistics.figures import EVERYTHING, Figures, Latency, Row, Selection
from responses_api.statistics.latency_bins import BINS
from responses_api.statistics.outcomes import COUNTED
from responses_api.statistics.periods import Period, Segment, Step, cover

_TOLD_APART = {
    frozenset[str](): Detail.ALL,
    frozenset({"model"}): Detail.MODEL,
    frozenset({"owner_id"}): Detail.OWNER,
    frozenset({"owner_id", "model"}): Detail.OWNER_MODEL,
    frozenset({"api_key_id"}): Detail.API_KEY,
    frozenset({"owner_id", "api_key_id"}): Detail.API_KEY,
}
"""The roll-ups with the fewest rows that know these columns; ``Detail.EACH`` knows all of them."""
_GRAINS = {Step.HOUR: Grain.HOUR, Step.DAY: Grain.DAY}


def read(
    period: Period,
    selection: Selection = EVERYTHING,
    *,
    by: Sequence[str] = (),
    step: Step | None = None,
    asked: Asked = Asked.OUTCOMES,
    at_most: int | None = None,
) -> list[Row]:
    """The figures of ``period``.

    Args:
        period: of the exchanges' beginnings.
        selection: which exchanges.
        by: columns to group by, of owner_id, api_key_id and model.
        step: the time between two rows; None: one row for the whole period.
        asked: how much is to be told of them.
        at_most: only so many rows, those with the most requests.

    Returns:
        Rows with at least one request; by time if there is a step, else the busiest first.
    """
    parts = _Parts(selection, by, step, asked)
    parts.add(cover(period, step or Step.DAY))
    if not parts.selects:
        return []
    time = ["at"] if step else []
    keys = [*time, *by]
    grouping = f"GROUP BY {', '.join(keys)}" if keys else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH parts AS ({' UNION ALL '.join(parts.selects)}) "
            f"SELECT {', '.join([*keys, *_sums_of_parts(asked)])} FROM parts {grouping} "
            f"HAVING sum(requests) > 0 ORDER BY {', '.join([*time, 'requests DESC', *by])} LIMIT %(at_most)s",
            {**parts.values, "at_most": at_most},
        )
        rows = cursor.fetchall()
    return [
        Row(row[0] if step else None, row[len(time) : len(keys)], _figures(row[len(keys) :])) for row in rows
    ]


class _Parts:
    """The selects whose union is to be added up, with the values of their parameters."""

    def __init__(self, selection: Selection, by: Sequence[str], step: Step | None, asked: Asked) -> None:
        conditions = selection.conditions()
        self._detail = _TOLD_APART.get(frozenset([*conditions, *by]), Detail.EACH)
        self._where = [f"{column} = ANY(%({column})s)" for column in conditions]
        self._by = by
        self._step = step
        self._asked = asked
        self.selects: list[str] = []
        self.values: dict[str, Any] = {column: list(values) for column, values in conditions.items()}

    def add(self, segments: Sequence[Segment]) -> None:
        """Have these summed up, each from where it is known."""
        for number, segment in enumerate(segments):
            name = f"_{number}"
            self.values |= {f"since{name}": segment.period.since, f"until{name}": segment.period.until}
            if segment.step is Step.MINUTE:
                self._add_begun(segment.period, name)
            else:
                self._add_rolled(segment.step, name)

        rolled = [segment.period for segment in segments if segment.step is not Step.MINUTE]
        if rolled:
            self.values |= {"since": rolled[0].since, "until": rolled[-1].until}
            began = "coalesce(trace.started_at, usage.at)"
            self._add_exchanges(f"NOT usage.rolled_up AND {_within(began, '')}")

    def _add_begun(self, period: Period, name: str) -> None:
        """Exchanges by their beginning; of those that ended soon, indexes of both tables find all at once."""
        begun = _within("trace.started_at", name)
        self.values |= {f"since{name}_soon": period.since - SOON, f"until{name}_soon": period.until + SOON}
        self._add_exchanges(f"{begun} AND {_within('usage.at', f'{name}_soon')} AND {LATE} IS NOT TRUE")
        late = f"SELECT id FROM responses_api_trace AS trace WHERE {begun} AND {LATE}"
        self._add_exchanges(f"usage.trace_id = ANY(ARRAY({late}))")

    def _add_rolled(self, step: Step, name: str) -> None:
        where = [
            f"grain = '{_GRAINS[step].value}'",
            f"detail = {self._detail.value}",
            _within("bucket", name),
            *self._where,
        ]
        columns = [*self._keys("bucket"), *self._asked.columns]
        self.selects.append(
            f"SELECT {', '.join(columns)} FROM responses_api_rollup WHERE {' AND '.join(where)}"
        )

    def _add_exchanges(self, condition: str) -> None:
        keys = self._keys("began")
        where = f"WHERE {' AND '.join(self._where)}" if self._where else ""
        grouping = f"GROUP BY {', '.join(str(number + 1) for number in range(len(keys)))}" if keys else ""
        self.selects.append(
            f"SELECT {', '.join([*keys, self._asked.sums])} "
            f"FROM ({EXCHANGES} WHERE {condition}) AS exchanges {where} {grouping}"
        )

    def _keys(self, time: str) -> list[str]:
        if self._step is None:
            return [*self._by]
        return [f"date_trunc('{self._step.name.lower()}', {time}, 'UTC') AS at", *self._by]


def _within(column: str, name: str) -> str:
    return f"{column} >= %(since{name})s AND {column} < %(until{name})s"


def _sums_of_parts(asked: Asked) -> Iterator[str]:
    for counter in COUNTERS:
        yield f"sum({counter}){'' if counter == 'cost' else '::bigint'} AS {counter}"
    if asked >= Asked.OUTCOMES:
        yield _array_of_sums("outcomes", len(COUNTED))
    if asked >= Asked.LATENCIES:
        for time, bins in zip(TIMES, BINS_OF, strict=True):
            yield _array_of_sums(bins, BINS)
            yield f"sum({time})"


def _array_of_sums(column: str, length: int) -> str:
    return f"ARRAY[{', '.join(f'sum({column}[{number}])' for number in range(1, length + 1))}]"


def _figures(sums: Sequence[Any]) -> Figures:
    """From the columns of ``_sums_of_parts``."""
    # The counters are the first fields, in their order: by place, since there may be thousands of rows.
    outcomes, *latencies = sums[len(COUNTERS) :] or ((),)
    figures = Figures(*(*sums[: len(COUNTERS)], tuple(outcomes)))
    if not latencies:
        return figures
    first_event, first_event_ms, duration, duration_ms = latencies
    return replace(
        figures,
        first_event=Latency(tuple(first_event), first_event_ms),
        duration=Latency(tuple(duration), duration_ms),
    )
