"""Events: what has happened, in the past tense. Written to the outbox in the transaction
that made them true, delivered after it, in order, at least once.

Every field is JSON-able; instants are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class FindingRaised:
    """A rule found something. ``key`` is the same however often the rule is run over the
    same observations. ``case_class`` is empty when the rule opens no case."""

    topic: ClassVar[str] = "finding.raised"
    finding: int
    key: str
    pack: str
    rule: str
    severity: str
    raised_at: int
    thing: int
    place: int | None
    lon: float | None
    lat: float | None
    case_class: str = ""
    one_per: str = ""
    """What a case is about: findings with the same ``one_per`` value share a case."""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FindingCleared:
    topic: ClassVar[str] = "finding.cleared"
    finding: int
    key: str
    cleared_at: int
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FindingWithdrawn:
    """A late observation showed that the finding was not so."""

    topic: ClassVar[str] = "finding.withdrawn"
    finding: int
    key: str
    withdrawn_at: int


@dataclass(frozen=True)
class CaseOpened:
    topic: ClassVar[str] = "case.opened"
    case: int
    case_class: str
    severity: str
    opened_at: int
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class CaseChanged:
    """Any step of a case after its opening: ``step`` is the timeline's verb."""

    topic: ClassVar[str] = "case.changed"
    case: int
    step: str
    state: str
    kind: str
    at: int


@dataclass(frozen=True)
class RegistryChanged:
    """Places, grids, organisations or taxonomy changed: caches are stale."""

    topic: ClassVar[str] = "registry.changed"
    what: str


@dataclass(frozen=True)
class PacksChanged:
    topic: ClassVar[str] = "packs.changed"
    pack: str
    version: str


@dataclass(frozen=True)
class DatastreamsChanged:
    """Things or datastreams were created or changed: dense arrays must grow."""

    topic: ClassVar[str] = "datastreams.changed"
    count: int


@dataclass(frozen=True)
class DevicesChanged:
    """Devices got other codes or were taken out of use: look-ups by code are stale."""

    topic: ClassVar[str] = "devices.changed"
    things: list[int]


@dataclass(frozen=True)
class DeviceTroubled:
    """A device (or, with a ``one_per`` of its own, many at once) needs somebody to look after
    it. ``sort``: silence, clock, drift, stuck, maintenance or outage. ``case_classes`` are the
    classes of case that it may open, the first that is installed counts."""

    topic: ClassVar[str] = "device.troubled"
    trouble: int
    sort: str
    thing: int
    place: int | None
    lon: float | None
    lat: float | None
    since: int
    raised_at: int
    case_classes: list[str]
    one_per: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DeviceRecovered:
    """A trouble is over: ``why`` is heard, steady, done, retired, or outage (it went over into
    the trouble of many)."""

    topic: ClassVar[str] = "device.recovered"
    trouble: int
    at: int
    why: str


@dataclass(frozen=True)
class MaintenanceAnnounced:
    """Somebody will work on devices: what they say from ``from_at`` until before ``until_at`` is
    no trouble of the city."""

    topic: ClassVar[str] = "maintenance.announced"
    work: int
    things: list[int]
    from_at: int
    until_at: int
    what: str
    by: str


@dataclass(frozen=True)
class MaintenanceEnded:
    """An announced work was over, or called off, before its time."""

    topic: ClassVar[str] = "maintenance.ended"
    work: int
    at: int
    by: str


@dataclass(frozen=True)
class CredentialsRevoked:
    """Credentials of devices, by name, admit nobody any more: open connections end."""

    topic: ClassVar[str] = "credentials.revoked"
    names: list[str]


@dataclass(frozen=True)
class EntitiesChanged:
    """Entities of SensorThings of one type got other values; ``names`` are their properties
    (empty: any of them). New entities are known by their ids."""

    topic: ClassVar[str] = "entities.changed"
    entity: str
    ids: list[int]
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NoticesSent:
    """Something is to be told: to the accounts named, and perhaps to others by channels that
    leave the system."""

    topic: ClassVar[str] = "notices.sent"
    users: list[str]


@dataclass(frozen=True)
class ResourceChanged:
    """A resource of the catalogue came into force (published), another version of it did
    (revised), or it went out of force (retired)."""

    topic: ClassVar[str] = "resource.changed"
    resource: int
    code: str
    change: str
    version: int


@dataclass(frozen=True)
class GrantChanged:
    """An organisation was granted a resource, or a grant ended."""

    topic: ClassVar[str] = "grant.changed"
    grant: int
    resource: int
    organisation: int
    change: str


@dataclass(frozen=True)
class ValueCorrected:
    """The provider agreed that a value of a resource was wrong, and says what it is."""

    topic: ClassVar[str] = "value.corrected"
    resource: int
    key: dict[str, Any]
    column: str
    value: Any


@dataclass(frozen=True)
class DatasetChanged:
    """The rows of a table that is kept for a resource were brought up to date."""

    topic: ClassVar[str] = "dataset.changed"
    dataset: str
    at: int
    rows: int
    job: str = ""


@dataclass(frozen=True)
class QualityFailed:
    """A rule of quality finds something in a resource's data, for the first time or again.
    ``samples``: some findings in words, by language, without protected values."""

    topic: ClassVar[str] = "quality.failed"
    issue: int
    resource: int
    code: str
    name: str
    organisation: int
    rule: str
    title: dict[str, str]
    severity: str
    checked: int
    failed: int
    at: int
    samples: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class QualityPassed:
    """What a rule of quality had found in a resource's data is there no more."""

    topic: ClassVar[str] = "quality.passed"
    issue: int
    at: int


@dataclass(frozen=True)
class DataMoved:
    """A run of a job read data and wrote it on. ``type`` as OpenLineage has it: START, RUNNING,
    COMPLETE, ABORT or FAIL; ``run`` is a UUID. ``inputs`` and ``outputs`` are
    ``resource:NUMBER``, ``dataset:NAME`` or ``source:CODE/TABLE``; ``columns`` says of which
    column of an input a column of the outputs was made."""

    topic: ClassVar[str] = "data.moved"
    type: str
    at: int
    run: str
    job: str
    inputs: list[str]
    outputs: list[str]
    rows: int | None = None
    columns: dict[str, str] = field(default_factory=dict)


Event = (
    FindingRaised
    | FindingCleared
    | FindingWithdrawn
    | CaseOpened
    | CaseChanged
    | RegistryChanged
    | PacksChanged
    | DatastreamsChanged
    | EntitiesChanged
    | DevicesChanged
    | DeviceTroubled
    | DeviceRecovered
    | MaintenanceAnnounced
    | MaintenanceEnded
    | CredentialsRevoked
    | NoticesSent
    | ResourceChanged
    | DataMoved
    | GrantChanged
    | ValueCorrected
    | DatasetChanged
    | QualityFailed
    | QualityPassed
)
