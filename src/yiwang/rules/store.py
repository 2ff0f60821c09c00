"""SQL of rules: installed packs, tuned values, findings, the judge's position."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from yiwang.rules.building import Loaded
from yiwang.rules.parameters import Parameter, Tuning
from yiwang.rules.spec import Rule, RulesSpec
from yiwang.rules.tables import (
    findings,
    judge_position,
    parameter_values,
    rule_packs,
    rule_versions,
)
from yiwang.store.upsert import upsert

T = TypeVar("T")

_JUDGE = "main"
_CHUNK = 500


class RuleBody(msgspec.Struct):
    """A rule as findings remember it: with texts (part → language → text) and parameters."""

    rule: Rule
    parameters: list[Parameter]
    texts: dict[str, dict[str, str]]


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(items), _CHUNK):
        yield items[begin : begin + _CHUNK]


def put_pack(
    connection: Connection, pack: str, version: str, spec: RulesSpec, active: bool, now: int
) -> None:
    row = {
        "pack": pack,
        "version": version,
        "spec": msgspec.to_builtins(spec),
        "active": active,
        "changed_at": now,
    }
    upsert(connection, rule_packs, row, ["pack"])


def switch(connection: Connection, pack: str, active: bool, now: int) -> None:
    chosen = rule_packs.c.pack == pack
    connection.execute(update(rule_packs).where(chosen).values(active=active, changed_at=now))
    connection.execute(
        update(rule_versions).where(rule_versions.c.pack == pack).values(active=False)
    )


def put_version(connection: Connection, pack: str, version: str, body: RuleBody, now: int) -> None:
    """Make this wording of a rule the active one."""
    plain = msgspec.to_builtins(body)
    digest = hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
    row = {
        "pack": pack,
        "rule": body.rule.name,
        "digest": digest,
        "version": version,
        "body": plain,
        "active": True,
        "installed_at": now,
    }
    keys = ["pack", "rule", "digest"]
    upsert(connection, rule_versions, row, keys, ["active", "version"])


def packs(connection: Connection) -> dict[str, tuple[str, RulesSpec]]:
    """Active packs: name → (version, what it says)."""
    query = select(rule_packs).where(rule_packs.c.active).order_by(rule_packs.c.pack)
    return {
        row.pack: (row.version, msgspec.convert(row.spec, RulesSpec))
        for row in connection.execute(query)
    }


def loaded(connection: Connection) -> list[Loaded]:
    """Active packs with what the city tuned: what the engine runs."""
    tuned = tunings(connection)
    return [
        Loaded(name, spec, tuple(tuned.get(name, ())))
        for name, (_, spec) in packs(connection).items()
    ]


def versions(connection: Connection) -> dict[str, tuple[int, RuleBody]]:
    """``pack/rule`` → number and body of the wording in force."""
    query = select(rule_versions).where(rule_versions.c.active).order_by(rule_versions.c.id)
    return {
        f"{row.pack}/{row.rule}": (row.id, msgspec.convert(row.body, RuleBody))
        for row in connection.execute(query)
    }


def version(connection: Connection, number: int) -> tuple[str, RuleBody]:
    """Version of the pack and body of one wording."""
    row = connection.execute(select(rule_versions).where(rule_versions.c.id == number)).one()
    return row.version, msgspec.convert(row.body, RuleBody)


def tunings(connection: Connection, pack: str | None = None) -> dict[str, list[Tuning]]:
    query = select(parameter_values).order_by(parameter_values.c.id)
    if pack is not None:
        query = query.where(parameter_values.c.pack == pack)
    found: dict[str, list[Tuning]] = {}
    for row in connection.execute(query):
        tuning = Tuning(row.name, row.since, row.value, row.who, row.why, row.set_at)
        found.setdefault(row.pack, []).append(tuning)
    return found


def add_tunings(connection: Connection, pack: str, values: Sequence[Tuning], origin: str) -> None:
    rows = [{"pack": pack, "origin": origin, **msgspec.to_builtins(item)} for item in values]
    if rows:
        connection.execute(insert(parameter_values), rows)


def replace_file_tunings(connection: Connection, pack: str, values: Sequence[Tuning]) -> None:
    old = (parameter_values.c.pack == pack) & (parameter_values.c.origin == "file")
    connection.execute(delete(parameter_values).where(old))
    add_tunings(connection, pack, values, "file")


def position(connection: Connection) -> tuple[int, int] | None:
    """How far was judged: log position and watermark; None before the first."""
    row = connection.execute(
        select(judge_position).where(judge_position.c.judge == _JUDGE)
    ).one_or_none()
    return None if row is None else (row.position, row.watermark)


def put_position(connection: Connection, position: int, watermark: int) -> None:
    row = {"judge": _JUDGE, "position": position, "watermark": watermark}
    upsert(connection, judge_position, row, ["judge"])


def last_finding(connection: Connection) -> int:
    return connection.execute(select(func.max(findings.c.id))).scalar() or 0


def by_keys(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    """Key → row (id, key, state, raised_at, cleared_at) of the findings that exist."""
    columns = (findings.c.id, findings.c.key, findings.c.state, findings.c.cleared_at)
    found = {}
    for part in chunks(keys):
        query = select(*columns).where(findings.c.key.in_(part))
        found.update({row.key: row for row in connection.execute(query)})
    return found


def insert_findings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(findings), list(rows))


def update_findings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows with ``number`` (the id), ``state``, ``cleared_at``, ``withdrawn_at``, ``seen``."""
    if rows:
        change = (
            update(findings)
            .where(findings.c.id == bindparam("number"))
            .values(
                state=bindparam("new_state"),
                cleared_at=bindparam("cleared"),
                withdrawn_at=bindparam("withdrawn"),
                values=bindparam("seen", type_=findings.c["values"].type),
            )
        )
        connection.execute(change, list(rows))


