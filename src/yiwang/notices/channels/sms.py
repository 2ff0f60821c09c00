"""SMS: a gateway that is described by settings, or an adapter that is installed."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable
from importlib import metadata
from urllib.parse import quote

from yiwang.kernel.settings import Settings
from yiwang.notices.addresses import target
from yiwang.notices.channels import requests
from yiwang.notices.channels.port import AGAIN, REFUSED, TAKEN, Answer, Outgoing, SmsGateway
from yiwang.notices.errors import BadGateway, BadUrl

GROUP = "yiwang.sms"
FIELDS = ("phone", "text", "id", "key")
_TIMEOUT_S = 15.0
_SHOWN = 200


class Texts:
    """The channel. Without a gateway nothing is lost: messages wait and say why."""

    def __init__(self, settings: Settings) -> None:
        """Raises BadGateway for settings that cannot work."""
        self._gateway: SmsGateway | None = None
        try:
            re.compile(settings.sms_receipt_arrived)
        except re.error as error:
            raise BadGateway("sms_receipt_arrived", problem=str(error)) from None
        if settings.sms_adapter:
            self._gateway = _installed(settings)
        elif settings.sms_url:
            self._gateway = HttpGateway(settings)

    def send(self, message: Outgoing) -> Answer:
        if self._gateway is None:
            return Answer(AGAIN, "sms_url is not set", down=True)
        return self._gateway.send(message.address, message.text, message.id)


class HttpGateway:
    """A gateway that takes a POST. ``sms_body`` is what it gets, with ``{phone}``, ``{text}``,
    ``{id}`` and ``{key}``, each written as the type of body demands; ``sms_success`` is a regular
    expression that its answer must hold (empty: status 2xx is enough)."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._target = target(settings.sms_url)
            self._success = re.compile(settings.sms_success)
            self._body = _pieces(settings.sms_body)
        except (BadUrl, re.error, ValueError) as error:
            raise BadGateway("sms_url, sms_body, sms_success", problem=str(error)) from None
        self._type = settings.sms_type
        self._key = settings.sms_key
        self._headers = {"content-type": f"{self._type}; charset=utf-8", "user-agent": "Yiwang"}
        if settings.sms_authorization:
            self._headers["authorization"] = settings.sms_authorization.replace("{key}", self._key)

    def send(self, phone: str, text: str, id: str) -> Answer:
        values = {"phone": phone, "text": text, "id": id, "key": self._key}
        write = _writer(self._type)
        body = "".join(
            before + (write(values[name]) if name else "") for before, name in self._body
        )
        try:
            response = requests.post(self._target, body.encode(), self._headers, _TIMEOUT_S)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(AGAIN, f"{type(error).__name__}: {error}"[:_SHOWN], down=True)
        said = f"{response.status} {' '.join(response.text.split())}"[:_SHOWN]
        if self._key:
            said = said.replace(self._key, "…")
        if 200 <= response.status < 300 and self._success.search(response.text):
            return Answer(TAKEN, said)
        if response.status in (400, 422):
            return Answer(REFUSED, said)
        return Answer(AGAIN, said, down=response.status >= 500 or response.status in (401, 403))


def _pieces(body: str) -> list[tuple[str, str]]:
    """Text and fields in turn. A brace of JSON is no field unless it holds one's name."""
    found, place = [], 0
    for match in re.finditer(r"\{(" + "|".join(FIELDS) + r")\}", body):
        found.append((body[place : match.start()], match.group(1)))
        place = match.end()
    found.append((body[place:], ""))
    names = {name for _, name in found}
    if not {"phone", "text"} <= names:
        raise ValueError("sms_body holds no {phone} or no {text}")
    return found


def _writer(kind: str) -> Callable[[str], str]:
    """How a value stands in a body of a type: without its quotes in JSON."""
    if kind == "application/json":
        return lambda value: json.dumps(value, ensure_ascii=False)[1:-1]
    if kind == "application/x-www-form-urlencoded":
        return lambda value: quote(value, safe="")
    return lambda value: value


def _installed(settings: Settings) -> SmsGateway:
    name = settings.sms_adapter
    found = {one.name: one for one in metadata.entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none is installed"
        raise BadGateway("sms_adapter", problem=f"{name!r}; {GROUP}: {known}")
    gateway: SmsGateway = found[name].load()(settings)
    return gateway
