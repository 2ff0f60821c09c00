"""Whatever is done with an incident in whatever order: no task is lost, order holds, the log
only grows, and it ends only when everything is settled."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.emergency import jobs, store
from yiwang.cases.emergency.command import Order, change_level, end, order
from yiwang.cases.emergency.start import Wanted, start
from yiwang.cases.emergency.tasks import Doing, act, watch_tasks
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.errors import YiwangError

QUICK = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WHO = st.sampled_from(("centre", "handler", "stranger"))
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(jobs.FROM)), WHO, st.integers(0, 7)),
        st.tuples(st.just("level"), WHO, st.sampled_from(("yellow", "red"))),
        st.tuples(st.just("order"), st.just("centre"), st.integers(1, 60)),
        st.tuples(st.just("wait"), st.just("centre"), st.integers(1, 40)),
        st.tuples(st.just("end"), WHO, st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


def _do(city: City, no: int, all_jobs: list[jobs.Job], operation: tuple[str, str, Any]) -> None:
    what, who, which = operation
    caller = getattr(city, who)
    if what == "level":
        change_level(caller, no, which, "because")
    elif what == "order":
        order(caller, no, Order("more", "parking", which))
    elif what == "wait":
        city.clock.advance(which * MINUTE)
        watch_tasks(city.platform)
    elif what == "end":
        end(caller, no, {"cause": "rain"})
    else:
        job = all_jobs[which % len(all_jobs)]
        act(caller, no, job.id, what, Doing("text", "reason", organisation=city.parks))


def _read(city: City, no: int) -> tuple[list[jobs.Job], list[Any], Any]:
    with city.database.read() as connection:
        found = store.jobs(connection, no), store.log(connection, no)
        return *found, store.incident(connection, no)


def _holds(before: list[jobs.Job], after: list[jobs.Job]) -> None:
    was = {job.id: job for job in before}
    newest = jobs.newest(after)
    assert set(was) <= {job.id for job in after}
    for job in after:
        assert job.state in jobs.STATES
        old = was.get(job.id)
        assert old is None or not old.settled or old == job, "what is settled stays so"
        if job.state in ("open", "taken") and (old is None or old.state == "waiting"):
            held = [code for code in job.after if code in newest and not newest[code].settled]
            assert held == [], "opened before those it comes after were settled"
        assert (job.opened_at is None) == (job.due_at is None)
        assert job.settled == (job.settled_at is not None)
        assert job.state != "waiting" or job.opened_at is None
        assert job.watch_at is None or job.state in ("open", "taken")
    assert jobs.ready(after) == [], "nothing waits for nothing"


@QUICK
@given(OPERATIONS)
def test_no_task_is_lost(prepared: City, operations: list[tuple[str, str, Any]]) -> None:
    report = service.Report("demo.flooded", "water", lon=116.1, lat=39.1)
    case = service.report(prepared.centre, report)
    no = start(prepared.centre, case, Wanted("demo.response")).no
    before, said, row = _read(prepared, no)
    _holds([], before)
    for operation in operations:
        try:
            _do(prepared, no, before, operation)
        except YiwangError as error:
            assert error.kind.value in ("denied", "conflict", "invalid", "not_found"), error
            assert _read(prepared, no)[0] == before, "what is refused changes nothing"
            continue
        after, log, row = _read(prepared, no)
        _holds(before, after)
        assert log[: len(said)] == said
        wanted = {"close_road", "pump", "reopen"} | ({"shelter"} if row.level == "red" else set())
        assert wanted <= {job.code for job in after}
        if not row.running:
            assert all(job.settled for job in after)
            assert row.review["figures"]["tasks"] == len(after)
            break
        before, said = after, log
    if row.running:
        _finish(prepared, no)
    service.take(prepared.centre, case, "void", service.Given(reason="over"))


def _finish(city: City, no: int) -> None:
    """Every incident can be brought to its end."""
    for job in _read(city, no)[0]:
        if not job.settled:
            act(city.centre, no, job.id, "cancel", Doing(reason="over"))
    end(city.centre, no, {"cause": "rain"})
    assert not _read(city, no)[2].running
