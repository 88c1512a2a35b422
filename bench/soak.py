"""Ten thousand exchanges, and what memory the processes hold meanwhile: it has to stay where it is."""

from collections.abc import Sequence

from bench.columns import Columns, running_columns
from bench.load import Burst, Call
from bench.report import table
from bench.scenarios import checked

EXCHANGES = 10_000
STEPS = 20
_CONCURRENCY = 16
_HEAD = (("", "private memory, MB", "", ""), ("exchanges", "interceptors", "language servers", "gateways"))


def measure() -> str:
    """The curve."""
    with running_columns() as columns:
        rows = [_row(0, columns)]
        for step in range(1, STEPS + 1):
            burst = Burst(Call("gateway", True, chunks=20), EXCHANGES // STEPS, _CONCURRENCY, seconds=600)
            checked(columns.generator.send(burst))
            rows.append(_row(step * EXCHANGES // STEPS, columns))
    return table(_HEAD, rows)


def _row(exchanges: int, columns: Columns) -> Sequence[str]:
    held = columns.private_bytes()
    kinds = ("interceptors", "language servers", "gateways")
    return (f"{exchanges:,}", *(f"{held[kind] / 1e6:.1f}" for kind in kinds))
