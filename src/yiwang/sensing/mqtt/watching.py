"""Which sessions listen to which resources of SensorThings (18-088, clause 14).

A topic is a resource path below the version, with ``$select``, ``$filter`` and ``$expand``
where wanted: ``v1.1/Datastreams(5)/Observations?$select=result``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from yiwang.sensing.mqtt.hub import Session
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta import query as queries
from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST, OBSERVATION

_VERSION = re.compile(r"(v1\.[01])/(.+)", re.DOTALL)
MOST_LENGTH = 2000
"""Characters of a topic filter that is read as a path."""


@dataclass(frozen=True)
class Topic:
    """What a subscription asks for."""

    version: str
    resource: Resource
    query: Query

    @property
    def observations(self) -> bool:
        """Whether it hears of new observations: of all, or of one entity's."""
        resource = self.resource
        return resource.type is OBSERVATION and not resource.single


def is_standard(topic: str) -> bool:
    """Whether a topic belongs to SensorThings rather than to a pack."""
    return topic.startswith(("v1.1/", "v1.0/"))


def read(text: str) -> Topic:
    """Raises StaError for what cannot be listened to."""
    match = _VERSION.fullmatch(text)
    if match is None or len(text) > MOST_LENGTH or "#" in match[2]:
        raise NotSupported(text[:80], what=words("wildcards"))
    address, _, options = match[2].partition("?")
    resource = paths.parse(unquote(address))
    query = queries.parse(options)
    if query != Query(filter=query.filter, select=query.select, expand=query.expand):
        raise NotSupported(text[:80], what=words("options_of_topic"))
    if resource.last or (resource.names and query != Query()):
        ending = resource.last or words("options")
        raise NotSupported(text[:80], what=words("end_of_topic", ending=ending))
    steps = resource.steps
    if not resource.single and len(steps) > 1 and steps[-2].id is None:
        raise NotSupported(text[:80], what=words("set_below"))
    return Topic(match[1], resource, query)


@dataclass(eq=False)
class Watch:
    """One topic and who listens to it, with the QoS of each."""

    text: str
    topic: Topic
    sessions: dict[Session, int] = field(default_factory=dict)


class Watches:
    """All that is listened to. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, Watch] = {}
        self._streams: dict[int, list[Watch]] = {}
        self._every: list[Watch] = []
        """Those that hear of the observations of many datastreams."""
        self._entities: list[Watch] = []
        self.added: Callable[[], None] = lambda: None
        """Called when somebody begins to listen."""
        self.idle = True
        """Whether nobody listens; read without the lock on every stored batch."""

    def add(self, session: Session, text: str, qos: int) -> None:
        """Raises StaError."""
        with self._lock:
            watch = self._watches.get(text)
            if watch is None:
                watch = self._watches[text] = Watch(text, read(text))
                self._list(watch).append(watch)
            watch.sessions[session] = qos
            self.idle = False
        self.added()

    def remove(self, session: Session, text: str) -> None:
        with self._lock:
            watch = self._watches.get(text)
            if watch is None or watch.sessions.pop(session, None) is None or watch.sessions:
                return
            del self._watches[text]
            self._list(watch).remove(watch)
            stream = _stream(watch.topic)
            if stream and not self._streams[stream]:
                del self._streams[stream]
            self.idle = not self._watches

    def _list(self, watch: Watch) -> list[Watch]:
        if not watch.topic.observations:
            return self._entities
        stream = _stream(watch.topic)
        return self._streams.setdefault(stream, []) if stream else self._every

    def streams(self, numbers: Iterable[int]) -> list[tuple[int, list[Watch]]]:
        """Of some datastreams those that are listened to."""
        with self._lock:
            return [(n, list(self._streams[n])) for n in numbers if n in self._streams]

    @property
    def numbers(self) -> list[int]:
        """The datastreams that are listened to by themselves."""
        with self._lock:
            return list(self._streams)

    @property
    def every(self) -> list[Watch]:
        with self._lock:
            return list(self._every)

    @property
    def entities(self) -> list[Watch]:
        with self._lock:
            return list(self._entities)

    def listening(self, watch: Watch) -> list[tuple[Session, int]]:
        with self._lock:
            return list(watch.sessions.items())


def _stream(topic: Topic) -> int:
    """The datastream whose observations are listened to; 0 where it is not one."""
    steps = topic.resource.steps
    if len(steps) < 2 or steps[-2].type is FEATURE_OF_INTEREST:
        return 0
    return steps[-2].id or 0
