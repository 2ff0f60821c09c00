"""The channels against real servers on loopback: SMTP with and without TLS, HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.metadata import EntryPoint
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.notices.receiver import receiving
from yiwang.kernel.clock import SECOND, parse
from yiwang.kernel.settings import Settings
from yiwang.notices import addresses, keys
from yiwang.notices.addresses import resolved, target
from yiwang.notices.channels import requests, sms
from yiwang.notices.channels.email import Mail
from yiwang.notices.channels.port import AGAIN, REFUSED, TAKEN, Answer, Outgoing
from yiwang.notices.channels.sms import HttpGateway, Texts
from yiwang.notices.channels.webhook import Webhooks
from yiwang.notices.errors import BadAddress, BadGateway, BadNetworks, BadUrl, PrivateAddress
from yiwang.notices.keys import Keys

AT = parse("2026-07-01T08:00:00+08:00")
LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = Keys().secret(1, 1)


def message(to: str, **changed: Any) -> Outgoing:
    return replace(
        Outgoing("abc123", to, "案卷 812", "已办结。\n。", AT, "zh-CN", (SECRET,)), **changed
    )


# E-mail


class Box:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse = ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append(letter)
        return "250 OK"


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for localhost, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    whole = key.private_bytes(serialization.Encoding.PEM, kind, plain)
    file.write_bytes(whole + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(
        cadata=made.public_bytes(serialization.Encoding.PEM).decode()
    )
    return server, client


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> Any:
    good = isinstance(data, LoginPassword) and data.password == b"right"
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(box: Box, **options: Any) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def settings(port: int, **changed: Any) -> Settings:
    values: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_from": "城市运行中心 <notice@city.example>",
    }
    return Settings(**(values | changed))


def test_a_letter_arrives_as_it_was_written() -> None:
    box = Box()
    with mail_server(box) as port:
        answer = Mail(settings(port)).send(message("wang@home.example"))
    assert answer.outcome == TAKEN
    (letter,) = box.letters
    assert letter["subject"] == "案卷 812" and letter["to"] == "wang@home.example"
    assert letter["from"] == "城市运行中心 <notice@city.example>"
    assert letter["message-id"] == "<abc123@city.example>"
    assert letter["auto-submitted"] == "auto-generated"
    assert letter["date"] == "Wed, 01 Jul 2026 00:00:00 +0000"
    assert letter.get_content().replace("\r\n", "\n") == "已办结。\n。\n"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_over_tls_with_name_and_password(security: str, tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    box = Box()
    options: dict[str, Any] = {"authenticator": sign_in, "auth_required": True}
    if security == "tls":
        options |= {"ssl_context": server, "auth_require_tls": False}
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
    else:
        options |= {"tls_context": server, "require_starttls": True}
    with mail_server(box, **options) as port:
        given = settings(port, smtp_security=security, smtp_user="city", smtp_password="right")
        assert Mail(given, client).send(message("wang@home.example")).outcome == TAKEN
        wrong = Mail(replace(given, smtp_password="secret-word"), client)
        answer = wrong.send(message("wang@home.example"))
        assert answer.outcome == AGAIN and answer.down and "secret-word" not in answer.text
        strange = Mail(given).send(message("wang@home.example"))
        assert strange.outcome == AGAIN and "CERTIFICATE_VERIFY_FAILED" in strange.text
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("said", "outcome"), [("550 no such person", REFUSED), ("450 try later", AGAIN)]
)
def test_a_recipient_that_is_refused(said: str, outcome: str) -> None:
    box = Box()
    box.refuse = said
    with mail_server(box) as port:
        answer = Mail(settings(port)).send(message("nobody@home.example"))
    assert answer == Answer(outcome, said), "for this recipient only: the server is not down"


def test_an_address_that_cannot_stand_in_a_letter_holds_nothing_up() -> None:
    box = Box()
    with mail_server(box) as port:
        answer = Mail(settings(port)).send(message("a@b\r\nBcc: c@d.example"))
    assert answer.outcome == REFUSED and box.letters == []
    assert addresses.usable("a@b\r\nBcc: c@d.example", "+86 138") == ("", "+86138")


def test_a_mail_server_that_is_not_there() -> None:
    box = Box()
    with mail_server(box) as port:
        pass
    answer = Mail(settings(port)).send(message("wang@home.example"))
    assert answer.outcome == AGAIN and answer.down
    unset = Mail(Settings()).send(message("wang@home.example"))
    assert unset.outcome == AGAIN and unset.text == "smtp_host is not set"


@pytest.mark.parametrize(
    "changed", [{"smtp_security": "ssl"}, {"smtp_from": "nobody"}, {"smtp_from": ""}]
)
def test_mail_settings_that_cannot_work(changed: dict[str, str]) -> None:
    with pytest.raises(BadGateway):
        Mail(settings(25, **changed))


# Webhooks


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the specification's reference libraries are tested with."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = keys.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_gets_a_signed_event() -> None:
    old = Keys().secret(1, 1)
    with receiving() as there:
        sent = message(there.url, text='{"type":"case.close"}', secrets=(SECRET, old))
        answer = Webhooks(LOOPBACK).send(sent)
    assert answer == Answer(TAKEN, "200 ok")
    ((headers, body),) = there.got
    assert json.loads(body) == {"type": "case.close"}
    assert headers["webhook-id"] == "abc123"
    assert headers["webhook-timestamp"] == str(AT // SECOND)
    content = f"abc123.{AT // SECOND}.".encode() + body
    expected = []
    for secret in (SECRET, old):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(key, content, hashlib.sha256).digest()
        expected.append("v1," + base64.b64encode(mac).decode())
    assert headers["webhook-signature"] == " ".join(expected)


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wait", "gone"),
    [
        (204, {}, TAKEN, 0, False),
        (302, {"location": "http://127.0.0.1:1/"}, AGAIN, 0, False),
        (404, {}, AGAIN, 0, False),
        (410, {}, REFUSED, 0, True),
        (503, {"retry-after": "90"}, AGAIN, 90, False),
        (429, {"retry-after": "99999999"}, AGAIN, 21600, False),
    ],
)
def test_what_an_endpoint_answers(
    status: int, headers: dict[str, str], outcome: str, wait: int, gone: bool
) -> None:
    with receiving() as there:
        there.status, there.headers, there.body = status, headers, b""
        answer = Webhooks(LOOPBACK).send(message(there.url))
    assert (answer.outcome, answer.wait_s, answer.gone) == (outcome, wait, gone)
    assert len(there.got) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_an_endpoint_that_speaks_too_slowly_is_cut_off(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock of the whole request; where that is late, by the one of each step."""
    if not whole:
        monkeypatch.setattr(requests._Connection, "cut", lambda self: None)
    with receiving() as there:
        there.hangs = threading.Event()
        answer = Webhooks(LOOPBACK, timeout_s=0.2).send(message(there.url))
    assert answer.outcome == AGAIN and "no answer within 0.2 s" in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)  # fmt: skip
