"""Secrets of devices that are taken back: in this process they count no more at once."""

from __future__ import annotations

import base64

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.sensing.fleet.conftest import KIND, meters
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import importing
from yiwang.sensing.fleet.http import routes
from yiwang.sensing.runtime import Sensing
from yiwang.web import errors
from yiwang.web.auth import Authentication


async def _who(request: Request) -> Response:
    return Response(request.state.caller.identity.label)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("1/retire", {"why": "broken"}),
        ("1/replace", {"why": "worn out"}),
        ("credentials", {"things": [1]}),
        ("credentials/revoke", {"things": [1]}),
    ],
)
def test_a_device_whose_secret_is_taken_back_is_refused_at_once(
    by: Caller, sensing: Sensing, path: str, body: dict[str, object]
) -> None:
    (_, name, secret) = importing.import_devices(by, KIND, meters(1), True).credentials[0]
    sensing.changed()
    accounts.add_user(by, "ann", "a long password", ["administrator"])
    admin = {"authorization": f"Bearer {accounts.add_token(by, 'ann', 'test')}"}
    own = {"authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}
    pages = [*routes(), Route("/who", _who)]
    app = Starlette(routes=pages, exception_handlers=errors.HANDLERS)
    with TestClient(Authentication(app, by.database, by.clock, by.ports)) as client:
        assert client.get("/who", headers=own).status_code == 200
        assert client.post(f"/api/devices/{path}", json=body, headers=admin).status_code < 300
        assert client.get("/who", headers=own).status_code == 401
