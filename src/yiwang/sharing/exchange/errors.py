"""What can go wrong with exchange."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel import text
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording

words = Wording("sharing.exchange_words")


class NoSuchJob(YiwangError):
    code: ClassVar[str] = "sharing.no_such_job"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadJob(YiwangError):
    """A field of a job cannot be what it is. ``wanted``: the values that it may have, or the key
    of words for them."""

    code: ClassVar[str] = "sharing.bad_job"
    kind: ClassVar[Kind] = Kind.INVALID

    def todo(self, lang: str = "en") -> str:
        wanted = self.fields["wanted"]
        words = text.find(f"sharing.exchange.wanted.{wanted}", lang)
        return text.render(f"{self.code}.todo", lang, self.fields | {"wanted": words or wanted})


class NotOpened(YiwangError):
    """A job would read columns that are encrypted at rest, and no grant of its organisation names
    them."""

    code: ClassVar[str] = "sharing.not_opened"
    kind: ClassVar[Kind] = Kind.DENIED


class JobExists(YiwangError):
    code: ClassVar[str] = "sharing.job_exists"
    kind: ClassVar[Kind] = Kind.CONFLICT


class JobChanged(YiwangError):
    """Somebody else has changed or removed the job since it was read."""

    code: ClassVar[str] = "sharing.job_changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadSchedule(YiwangError):
    code: ClassVar[str] = "sharing.bad_schedule"
    kind: ClassVar[Kind] = Kind.INVALID


class NoKey(YiwangError):
    """A table without a key: what is written twice would stand there twice."""

    code: ClassVar[str] = "sharing.no_key"
    kind: ClassVar[Kind] = Kind.INVALID


class NotCaptured(YiwangError):
    """The source has no table in which its changes are noted."""

    code: ClassVar[str] = "sharing.not_captured"
    kind: ClassVar[Kind] = Kind.INVALID


class TooManyRejected(YiwangError):
    code: ClassVar[str] = "sharing.too_many_rejected"
    kind: ClassVar[Kind] = Kind.CONFLICT


class AlreadyRunning(YiwangError):
    code: ClassVar[str] = "sharing.already_running"
    kind: ClassVar[Kind] = Kind.CONFLICT


class Overtaken(YiwangError):
    """Another worker has gone on with the same run: this one leaves it to that one."""

    code: ClassVar[str] = "sharing.overtaken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoKeyGiven(YiwangError):
    """The node of a job has no key that could end."""

    code: ClassVar[str] = "sharing.no_key_given"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadPush(YiwangError):
    """What a front-end node sent cannot be read, or does not follow what is in."""

    code: ClassVar[str] = "sharing.bad_push"
    kind: ClassVar[Kind] = Kind.INVALID
