"""Webhooks: a signed POST of an event, after Standard Webhooks 1.0."""

from __future__ import annotations

import http.client

from yiwang.notices import keys
from yiwang.notices.addresses import Lookup, Networks, resolved, target
from yiwang.notices.channels import requests
from yiwang.notices.channels.port import AGAIN, REFUSED, TAKEN, Answer, Outgoing
from yiwang.notices.errors import BadUrl, PrivateAddress

TIMEOUT_S = 15.0
_LONGEST_WAIT_S = 6 * 3600
_SHOWN = 200


class Webhooks:
    """The channel. Only 2xx is taken; 410 says that nothing is wanted any more; a redirect is
    not followed, for it could lead anywhere."""

    def __init__(
        self, private: Networks = (), timeout_s: float = TIMEOUT_S, lookup: Lookup | None = None
    ) -> None:
        self._private = private
        self._timeout_s = timeout_s
        self._lookup = lookup

    def send(self, message: Outgoing) -> Answer:
        body = message.text.encode()
        headers = {
            "content-type": "application/json",
            "user-agent": "Yiwang",
            **keys.headers(list(message.secrets), message.id, message.at, body),
        }
        try:
            where = resolved(target(message.address), self._private, self._lookup)
            response = requests.post(where, body, headers, self._timeout_s)
        except (BadUrl, PrivateAddress) as error:
            return Answer(REFUSED, error.what("en"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(AGAIN, f"{type(error).__name__}: {error}"[:_SHOWN], down=True)
        return _answer(response)


def _answer(response: requests.Response) -> Answer:
    text = f"{response.status} {' '.join(response.text.split())}".strip()[:_SHOWN]
    if 200 <= response.status < 300:
        return Answer(TAKEN, text)
    if response.status == 410:
        return Answer(REFUSED, text, gone=True)
    wait = response.headers.get("retry-after", "")
    return Answer(AGAIN, text, min(int(wait), _LONGEST_WAIT_S) if wait.isdigit() else 0, True)
