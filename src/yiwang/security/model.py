"""Who acts, and what they may do: pure logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache


@dataclass(frozen=True)
class Identity:
    """Somebody or something that acts.

    ``kind``: user, device, token, system or anonymous. ``scopes`` narrow what the roles allow
    (None: not narrowed). ``organisation`` and ``grids`` bound the cases a person handles.
    """

    kind: str
    id: int
    name: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    organisation: int | None = None
    grids: frozenset[int] = frozenset()

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.name}"


ANONYMOUS = Identity("anonymous", 0, "anonymous", frozenset({"anonymous"}))


def system(name: str) -> Identity:
    """The platform itself acting, for example as ``system("rules")``."""
    return Identity("system", 0, name, frozenset({"system"}))


ROLES: Mapping[str, frozenset[str]] = {
    "administrator": frozenset({"*"}),
    "system": frozenset({"*"}),
    "command_centre": frozenset(
        {
            "registry.read",
            "registry.write",
            "sensing.read",
            "sensing.maintain",
            "sensing.command",
            "rules.read",
            "rules.tune",
            "cases.*",
            "packs.read",
            "console.view",
            "notices.own",
            "notices.read",
        }
    ),
    "department_handler": frozenset(
        {
            "registry.read",
            "sensing.read_own",
            "sensing.maintain",
            "rules.read",
            "cases.read",
            "cases.read_own",
            "cases.report",
            "cases.handle",
            "cases.assess",
            "console.view",
            "notices.own",
        }
    ),
    "department_head": frozenset(
        {
            "registry.read",
            "sensing.read_own",
            "sensing.maintain",
            "rules.read",
            "cases.read",
            "cases.read_own",
            "cases.report",
            "cases.handle",
            "cases.assess",
            "cases.assess_persons",
            "cases.write_articles",
            "console.view",
            "notices.own",
        }
    ),
    "grid_worker": frozenset(
        {
            "registry.read",
            "sensing.read_own",
            "rules.read",
            "cases.read",
            "cases.read_own",
            "cases.report",
            "cases.handle",
            "cases.assess",
            "cases.verify",
            "console.view",
            "notices.own",
        }
    ),
    "hotline_operator": frozenset(
        {
            "registry.read",
            "cases.read",
            "cases.read_own",
            "cases.report",
            "cases.hotline",
            "console.view",
            "notices.own",
        }
    ),
    "telephone_system": frozenset({"cases.ring"}),
    "data_bureau": frozenset(
        {"registry.read", "sharing.*", "console.view", "notices.own", "notices.read"}
    ),
    "data_steward": frozenset(
        {
            "registry.read",
            "sharing.read",
            "sharing.compile",
            "sharing.provide",
            "sharing.request",
            "sharing.use",
            "console.view",
            "notices.own",
        }
    ),
    "data_system": frozenset({"sharing.use"}),
    "data_node": frozenset({"sharing.push"}),
    "auditor": frozenset(
        {
            "registry.read",
            "sensing.read",
            "rules.read",
            "cases.read",
            "cases.read_own",
            "cases.assess",
            "cases.assess_all",
            "packs.read",
            "sharing.read",
            "sharing.audit",
            "security.audit",
            "console.view",
            "notices.own",
            "notices.read",
        }
    ),
    "citizen": frozenset(
        {
            "registry.read_opened",
            "cases.report",
            "cases.read_own",
            "sensing.read_opened",
            "sharing.read_opened",
            "notices.own",
        }
    ),
    "device": frozenset({"sensing.write_own", "sensing.read_opened", "cases.read_opened"}),
    "anonymous": frozenset(
        {"sensing.read_opened", "cases.read_opened", "sharing.read_opened", "notices.answer"}
    ),
}
"""Deny by default: a role may do what stands here and nothing else. ``*`` matches any name."""

WIDER: Mapping[str, tuple[str, ...]] = {
    "registry.read_opened": ("registry.read",),
    "sensing.read_own": ("sensing.read",),
    "sensing.read_opened": ("sensing.read_own", "sensing.read"),
    "cases.read_opened": ("cases.read_own", "cases.read"),
    "sharing.read_opened": ("sharing.read",),
    "sharing.push": ("sharing.provide",),
}
"""Who may do the wider thing may do the narrower."""


def allowed(identity: Identity, permission: str) -> bool:
    """Whether one of the identity's roles, within its scopes, holds the permission."""
    return _allowed(identity.roles, identity.scopes, permission)


@lru_cache(maxsize=4096)
def _allowed(roles: frozenset[str], scopes: frozenset[str] | None, permission: str) -> bool:
    if not any(_covers(ROLES.get(role, frozenset()), permission) for role in roles):
        return False
    return scopes is None or _covers(scopes, permission)


def _covers(patterns: frozenset[str], permission: str) -> bool:
    names = (permission, *WIDER.get(permission, ()))
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
