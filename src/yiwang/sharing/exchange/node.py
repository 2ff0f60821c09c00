"""The front-end node (前置机): runs at a department, reads its source, and pushes over HTTPS.

It opens connections and accepts none. It keeps nothing but its settings: how far it is, the
platform says. What is pushed twice is taken once.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec

from yiwang.kernel import documents
from yiwang.sharing.exchange import feeds, model
from yiwang.sharing.exchange.errors import BadPush, words
from yiwang.sharing.exchange.feeds import Part, Reading
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.nodes import Pushed, packed
from yiwang.sharing.sources import arrays
from yiwang.sharing.sources.errors import SourceUnreachable
from yiwang.sharing.sources.model import Shape, Source
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.reading import Reader
from yiwang.sharing.sources.vault import Vault

_TIMEOUT_S = 300.0
_AGAIN = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Settings:
    """What a node is told: ``platform`` (its address), ``job``, ``token``, the source, and how
    often it tries before it gives up."""

    platform: str
    job: str
    token: str
    kind: str
    options: dict[str, Any]
    table: str
    secret: str = ""
    tries: int = 8
    ca: str = ""
    """A file with the certificate of the platform's own authority; empty: the usual ones."""


@dataclass
class Node:
    """Pushes all rows of its table, from where the platform is."""

    settings: Settings
    pause: Callable[[float], None] = time.sleep
    watch: Callable[[str], None] = lambda step: None
    client: httpx.Client | None = None
    _client: httpx.Client = field(init=False)

    def run(self) -> dict[str, Any]:
        """One run, gone on with or new; what became of it. Raises what the source raises, and
        SourceUnreachable or BadPush where the platform does not take it."""
        self._client = self.client or self._connected()
        reader = self._opened()
        try:
            shape = reader.shape(self.settings.table, 0)
            return self._pushed(reader, shape)
        finally:
            reader.close()
            if self.client is None:
                self._client.close()

    def _pushed(self, reader: Reader, shape: Shape) -> dict[str, Any]:
        whole = {"columns": [msgspec.to_builtins(one) for one in shape.columns]}
        found = self._ask("", msgspec.json.encode(whole))
        spec = Spec(model.End(node=True), model.End(), batch=found["batch"])
        names = tuple(dict.fromkeys([*found["columns"], *shape.key]))
        job = Reading(reader, self.settings.table, shape, spec, names)
        number: int = found["batches"]
        for part in self._parts(job, number, found["after"]):
            self.watch("read")
            number += 1
            body = self._body(part, number, shape)
            self._ask(f"/{found['run']}", body)
            self.watch("pushed")
        whole["batches"] = number  # type: ignore[assignment]
        return self._ask(f"/{found['run']}/end", msgspec.json.encode(whole))

    def _parts(self, job: Reading, number: int, after: Any) -> Iterator[Part]:
        """Those that the platform has not: behind ``after``, or after so many of a file."""
        if job.ordered:
            return feeds.parts(job, after if number else None)
        return islice(feeds.parts(job, None), number, None)

    def _body(self, part: Part, number: int, shape: Shape) -> bytes:
        pushed = Pushed(number, part.after, tuple(part.unread))
        empty = part.batch is None
        batch = _nothing(shape) if empty else part.batch
        return packed(pushed, batch, list(shape.columns))

    def _ask(self, path: str, body: bytes) -> dict[str, Any]:
        """Ask until there is an answer; whether the last one was lost does not matter."""
        url = f"/api/sharing/exchange/{self.settings.job}/pushes{path}"
        reason = ""
        for tries in range(1, self.settings.tries + 1):
            try:
                answer = self._client.post(url, content=body)
                if answer.status_code not in _AGAIN:
                    return self._taken(answer)
                reason = f"HTTP {answer.status_code}"
            except httpx.TransportError as error:
                reason = f"{type(error).__name__} {error}"
                if "CERTIFICATE_VERIFY_FAILED" in reason:  # no waiting makes it better
                    break
            if tries < self.settings.tries:
                self.pause(model.pause(tries))
        raise SourceUnreachable(self.settings.platform, reason=reason)

    def _taken(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            body = msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            body = {}
        if answer.status_code // 100 == 2 and isinstance(body, dict):
            return body
        problem = str(body.get("title") or f"HTTP {answer.status_code}").rstrip(".。")
        raise BadPush(self.settings.platform, job=self.settings.job, problem=problem)

    def _connected(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.settings.token}", "accept-language": "en"}
        return httpx.Client(
            base_url=self.settings.platform,
            headers=headers,
            timeout=_TIMEOUT_S,
            verify=self._trust(),
        )

    def _trust(self) -> ssl.SSLContext:
        given = self.settings
        try:
            return ssl.create_default_context(cafile=given.ca or None)
        except OSError as error:  # ssl.SSLError is one
            problem = f"ca: {given.ca}: {error.strerror or error}"
            raise BadPush(given.platform, job=given.job, problem=problem) from error

    def _opened(self) -> Reader:
        vault, given = Vault(), self.settings
        if given.secret:
            vault.put("source", given.secret)
        secret = bool(given.secret)
        source = Source(0, "source", "", None, given.kind, given.options, secret)
        return Sources(vault).open(source)


def _nothing(shape: Shape) -> Any:
    return arrays.batch_of([], shape.columns)


def read(file: Path, environ: dict[str, str]) -> Settings:
    """Settings of a node from YAML; token and secret may stand in files (``token_file``) or in
    the environment (YIWANG_NODE_TOKEN, YIWANG_NODE_SECRET). Raises DocumentError, BadPush."""
    section = documents.load(file)
    source = section.section("source")
    made = Settings(
        platform=section.text("platform"),
        job=section.text("job"),
        token=_secret(section, "token", environ),
        kind=source.text("kind"),
        options=source.raw("options"),
        table=source.text("table"),
        secret=_secret(source, "secret", environ),
        tries=section.take("tries", int, 8),
        ca=section.text("ca", ""),
    )
    source.finish()
    section.finish()
    if not made.platform.startswith("https://") and not _local(made.platform):
        raise BadPush(section.place("platform"), job=made.job, problem=words("https"))
    return made


def _local(url: str) -> bool:
    return httpx.URL(url).host in ("127.0.0.1", "::1", "localhost")


def _secret(section: Any, name: str, environ: dict[str, str]) -> str:
    given: str = section.text(name, "")
    file: str = section.text(f"{name}_file", "")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            problem = f"{file}: {error.strerror}"
            raise BadPush(section.place(f"{name}_file"), job="", problem=problem) from error
    return given or environ.get(f"YIWANG_NODE_{name.upper()}", "")
