"""Settings, declared once with type, default and text.

A value comes from, in falling order: the command line, the environment (``YIWANG_MQTT_PORT``),
``yiwang.yaml`` in the home folder, the default. ``yiwang doctor`` prints where each came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from yiwang.kernel import documents
from yiwang.kernel.errors import Kind, YiwangError


class BadSetting(YiwangError):
    code: ClassVar[str] = "kernel.bad_setting"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownSetting(YiwangError):
    code: ClassVar[str] = "kernel.unknown_setting"
    kind: ClassVar[Kind] = Kind.INVALID


@dataclass(frozen=True)
class Settings:
    """Every setting of the platform. The texts are under ``kernel.setting.<name>``."""

    home: Path = Path("yiwang-home")
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    """The address at which clients reach this platform, such as ``https://district.example``:
    links in MQTT messages begin with it. Empty: ``http://host:port``."""
    mqtt_port: int = 1883
    """Port of the embedded MQTT listener; 0 switches it off."""
    mqtt_broker: str = ""
    """An external broker, ``host:port``; empty means none."""
    mqtt_share: str = "yiwang"
    """Name of the shared subscription at the external broker."""
    hj212_port: int = 0
    """Port of the listener for HJ 212 (pollution sources); 0 switches it off."""
    jt808_port: int = 0
    """Port of the listener for JT/T 808 (vehicle terminals); 0 switches it off."""
    sl651_port: int = 0
    """Port of the listener for SL 651 (hydrology), TCP and UDP; 0 switches it off."""
    gb26875_port: int = 0
    """Port of the listener for GB/T 26875.3 (fire protection), TCP and UDP; 0 switches it off."""
    coap_port: int = 0
    """Port of the listener for CoAP, UDP; 0 switches it off."""
    modbus_networks: str = ""
    """Private networks in which devices are polled over Modbus TCP; empty: none are."""
    adapter_ports: str = ""
    """Ports of adapters that are not built in: ``name=port, …``."""
    database: str = ""
    """SQLAlchemy URL; empty means ``yiwang.db`` in the home folder."""
    time_zone: str = "Asia/Shanghai"
    language: str = "zh-CN"
    city_name: str = ""
    outward: str = "rehearse"
    """off | rehearse | live: whether messages leave the system."""
    session_hours: int = 12
    """How long a signed-in browser stays signed in, by the platform's clock."""
    future_tolerance_s: int = 300
    """Observations further ahead of the clock than this are rejected."""
    past_tolerance_days: int = 400
    """Observations older than this are rejected."""
    hot_rows: int = 2_000_000
    """Observations kept in the hot part before closed hours are rewritten into segments."""

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'yiwang.db'}"


def load(
    home: Path, given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, dict[str, str]]:
    """The settings of one home and, for each, where its value came from.

    Raises BadSetting for a value of the wrong type, UnknownSetting for a name not declared,
    DocumentError for a file that is no YAML mapping.
    """
    file = home / "yiwang.yaml"
    known = {item.name: item for item in fields(Settings)}
    written = _written(file, known)
    values: dict[str, Any] = {"home": home}
    sources = {name: "default" for name in known} | {"home": "given"}
    layers: list[tuple[str, Mapping[str, Any]]] = [
        (str(file), written),
        ("environment", _from_environment(environ or {}, known)),
        ("given", {name: value for name, value in (given or {}).items() if value is not None}),
    ]
    for source, layer in layers:
        for name, value in layer.items():
            values[name] = _typed(name, value, known[name].default, source)
            sources[name] = source
    return Settings(**values), sources


def _written(file: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the home's file, where there is one."""
    if not file.is_file():
        return {}
    section = documents.load(file)
    names = section.keys()
    for name in names:
        if name not in known or name == "home":
            listed = ", ".join(sorted(set(known) - {"home"}))
            raise UnknownSetting(section.place(name), name=name, known=listed)
    return {name: section.raw(name) for name in names}


def _from_environment(environ: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    names = {f"YIWANG_{name.upper()}": name for name in known if name != "home"}
    return {names[key]: value for key, value in environ.items() if key in names}


def _typed(name: str, value: Any, default: Any, source: str) -> Any:
    wanted = type(default)
    if isinstance(default, Path):
        return Path(value)
    try:
        if wanted is int and not isinstance(value, bool):
            return int(value)
        if wanted is str and isinstance(value, (str, int)):
            return str(value)
    except ValueError:
        pass
    raise BadSetting(source, name=name, value=value, type=wanted.__name__)
