"""What writing a job asks before it is set up: what its first rows would become, when it would
run, and which datasets there are."""

from __future__ import annotations

from typing import Any

from yiwang.kernel.clock import render
from yiwang.security.actions import Caller, Context, query
from yiwang.sharing.exchange import cron, service
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.running import Means
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Shape

TIMES = 5


@query("sharing.check_exchange_spec", permission="sharing.operate")
def check_exchange_spec(ctx: Context, spec: Spec) -> None:
    """Whether a job could be set up so. Raises BadJob, BadSchedule, NoSuchSource."""
    service.checked(ctx, spec)
    if spec.schedule:
        cron.parse(spec.schedule)


def preview(caller: Caller, spec: Spec, rows: int = 20) -> dict[str, Any]:
    """What would become of the first rows of a job that is not set up yet; nothing is written or
    made. Raises what setting it up and opening its ends raise."""
    check_exchange_spec(caller, spec)
    return service.preview(caller, spec, rows)


@query("sharing.next_exchanges", permission="sharing.provide")
def next_exchanges(ctx: Context, schedule: str) -> list[str]:
    """When a schedule comes due next, in the city's time. Raises BadSchedule."""
    found, zone, times = cron.parse(schedule), ctx.port(Means).zone, [ctx.now]
    for _ in range(TIMES):
        times.append(found.next(times[-1], zone))
    return [render(one) for one in times[1:]]


@query("sharing.list_datasets", permission="sharing.operate")
def list_datasets(ctx: Context, part: str, after: str, limit: int) -> list[str]:
    """The names of the tables that the platform keeps, those that hold a text."""
    names = ctx.port(Datasets).names()
    return [one for one in names if one > after and part in one][:limit]


@query("sharing.show_dataset", permission="sharing.operate")
def show_dataset(ctx: Context, name: str) -> Shape:
    """Columns and key of a table that the platform keeps. Raises NoSuchDataset."""
    return ctx.port(Datasets).shape(name)
