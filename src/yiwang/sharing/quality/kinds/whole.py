"""Rules about a table as a whole: fresh, copy, drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from yiwang.kernel.clock import DAY
from yiwang.kernel.documents import Section
from yiwang.sharing.quality import reading, sql
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.form import Field, Form
from yiwang.sharing.quality.model import Issue, Profile, shown
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench


def _told(
    subject: Subject, bad: bool, reason: str, value: str, expected: str, **more: str
) -> Tally:
    column = more.pop("column", "")
    issue = Issue(
        subject.rule, subject.table, reason, None, {}, column, value, expected, True, more
    )
    return Tally(1, int(bad), (issue,) if bad else ())


@dataclass(frozen=True)
class Fresh(Check):
    """Updated within its cycle, or within ``days``; ``grace`` is a share of that on top."""

    dimension: ClassVar[str] = "timeliness"
    form: ClassVar[Form] = Form(
        "fields", (Field("days", "number"), Field("grace", "share", default=0.1))
    )
    days: float | None
    grace: float

    @classmethod
    def read(cls, section: Section, key: str) -> Fresh:
        body = section.section(key)
        found = cls(body.take("days", float, None), reading.share(body, "grace", 0.1))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        about = bench.about(subject.table)
        days = self.days if self.days is not None else about.cycle
        if days is None or about.updated_at is None:
            return
        age = (subject.now - about.updated_at) / DAY
        late = age > days * (1 + self.grace)
        yield _told(subject, late, "fresh", shown(round(age, 1)), shown(days))


@dataclass(frozen=True)
class Copy(Check):
    """A table that repeats another, cell by cell in the order of its columns. ``most``: the share
    of its rows that may stand there."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields", (Field("of", "tables", True), Field("most", "share", default=0.9))
    )
    of: tuple[str, ...]
    most: float

    @classmethod
    def read(cls, section: Section, key: str) -> Copy:
        body = section.section(key)
        found = cls(reading.names(body, "of"), reading.share(body, "most", 0.9))
        body.finish()
        return found

    def others(self) -> tuple[str, ...]:
        return self.of

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        for other in self.of:
            if other == subject.table:
                continue
            query = (
                f"SELECT count(*), count(*) FILTER (WHERE _cells IN ({_cells(bench, other)})) "
                f"FROM ({_cells(bench, subject.table)})"
            )
            rows, same = bench.rows(query)[0]
            if rows:
                bad = same / rows > self.most
                title = bench.about(other).title or other
                value, expected = f"{same}/{rows}", f"{self.most:.0%}"
                yield _told(subject, bad, "copy", value, expected, other=other, title=title)


def _cells(bench: Workbench, table: str) -> str:
    cells = ", ".join(f"CAST({sql.name(one)} AS VARCHAR)" for one in bench.columns(table))
    return f"SELECT concat_ws('\t', {cells}) AS _cells FROM ({bench.scan(table)})"


@dataclass(frozen=True)
class Drift(Check):
    """How far a table may move between two runs: its rows and means by a share, its missing
    cells by a share of all."""

    dimension: ClassVar[str] = "accuracy"
    form: ClassVar[Form] = Form(
        "fields", (Field("rows", "share"), Field("missing", "share"), Field("means", "share"))
    )
    rows: float | None
    missing: float | None
    means: float | None

    @classmethod
    def read(cls, section: Section, key: str) -> Drift:
        body = section.section(key)
        shares = [reading.share(body, name, None) for name in ("rows", "missing", "means")]
        body.finish()
        return cls(*shares)

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        before = bench.about(subject.table).before
        if before is None:
            return
        after = bench.profile(subject.table)
        if self.rows is not None:
            far = abs(after.rows - before.rows) > self.rows * max(before.rows, 1)
            yield _told(subject, far, "drift_rows", str(after.rows), str(before.rows))
        if self.missing is not None:
            yield from self._missing(subject, before, after, self.missing)
        if self.means is not None:
            yield from self._means(subject, before, after, self.means)

    def _missing(
        self, subject: Subject, before: Profile, after: Profile, most: float
    ) -> Iterator[Tally]:
        for column, share in after.missing.items():
            old = before.missing.get(column)
            if old is not None:
                texts = f"{share:.1%}", f"{old:.1%}"
                far = abs(share - old) > most
                yield _told(subject, far, "drift_missing", *texts, column=column)

    def _means(
        self, subject: Subject, before: Profile, after: Profile, most: float
    ) -> Iterator[Tally]:
        for column, mean in after.means.items():
            old = before.means.get(column)
            if old:
                far = abs(mean - old) > most * abs(old)
                yield _told(subject, far, "drift_mean", shown(mean), shown(old), column=column)
