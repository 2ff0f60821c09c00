"""What waits to be sent: taken in batches, given back, ended. All SQL of the sender."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, not_, or_, select, update

from yiwang.kernel.clock import HOUR, MINUTE, SECOND
from yiwang.notices import falling_back, model, templates
from yiwang.notices.channels.port import AGAIN, TAKEN, Answer, Outgoing
from yiwang.notices.keys import OLD_COUNTS_FOR
from yiwang.notices.model import (
    CONFIRM,
    DELIVERED,
    EMAIL,
    FAILED,
    REHEARSED,
    SENDING,
    SUPPRESSED,
    WAITING,
    WEBHOOK,
    Circuit,
)
from yiwang.notices.policy import Policy
from yiwang.notices.tables import attempts, notices, webhooks
from yiwang.store.upsert import upsert

MOST = 500
"""Rows looked at in one transaction."""
MOST_OF_ONE = 20
"""Messages to one endpoint in one batch."""
LEASE = 10 * MINUTE
"""After this long an attempt that nobody ended is lost."""
_REST = 30 * SECOND
"""How long an endpoint that is down is left in peace, but for what its circuit says."""
_SUMMARY = "summary"
_SHOWN = 500


@dataclass(frozen=True)
class Taken:
    """A message that is being sent: its attempt is written down."""

    id: int
    key: str
    attempt: int
    channel: str
    address: str
    subject: str
    text: str
    language: str
    webhook: int | None
    secret_no: int
    renewed_at: int | None
    created_at: int
    recipient: str = ""
    topic: str = ""

    def outgoing(self, at: int, policy: Policy) -> Outgoing:
        secrets: tuple[str, ...] = ()
        end = ""
        if self.channel == EMAIL and self.topic != CONFIRM:
            end = policy.unsubscribe(EMAIL, self.recipient)
        if self.webhook is not None:
            numbers = [self.secret_no]
            if self.renewed_at is not None and at < self.renewed_at + OLD_COUNTS_FOR:
                numbers.append(self.secret_no - 1)
            secrets = tuple(policy.keys.secret(self.webhook, number) for number in numbers)
        return Outgoing(
            self.key, self.address, self.subject, self.text, at, self.language, secrets, end
        )


def waits(connection: Connection, now: int) -> bool:
    """Whether anything is due."""
    query = select(notices.c.id).where(notices.c.next_at <= now).limit(1)
    return connection.execute(query).first() is not None


def recover(connection: Connection, now: int) -> int:
    """After a start: attempts that were being made are lost, and made again. Returns how many."""
    sending = select(notices.c.id).where(notices.c.next_at.is_not(None), notices.c.state == SENDING)
    ids = [row.id for row in connection.execute(sending)]
    _lost(connection, ids, now)
    if ids:
        connection.execute(
            update(notices).where(notices.c.id.in_(ids)).values(state=WAITING, next_at=now)
        )
    return len(ids)


def take(
    connection: Connection, now: int, policy: Policy, busy: Collection[str]
) -> dict[str, list[Taken]]:
    """The next messages by endpoint, each with its attempt written down. What is not to be sent
    (off, rehearsed, over a limit, too old) is ended."""
    rows = _due(connection, now, busy)
    _lost(connection, [row.id for row in rows if row.state == SENDING], now)
    rows = _expire(connection, rows, now)
    rows = _without_resting(connection, rows, now)
    rows = _limit(connection, rows, policy, now)
    live = _by_mode(connection, rows, policy, now)
    groups: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in live:
        group = groups[f"{WEBHOOK}:{row.webhook}" if row.channel == WEBHOOK else row.channel]
        if len(group) < MOST_OF_ONE:
            group.append(row)
    taken = {name: [_taken(row) for row in group] for name, group in groups.items()}
    _begin(connection, [one for group in taken.values() for one in group], now)
    return taken


def _due(connection: Connection, now: int, busy: Collection[str]) -> list[Row[Any]]:
    resting = [int(name.partition(":")[2]) for name in busy if name.startswith(f"{WEBHOOK}:")]
    channels = [name for name in busy if not name.startswith(f"{WEBHOOK}:")]
    query = (
        select(
            notices,
            webhooks.c.secret_no,
            webhooks.c.renewed_at,
            webhooks.c.active,
            webhooks.c.removed_at,
            webhooks.c.failures,
            webhooks.c.paused_until,
            webhooks.c.url,
        )
        .outerjoin(webhooks, webhooks.c.id == notices.c.webhook)
        .where(notices.c.next_at <= now)
        .order_by(notices.c.next_at, notices.c.id)
        .limit(MOST)
    )
    if channels:
        query = query.where(notices.c.channel.not_in(channels))
    if resting:
        query = query.where(or_(notices.c.webhook.is_(None), notices.c.webhook.not_in(resting)))
    return list(connection.execute(query))


def _taken(row: Row[Any]) -> Taken:
    return Taken(
        row.id,
        row.key,
        row.attempts + 1,
        row.channel,
        row.url if row.webhook is not None else row.address,
        row.subject,
        row.text,
        row.language,
        row.webhook,
        row.secret_no or 0,
        row.renewed_at,
        row.created_at,
        row.recipient,
        row.topic,
    )


def _lost(connection: Connection, ids: Sequence[int], now: int) -> None:
    if ids:
        open_ones = and_(attempts.c.notice.in_(ids), attempts.c.ended_at.is_(None))
        connection.execute(update(attempts).where(open_ones).values(ended_at=now, outcome="lost"))


def _expire(connection: Connection, rows: Sequence[Row[Any]], now: int) -> list[Row[Any]]:
    old = [
        row.id
        for row in rows
        if row.created_at + model.TRIED_FOR < now and (row.attempts or row.failures)
    ]
    _end(connection, old, FAILED, now, "")
    return [row for row in rows if row.id not in set(old)]


def _without_resting(connection: Connection, rows: Sequence[Row[Any]], now: int) -> list[Row[Any]]:
    """Webhooks that are off end what waits for them; paused ones keep it for later."""
    hooked = [row for row in rows if row.webhook is not None]
    gone = [row.id for row in hooked if not row.active or row.removed_at is not None]
    _end(connection, gone, SUPPRESSED, now, "the webhook is off")
    later = {row.webhook: row.paused_until for row in hooked if (row.paused_until or 0) > now}
    for webhook, until in later.items():
        _rest(connection, WEBHOOK, webhook, until)
    left_out = set(gone) | {row.id for row in hooked if row.webhook in later}
    return [row for row in rows if row.id not in left_out]


def _limit(
    connection: Connection, rows: Sequence[Row[Any]], policy: Policy, now: int
) -> list[Row[Any]]:
    """Over the limit of one recipient nothing goes out but one summary, as soon as the limit
    allows. Those are counted that were sent, or would have been."""
    if not policy.per_hour:
        return list(rows)
    waiting: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.limited is not None:
            waiting[row.limited].append(row)
    left_out: set[int] = set()
    for limited, mine in waiting.items():
        recent = _recent(connection, limited, now)
        allowed = model.allowance(policy.per_hour, recent, now)
        over = mine[allowed:]
        if over:
            _summarise(connection, policy, over, min(recent, default=now) + HOUR, now)
            left_out |= {row.id for row in over}
    return [row for row in rows if row.id not in left_out]


def _recent(connection: Connection, limited: str, now: int) -> list[int]:
    query = select(notices.c.ended_at).where(
        notices.c.limited == limited,
        notices.c.ended_at > now - HOUR,
        notices.c.state.in_((DELIVERED, REHEARSED)),
    )
    return [row.ended_at for row in connection.execute(query)]


def _summarise(
    connection: Connection, policy: Policy, over: Sequence[Row[Any]], at: int, now: int
) -> None:
    """Put messages into the one summary that waits for their recipient."""
    first = over[0]
    about = f"summary:{first.limited}"[:160]
    there = connection.execute(
        select(notices).where(notices.c.about == about, notices.c.state == WAITING)
    ).first()
    name = there.key if there else model.key(f"{about} {at}", first.recipient, first.channel)
    kept: dict[str, Any] = there.fields if there else {"count": 0, "list": []}
    listed = [*kept["list"], *(row.subject for row in over)][:20]
    fields = {"count": kept["count"] + len(over), "list": listed}
    shown = {"count": fields["count"], "list": "\n".join(listed), "link": policy.link("/notices")}
    said = templates.render(
        templates.built_in(_SUMMARY), shown, first.language or policy.language, policy.zone
    )
    row = {column.name: getattr(first, column.name) for column in notices.columns}
    row |= {
        "key": name,
        "event": f"{about} {at}"[:200],
        "topic": "notices.summary",
        "about": about,
        "template": _SUMMARY,
        "fields": fields,
        "subject": said.subject,
        "text": said.short if first.channel == model.SMS else said.text,
        "path": "/notices",
        "state": WAITING,
        "limited": None,
        "otherwise": None,
        "attempts": 0,
        "created_at": now,
        "next_at": at,
    }
    del row["id"]
    upsert(connection, notices, row, ["key"], ["fields", "subject", "text"])
    _end(connection, [row.id for row in over], SUPPRESSED, now, "over the limit; in a summary")


def _by_mode(
    connection: Connection, rows: Sequence[Row[Any]], policy: Policy, now: int
) -> list[Row[Any]]:
    """Those that really go out; the others are ended."""
    by: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by[policy.mode(row.channel)].append(row)
    _end(connection, [row.id for row in by["off"]], SUPPRESSED, now, "outward is off")
    _end(connection, [row.id for row in by["rehearse"]], REHEARSED, now, "")
    return by["live"]


def _begin(connection: Connection, taken: Sequence[Taken], now: int) -> None:
    if not taken:
        return
    change = (
        update(notices)
        .where(notices.c.id == bindparam("this"))
        .values(state=SENDING, attempts=bindparam("made"), next_at=now + LEASE)
    )
    connection.execute(change, [{"this": one.id, "made": one.attempt} for one in taken])
    begun = {"started_at": now, "ended_at": None, "outcome": "", "answer": ""}
    rows = [{"notice": one.id, "no": one.attempt, **begun} for one in taken]
    connection.execute(insert(attempts), rows)


def _end(connection: Connection, ids: Sequence[int], state: str, now: int, answer: str) -> None:
    if not ids:
        return
    values: dict[str, Any] = {"state": state, "ended_at": now, "next_at": None}
    if answer:
        values["answer"] = answer
    if state == FAILED:
        values["failed"] = True
    connection.execute(update(notices).where(notices.c.id.in_(ids)).values(**values))
    if state == FAILED:
        falling_back.instead(connection, ids, now)


def give_back(connection: Connection, taken: Sequence[Taken]) -> None:
    """These were not attempted after all."""
    for one in taken:
        this = and_(attempts.c.notice == one.id, attempts.c.no == one.attempt)
        connection.execute(delete(attempts).where(this))
        back = update(notices).where(notices.c.id == one.id, notices.c.state == SENDING)
        connection.execute(
            back.values(state=WAITING, attempts=one.attempt - 1, next_at=one.created_at)
        )


def ended(connection: Connection, one: Taken, answer: Answer, now: int, share: float) -> None:
    """Write down what came of an attempt."""
    text = answer.text[:_SHOWN]
    this = and_(attempts.c.notice == one.id, attempts.c.no == one.attempt)
    done: Mapping[str, Any] = {"ended_at": now, "outcome": answer.outcome, "answer": text}
    connection.execute(update(attempts).where(this).values(**done))
    if answer.outcome == TAKEN:
        _end(connection, [one.id], DELIVERED, now, text)
    elif answer.outcome == AGAIN and one.created_at + model.TRIED_FOR > now:
        later = max(model.retry_at(now, one.attempt, share), now + answer.wait_s * SECOND)
        change = update(notices).where(notices.c.id == one.id)
        connection.execute(change.values(state=WAITING, next_at=later, answer=text))
    else:
        _end(connection, [one.id], FAILED, now, text)
    if one.webhook is not None:
        _note_webhook(connection, one.webhook, answer, now)
    elif answer.down:
        _rest(connection, one.channel, None, now + _REST)


def _note_webhook(connection: Connection, id: int, answer: Answer, now: int) -> None:
    row = connection.execute(select(webhooks).where(webhooks.c.id == id)).one()
    good = answer.outcome == TAKEN
    state = Circuit(row.failures, row.paused_until).after(good, now)
    values: dict[str, Any] = {
        "failures": state.failures,
        "paused_until": state.paused_until,
        "last_answer": answer.text[:_SHOWN],
        "last_good_at" if good else "last_bad_at": now,
    }
    if answer.gone:
        values["active"] = False
    connection.execute(update(webhooks).where(webhooks.c.id == id).values(**values))
    if answer.down:
        _rest(connection, WEBHOOK, id, state.paused_until or now + _REST)


def _rest(connection: Connection, channel: str, webhook: int | None, until: int) -> None:
    """What waits for an endpoint waits at least until an instant."""
    which = [notices.c.next_at < until, notices.c.channel == channel]
    which.append(not_(notices.c.state == SENDING))
    if webhook is not None:
        which.append(notices.c.webhook == webhook)
    connection.execute(update(notices).where(*which).values(next_at=until))
