"""One HTTP request to an address that was checked before: no redirects, no proxies, bounded in
time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.notices.addresses import Target

_MOST_ANSWER = 16 * 1024


@dataclass(frozen=True)
class Response:
    status: int
    text: str
    headers: Mapping[str, str]


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    trust: ssl.SSLContext | None = None,
) -> Response:
    """POST and read the answer's beginning. The whole takes ``timeout_s`` at most, however
    slowly the other end speaks. Raises OSError, http.client.HTTPException."""
    connection = _Connection(target, timeout_s, trust)
    end = threading.Timer(timeout_s, connection.cut)
    end.daemon = True
    end.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read(_MOST_ANSWER).decode("utf-8", "replace")
        if connection.late:  # what was cut off looks like the end of an answer
            raise TimeoutError
        return Response(answer.status, text, {k.lower(): v for k, v in answer.getheaders()})
    except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
        if connection.late or isinstance(error, TimeoutError):  # of the whole, or of one step
            raise TimeoutError(f"no answer within {timeout_s:g} s") from None
        raise
    finally:
        end.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Connects to the target's checked address and calls it by its name."""

    def __init__(self, target: Target, timeout_s: float, trust: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self._target = target
        self._trust = trust or ssl.create_default_context()
        self._raw: socket.socket | None = None
        self.late = False
        self.default_port = 443 if target.secure else 80

    def connect(self) -> None:
        where = (self._target.address or self._target.host, self._target.port)
        self.sock = self._raw = socket.create_connection(where, self.timeout)
        if self._target.secure:
            self.sock = self._trust.wrap_socket(self._raw, server_hostname=self._target.host)

    def cut(self) -> None:
        """Called from another thread when the time is over."""
        self.late = True
        for one in (self.sock, self._raw):
            try:
                if one is not None:
                    one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
