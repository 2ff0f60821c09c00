"""Writes the reference pages docs/configuration.md and docs/api.md from the code.

``python tools/reference.py`` writes them; a test compares them with what it would write.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from starlette.routing import Route

from yiwang import app
from yiwang.kernel import text
from yiwang.kernel.settings import RANGES, Settings
from yiwang.security.actions import ACTIONS, Action

DOCS = Path(__file__).parent.parent / "docs"
_CALLS = ("run", "change")
"""How actions are called, of whatever module or thread."""
_BY_FUNCTION = {entry.function: entry for entry in ACTIONS.values()}


def configuration() -> str:
    """The page of settings."""
    lines = [
        "# Settings",
        "",
        "Written by `tools/reference.py` from `kernel/settings.py`; a test holds it to the code.",
        "",
        "A value comes from, in falling order: the command line (where the command has such an",
        "option), the environment (`YIWANG_MQTT_PORT`), `yiwang.yaml` in the home folder, the",
        "default. `yiwang doctor` prints where each came from. A name that is not in this table",
        "stops the start.",
        "",
        "| setting | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for field in fields(Settings):
        value = getattr(Settings(), field.name)
        meaning = text.find(f"kernel.setting.{field.name}", "en")
        assert meaning, f"kernel.setting.{field.name} has no text"
        shown = f"`{value}`" if str(value) else "empty"
        kind = "path" if isinstance(value, Path) else type(value).__name__
        if field.name in RANGES:
            kind += " {}–{}".format(*RANGES[field.name])
        lines.append(f"| `{field.name}` | {kind} | {shown} | {meaning} |")
    lines += [
        "",
        "`home` is given with `--home` or `YIWANG_HOME`; it cannot stand in its own file.",
    ]
    return "\n".join(lines) + "\n"


def api() -> str:
    """The page of HTTP routes."""
    lines = [
        "# HTTP routes",
        "",
        "Written by `tools/reference.py` from the route tables; a test holds it to the code.",
        "",
        "Who asks is known by the session cookie (unsafe methods then need the header",
        "`X-Yiwang: 1`), by `Authorization: Bearer TOKEN`, or by a device's name and secret",
        "(Basic). What is taken back here counts no more at once; what a command takes back beside",
        "the running platform, within ten seconds. Errors are `application/problem+json` with",
        "`type` (the code), `title`, `status`,",
        "`detail` (what to do), `where` and `fields`, in the language of `Accept-Language`. Lists",
        "are `{items, next}`; `?after=` takes the cursor in `next`, `?limit=` how many.",
        "SensorThings has [a page of its own](sensorthings.md). A role has the permissions that",
        "`security/model.py` lists.",
        "",
        "| method | path | permission | about |",
        "|---|---|---|---|",
    ]
    for route in app.routes():
        assert isinstance(route, Route)
        found = list(_actions(_plain(route.endpoint)))
        permissions = ", ".join(dict.fromkeys(f"`{one.permission}`" for one in found))
        about = _about(_plain(route.endpoint), found)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            path = route.path.replace("|", "\\|")
            lines.append(f"| {method} | `{path}` | {permissions} | {about} |")
    return "\n".join(lines) + "\n"


def _plain(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    return endpoint


def _actions(handler: Callable[..., Any]) -> Iterator[Action]:
    """The actions that a handler names, in their order."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(_, name), [_, *_]) if name in _CALLS:
                pass
            case _:
                continue
        function: Any = handler.__globals__  # type: ignore[attr-defined]
        for name in ast.unparse(node.args[0]).split("."):
            function = (
                function.get(name) if isinstance(function, dict) else getattr(function, name, None)
            )
        entry = _BY_FUNCTION.get(getattr(function, "__wrapped__", None))
        if entry is not None:
            yield entry


def _about(handler: Callable[..., Any], found: list[Action]) -> str:
    told = [handler.__doc__, *(one.function.__doc__ for one in found)]
    first = next((one for one in told if one), "")
    paragraph = " ".join(inspect.cleandoc(first).split("\n\n")[0].split())
    return paragraph.partition(" Raises ")[0].replace("|", "\\|")


PAGES = {"configuration.md": configuration, "api.md": api}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
