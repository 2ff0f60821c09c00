"""A client that others published (georeport, on PyPI) against a server of our own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
import uvicorn
from georeport import GeoReport

from tests.cases.open311.conftest import POTHOLE, Client


@pytest.fixture
def address(client: Client) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(client.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/open311/v2"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_client_reads_everything(client: Client, address: str, form: str) -> None:
    numbers = [
        client.report(),
        client.report(lat="39.2"),
        client.report(service_code="city.secret"),
    ]
    theirs = GeoReport(address, jurisdiction="city.example", output_format=form)
    listed = {one["service_code"]: one["service_name"] for one in theirs.get_service_list()}
    assert listed["city.pothole"] == "路面坑洞"
    definition = theirs.get_service_definition("city.pothole")
    assert definition["service_code"] == "city.pothole"
    found = theirs.get_service_requests(service_code="city.pothole", status="open")
    assert [one["service_request_id"] for one in found] == numbers[1::-1]
    assert theirs.get_service_request(numbers[0])["service_name"] == "路面坑洞"
    with pytest.raises(requests.HTTPError, match="404"):
        theirs.get_service_request(numbers[2])
    wrong = GeoReport(address, jurisdiction="elsewhere.example", output_format=form)
    with pytest.raises(requests.HTTPError, match="404"):
        wrong.get_service_list()


def test_a_form_sent_by_a_program_of_its_own(client: Client, address: str) -> None:
    data = POTHOLE | {"api_key": client.keys["app"], "jurisdiction_id": "city.example"}
    made = requests.post(f"{address}/requests.json", data=data, timeout=30)
    assert made.status_code == 201 and made.json()[0]["service_request_id"] == "1"