def retire(connection: Connection, numbers: Sequence[int]) -> None:
    """Free the keys of withdrawn findings that are found again."""
    if numbers:
        change = update(findings).where(findings.c.id == bindparam("number"))
        renamed = findings.c.key + bindparam("suffix")
        rows = [{"number": number, "suffix": f"~{number}"} for number in numbers]
        connection.execute(change.values(key=renamed), rows)


def open_findings(connection: Connection) -> list[Any]:
    columns = (findings.c.id, findings.c.key, findings.c.pack, findings.c.rule)
    query = select(*columns, findings.c.raised_at, findings.c["values"].label("seen"))
    return list(connection.execute(query.where(findings.c.state == "open")))


def finding(connection: Connection, number: int) -> Any:
    return connection.execute(select(findings).where(findings.c.id == number)).one_or_none()


def page(
    connection: Connection,
    conditions: Sequence[Any],
    limit: int,
    after: tuple[int, int] | None,
) -> list[Any]:
    """Findings, the latest raised first, behind (raised_at, id)."""
    query = select(findings).where(*conditions)
    if after is not None:
        raised, number = after
        same = (findings.c.raised_at == raised) & (findings.c.id < number)
        query = query.where((findings.c.raised_at < raised) | same)
    order = (findings.c.raised_at.desc(), findings.c.id.desc())
    return list(connection.execute(query.order_by(*order).limit(limit)))


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """``pack/rule`` → state → number of findings."""
    columns = (findings.c.pack, findings.c.rule, findings.c.state)
    query = select(*columns, func.count()).group_by(*columns)
    found: dict[str, dict[str, int]] = {}
    for pack, rule, state, number in connection.execute(query):
        found.setdefault(f"{pack}/{rule}", {})[state] = number
    return found


def many(connection: Connection, numbers: Sequence[int]) -> list[Any]:
    query = select(findings).where(findings.c.id.in_(numbers)).order_by(findings.c.id)
    return list(connection.execute(query))


def titles(connection: Connection, numbers: set[int]) -> dict[int, dict[str, str]]:
    """Number of a wording → language → title."""
    query = select(rule_versions.c.id, rule_versions.c.body)
    rows = connection.execute(query.where(rule_versions.c.id.in_(sorted(numbers))))
    return {row.id: row.body["texts"].get("title", {}) for row in rows}
