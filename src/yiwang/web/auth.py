"""Who is asking: session cookie, bearer token or device credential, on every request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.kernel.clock import Clock
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import ForgedRequest, SignInNeeded
from yiwang.security.model import ANONYMOUS, Identity
from yiwang.store.database import Database
from yiwang.web import calls
from yiwang.web.errors import answer

COOKIE = "yiwang"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_BY_LINK = ("/api/notices/unsubscribe",)
"""Where the signature of a link counts and no session, so that a plain form may post there."""
_REMEMBERED = 10.0
"""Seconds for which a proven secret is believed without asking the database again, so that what
another process takes back (``yiwang user …``) counts no later than that."""


class Authentication:
    """ASGI middleware: puts a Caller into ``request.state.caller``.

    A request without credentials acts as ANONYMOUS, which may do nothing that is not open to
    everybody; wrong credentials are refused at once.
    """

    def __init__(
        self, app: ASGIApp, database: Database, clock: Clock, ports: Mapping[type, Any]
    ) -> None:
        self._app = app
        self._database = database
        self._clock = clock
        self._ports = ports
        self._proven: dict[tuple[str, str], tuple[float, Identity]] = {}
        self._ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            identity = await self._identify(scope)
        except (SignInNeeded, ForgedRequest) as error:
            await answer(Request(scope, receive), error)(scope, receive, send)
            return
        client = scope.get("client")
        origin = client[0] if client else ""
        caller = Caller(identity, self._database, self._clock, self._ports, origin)
        scope.setdefault("state", {})["caller"] = caller
        scope["state"]["authentication"] = self
        await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Identity:
        for name, given in scope["headers"]:
            if name == b"authorization":
                scheme, _, value = given.decode("latin-1").partition(" ")
                if scheme:
                    return await self._prove(scope, scheme.lower(), value.strip())
                break
        request = Request(scope)
        key = request.cookies.get(COOKIE)
        if not key or request.url.path in _BY_LINK:
            return ANONYMOUS
        identity = await self._remembered("session", key)
        if identity is None:
            return ANONYMOUS
        if request.method not in _SAFE and request.headers.get("x-yiwang") != "1":
            raise ForgedRequest(request.url.path)
        return identity

    async def _prove(self, scope: Scope, scheme: str, value: str) -> Identity:
        identity = await self._remembered(scheme, value)
        if identity is None:
            raise SignInNeeded(Request(scope).url.path)
        return identity

    async def _remembered(self, scheme: str, value: str) -> Identity | None:
        now = self._clock.monotonic()
        held = self._proven.get((scheme, value))
        if held is not None and held[0] > now:
            return held[1]
        ended = self._ended
        identity = await calls.run(self._look_up, scheme, value)
        if identity is not None and ended == self._ended:
            if len(self._proven) > 10_000:
                self._proven.clear()
            self._proven[(scheme, value)] = (now + _REMEMBERED, identity)
        return identity

    def ask_anew(self) -> None:
        """Secrets were taken back: believe none without asking the database."""
        self._ended += 1
        self._proven.clear()

    def forget(self, key: str) -> None:
        """A session ended: believe its key no longer."""
        self._proven.pop(("session", key), None)

    def _look_up(self, scheme: str, value: str) -> Identity | None:
        now = self._clock.now()
        if scheme == "session":
            return accounts.by_session(self._database, now, value)
        if scheme == "bearer":
            return accounts.by_token(self._database, now, value)
        if scheme == "basic":
            return self._basic(now, value)
        return None

    def _basic(self, now: int, value: str) -> Identity | None:
        """A device by name and secret, or a person by name and token: clients that know
        nothing but Basic send the token as the password."""
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        found = accounts.device(self._database, name, password)
        if found is not None:
            return found.identity
        person = accounts.by_token(self._database, now, password)
        return person if person is not None and person.name == name else None


def secrets_ended(request: Request) -> None:
    """To be called by whoever has taken secrets back: in this process they count at once."""
    held: Authentication | None = getattr(request.state, "authentication", None)
    if held is not None:
        held.ask_anew()
