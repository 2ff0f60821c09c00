"""What requests and grants refuse."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NotShared(YiwangError):
    """不予共享: the basis is told."""

    code: ClassVar[str] = "sharing.grants.not_shared"
    kind: ClassVar[Kind] = Kind.DENIED


class NotInForce(YiwangError):
    """The resource is not published, or no longer."""

    code: ClassVar[str] = "sharing.grants.not_in_force"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadTerms(YiwangError):
    """What is asked for, or granted, cannot be."""

    code: ClassVar[str] = "sharing.grants.bad_terms"
    kind: ClassVar[Kind] = Kind.INVALID


class NoOrganisation(YiwangError):
    """The account belongs to no organisation, and data is granted to organisations."""

    code: ClassVar[str] = "sharing.grants.no_organisation"
    kind: ClassVar[Kind] = Kind.DENIED


class NoSuchRequest(YiwangError):
    code: ClassVar[str] = "sharing.grants.no_such_request"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchGrant(YiwangError):
    code: ClassVar[str] = "sharing.grants.no_such_grant"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchComplaint(YiwangError):
    code: ClassVar[str] = "sharing.grants.no_such_complaint"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotYours(YiwangError):
    """Another organisation, or another role, has to do this."""

    code: ClassVar[str] = "sharing.grants.not_yours"
    kind: ClassVar[Kind] = Kind.DENIED


class Settled(YiwangError):
    """It was answered, withdrawn or ended before."""

    code: ClassVar[str] = "sharing.grants.settled"
    kind: ClassVar[Kind] = Kind.CONFLICT


class OpenAlready(YiwangError):
    """A request of the same organisation for the same resource still waits."""

    code: ClassVar[str] = "sharing.grants.open_already"
    kind: ClassVar[Kind] = Kind.CONFLICT