def test_no_webhook_leads_into_a_private_network(address: str) -> None:
    where = target("https://hook.example/x")
    with pytest.raises(PrivateAddress):
        resolved(where, (), lambda host, port: ["93.184.216.34", address])
    answer = Webhooks((), lookup=lambda host, port: [address]).send(message(where_url(where)))
    assert answer.outcome == REFUSED


def where_url(where: addresses.Target) -> str:
    return f"https://{where.host}{where.path}"


def test_public_addresses_and_allowed_networks_are_connected_to() -> None:
    where = target("https://hook.example/x")
    assert resolved(where, (), lambda host, port: ["93.184.216.34"]).address == "93.184.216.34"
    allowed = addresses.networks("10.1.0.0/16, fd00::/8")
    assert resolved(where, allowed, lambda host, port: ["10.1.2.3"]).address == "10.1.2.3"
    assert resolved(where, allowed, lambda host, port: ["fd00::1"]).address == "fd00::1"
    with pytest.raises(PrivateAddress):
        resolved(where, allowed, lambda host, port: ["10.2.2.3"])
    with pytest.raises(BadNetworks):
        addresses.networks("10.1.0.0/99")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/", "file:///etc/passwd", "http://", "https://u:p@a.example/", "a.example",
        "http://a.example/ b", "http://a.example:99999/", "http://a.example/\r\nX: 1", "http://例.cn/",
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        target(url)


