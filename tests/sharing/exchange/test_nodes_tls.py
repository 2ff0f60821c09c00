"""A front-end node and the platform over real TLS, with an authority of the district's own."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette

from tests.sharing.exchange.conftest import Yard
from yiwang.sharing.exchange import http
from yiwang.sharing.exchange.errors import BadPush
from yiwang.sharing.exchange.node import Node, Settings
from yiwang.sharing.sources.errors import SourceUnreachable
from yiwang.web.errors import HANDLERS

DAY = timedelta(days=1)
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_SIGNS = x509.KeyUsage(**{use: use == "key_cert_sign" for use in _USES})


class Authority:
    """Signs certificates as RFC 5280 wants them, which Python from 3.13 on insists on; ``file``
    is what a node is given to trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "district")])
        made = self._unsigned(self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_SIGNS, critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))

    def server(self, address: str) -> Path:
        """A file with the key and the certificate of a server at ``address``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "platform")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = self._unsigned(name, key.public_key()).add_extension(names, critical=False)
        kept = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = self._folder / f"{address}.pem"
        file.write_bytes(kept + _pem(made.sign(self._key, hashes.SHA256())))
        return file

    def _unsigned(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(by, critical=False)
        )


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def settings(lite: Yard, authority: Authority) -> Iterator[Settings]:
    """Of a node beside a platform that listens with TLS, and a job for it."""
    lite.fill("lite", 1, 25)
    ends = {"from": {"node": True}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job(**ends, organisation=7, batch=10)
    inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = lite.caller("data_steward", 7)
        await inner(scope, receive, send)

    file = str(authority.server("127.0.0.1"))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ssl_certfile=file)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        options = {"path": str(lite.folder / "lite.db")}
        yield Settings(url, "job", "token", "sqlite", options, "people", ca=str(authority.file))
        server.should_exit = True
        thread.join()


def test_rows_come_over_tls_and_no_other_authority_is_believed(
    settings: Settings, lite: Yard, tmp_path: Path
) -> None:
    told = Node(settings).run()
    assert told["state"] == "done" and told["compared"]["same"] is True
    assert lite.datasets.count("people") == 25
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other").file
    for ca in (str(other), ""):
        waits: list[float] = []
        with pytest.raises(SourceUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            Node(replace(settings, ca=ca), pause=waits.append).run()
        assert waits == []
    for name, words in (("nowhere.pem", "No such file"), ("lite.db", "ca: ")):
        with pytest.raises(BadPush, match=words):
            Node(replace(settings, ca=str(lite.folder / name))).run()


def test_a_name_that_is_not_the_certificates_is_refused(settings: Settings) -> None:
    elsewhere = settings.platform.replace("127.0.0.1", "localhost")
    with pytest.raises(SourceUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Node(replace(settings, platform=elsewhere)).run()
