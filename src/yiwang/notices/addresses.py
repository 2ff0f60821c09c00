"""Where messages may go: e-mail addresses, phone numbers, URLs that lead to no private place."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from yiwang.notices.errors import BadAddress, BadNetworks, BadUrl, PrivateAddress

Networks = tuple[IPv4Network | IPv6Network, ...]
Lookup = Callable[[str, int], list[str]]

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,189}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
)
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def email(text: str) -> str:
    """An address that can stand in a header (RFC 5322's common part). Raises BadAddress."""
    found = text.strip()
    if found and not _EMAIL.fullmatch(found):
        raise BadAddress("email", value=found[:80], what="email")
    return found


def usable(email_: str, phone_: str) -> tuple[str, str]:
    """What somebody else wrote down as their address, without what cannot be one."""
    found = []
    for read, text in ((email, email_), (phone, phone_)):
        try:
            found.append(read(text))
        except BadAddress:
            found.append("")
    return found[0], found[1]


def phone(text: str) -> str:
    """Digits, with a plus sign where the country is given. Raises BadAddress."""
    found = re.sub(r"[\s()-]", "", text)
    if found and not _PHONE.fullmatch(found):
        raise BadAddress("phone", value=text[:40], what="phone")
    return found


def networks(text: str) -> Networks:
    """``10.1.0.0/16, 192.168.7.0/24``. Raises BadNetworks."""
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise BadNetworks("webhook_networks", value=part, problem=str(error)) from None
    return tuple(found)


@dataclass(frozen=True)
class Target:
    """An endpoint: ``address`` is the checked address to connect to, ``host`` what it is called."""

    secure: bool
    host: str
    port: int
    path: str
    address: str = ""


def target(url: str) -> Target:
    """The parts of an http(s) URL. Raises BadUrl."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("url", url=url[:200]) from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= 500
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not plain:
        raise BadUrl("url", url=url[:200])
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port or (443 if secure else 80), path)


def resolved(wanted: Target, private: Networks, lookup: Lookup | None = None) -> Target:
    """The target with the address to connect to, looked up once: what is checked is what is
    connected to. Raises PrivateAddress where any of its addresses is neither public nor in one
    of the networks that are allowed, OSError where the name is not known."""
    found = (lookup or _addresses)(wanted.host, wanted.port)
    if not found:
        raise OSError(f"{wanted.host} has no address")
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not _public(address) and not any(address in one for one in private):
            raise PrivateAddress(wanted.host, host=wanted.host, address=str(address))
    return Target(wanted.secure, wanted.host, wanted.port, wanted.path, found[0])


def _public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the Internet could reach it; what wraps an IPv4 address is as that."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _public(inner)
    return address.is_global and not address.is_multicast


def literal(host: str, port: int) -> list[str]:
    """A look-up that asks nobody: knows addresses, and the names of this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1"]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        raise OSError(f"{host} is a name") from None


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