@pytest.mark.parametrize("text", ["a b@c.example", "a@b\r\nBcc: c@d.example", "@b", "a@", "a@b@c"])
def test_what_is_no_email_address(text: str) -> None:
    with pytest.raises(BadAddress):
        addresses.email(text)


def test_phone_numbers() -> None:
    assert addresses.phone(" +86 138-0000-1234 ") == "+8613800001234"
    with pytest.raises(BadAddress):
        addresses.phone("138 call me")


# SMS


def test_an_sms_gateway_that_settings_describe() -> None:
    with receiving() as there:
        there.body = b'{"code": 0}'
        given = Settings(
            sms_url=there.url,
            sms_body='{"to": ["{phone}"], "content": "{text}", "ref": "{id}"}',
            sms_authorization="Bearer {key}",
            sms_key="k-e-y",
            sms_success=r'"code":\s*0\b',
        )
        gateway = HttpGateway(given)
        assert gateway.send("13800001234", '催办："812"\n{key}', "id1").outcome == TAKEN
        there.body = b'{"code": 17, "said": "k-e-y is not known"}'
        answer = gateway.send("13800001234", "x", "id1")
    headers, body = there.got[0]
    assert json.loads(body) == {
        "to": ["13800001234"],
        "content": '催办："812"\n{key}',
        "ref": "id1",
    }
    assert headers["authorization"] == "Bearer k-e-y"
    assert answer.outcome == AGAIN and "k-e-y" not in answer.text


def test_a_gateway_that_takes_a_form() -> None:
    with receiving() as there:
        there.status, there.body = 400, b"bad number"
        kind = "application/x-www-form-urlencoded"
        given = Settings(sms_url=there.url, sms_type=kind, sms_body="m={phone}&c={text}&k={key}")
        answer = HttpGateway(given).send("+86138", "a&b=c", "id")
    assert there.got[0][1] == b"m=%2B86138&c=a%26b%3Dc&k="
    assert answer == Answer(REFUSED, "400 bad number")


@pytest.mark.parametrize(
    "changed",
    [{"sms_url": "x"}, {"sms_body": "{phone}"}, {"sms_success": "("}, {"sms_adapter": "n"}],
)
def test_sms_settings_that_cannot_work(changed: dict[str, str]) -> None:
    with pytest.raises(BadGateway):
        Texts(Settings(**({"sms_url": "http://sms.example/"} | changed)))


class Modem:
    """A gateway as an installed package would bring it."""

    def __init__(self, settings: Settings) -> None:
        self.sent: list[str] = []

    def send(self, phone: str, text: str, id: str) -> Answer:
        return Answer(TAKEN, f"{phone} {text} {id}")


def test_an_installed_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("modem", "tests.notices.test_channels:Modem", sms.GROUP)
    monkeypatch.setattr(sms.metadata, "entry_points", lambda group: [entry])
    answer = Texts(Settings(sms_adapter="modem")).send(message("138", text="hi"))
    assert answer.text == "138 hi abc123"
    assert Texts(Settings()).send(message("138")).text == "sms_url is not set"


def test_the_key_of_a_home_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "notices.key"
    first = Keys(file).secret(1, 1)
    assert file.stat().st_mode & 0o777 == 0o600
    assert Keys(file).secret(1, 1) == first
    assert len({first, Keys(file).secret(1, 2), Keys(file).secret(2, 1), Keys().secret(1, 1)}) == 4
