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


class SettingOutOfRange(YiwangError):
    code: ClassVar[str] = "kernel.setting_out_of_range"
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
    mqtt_connections: int = 300_000
    mqtt_connections_per_address: int = 20_000
    """Gateways, carriers and load balancers share an address."""
    mqtt_packet_bytes: int = 256 * 1024
    mqtt_packets_per_s: int = 20_000
    mqtt_window: int = 2000
    mqtt_connect_s: int = 10
    mqtt_packet_s: int = 120
    mqtt_unread_s: int = 60
    mqtt_keep_alive_s: int = 3600
    mqtt_session_s: int = 24 * 3600
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
    field_connections: int = 0
    """Limits of every listener of a field protocol; 0: as the protocol's adapter has it."""
    field_connections_per_address: int = 0
    field_frames_per_s: int = 0
    field_first_frame_s: int = 0
    field_frame_s: int = 0
    field_idle_s: int = 0
    field_unread_s: int = 0
    database: str = ""
    """SQLAlchemy URL; empty means ``yiwang.db`` in the home folder."""
    datasets: str = ""
    """SQLAlchemy URL of the tables kept for shared resources; empty: ``datasets.db`` at home."""
    time_zone: str = "Asia/Shanghai"
    language: str = "zh-CN"
    city_name: str = ""
    voice_input: int = 0
    """1: people may speak into text fields where their browser can turn speech into text; some
    browsers send it to their makers. 0: no."""
    open311_jurisdiction: str = ""
    """The jurisdiction_id of this city for Open311; empty: any is taken."""
    open311_contact: str = ""
    """Whom developers ask, as the Open311 discovery document says it."""
    outward: str = "rehearse"
    """off | rehearse | live: whether messages leave the system."""
    outward_channels: str = ""
    """Channels that differ from ``outward``: ``email=live, sms=off``."""
    notices_per_hour: int = 30
    """E-mails and SMS each to one recipient within an hour; 0: no limit."""
    notices_days: int = 180
    """How long notices are kept after they ended."""
    webhook_networks: str = ""
    """Private networks to which webhooks may lead; empty: none."""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    """starttls | tls | none."""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    sms_url: str = ""
    """The SMS gateway, reached by POST; empty: none."""
    sms_type: str = "application/json"
    sms_body: str = '{"phone": "{phone}", "text": "{text}", "id": "{id}"}'
    sms_authorization: str = ""
    sms_key: str = ""
    sms_success: str = ""
    sms_adapter: str = ""
    sms_receipt_key: str = ""
    """What the gateway's receipts of delivery must bring; empty: none are taken."""
    sms_receipt_secret: str = "key"
    """Field in which they bring it, in the query string or in the receipt."""
    sms_receipt_list: str = ""
    """Field that holds a list of receipts, where they do not come as a plain list."""
    sms_receipt_id: str = "id"
    """Field of a receipt with the id of the message."""
    sms_receipt_state: str = "status"
    """Field of a receipt that says whether it arrived."""
    sms_receipt_arrived: str = "DELIVRD|delivered|0"
    """Regular expression of those states that mean: arrived."""
    sms_receipt_answer: str = ""
    """What the gateway wants to read when its receipts were taken; empty: JSON with a count."""
    proposals_sent_from: int = 0
    """Per cent of confidence from which on a case that nobody is responsible for is sent where
    closed cases teach; 0: never, the centre decides."""
    learn_days: int = 7
    """Days after which proposals are learnt anew from closed cases; 0: by command alone."""
    evidence_hash: str = "sha256"
    """How the log of uses hashes, from its first entry on: sha256 or sm3."""
    file_mib: int = 10 * 1024
    """The largest file of a shared resource, in MiB."""
    file_versions: int = 10
    """Versions of a shared file of which the content is kept."""
    upload_hours: int = 48
    """How long an upload stays that nobody goes on with."""
    lineage_runs_kept: int = 200
    """Of each job, how many events of lineage of each type are kept."""
    delivery_hours: int = 72
    """How long a file that was made for one receiver can be downloaded."""
    file_makers: int = 2
    """Files that are made for receivers at the same time."""
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

    @property
    def datasets_url(self) -> str:
        return self.datasets or f"sqlite:///{self.home / 'datasets.db'}"


_PORT = (0, 65535)
_DAY_S = 24 * 3600

RANGES: Mapping[str, tuple[int, int]] = {
    "voice_input": (0, 1),
    "port": _PORT,
    "mqtt_port": _PORT,
    "hj212_port": _PORT,
    "jt808_port": _PORT,
    "sl651_port": _PORT,
    "gb26875_port": _PORT,
    "coap_port": _PORT,
    "mqtt_connections": (1, 10_000_000),
    "mqtt_connections_per_address": (1, 10_000_000),
    "mqtt_packet_bytes": (1024, 16 * 1024 * 1024),
    "mqtt_packets_per_s": (1, 1_000_000),
    "mqtt_window": (1, 65535),
    "mqtt_connect_s": (1, 600),
    "mqtt_packet_s": (1, 3600),
    "mqtt_unread_s": (1, 3600),
    "mqtt_keep_alive_s": (1, 65535),
    "mqtt_session_s": (0, 30 * _DAY_S),
    "field_connections": (0, 1_000_000),
    "field_connections_per_address": (0, 1_000_000),
    "field_frames_per_s": (0, 100_000),
    "field_first_frame_s": (0, 3600),
    "field_frame_s": (0, 3600),
    "field_idle_s": (0, 30 * _DAY_S),
    "field_unread_s": (0, 3600),
    "notices_per_hour": (0, 100_000),
    "notices_days": (1, 3650),
    "lineage_runs_kept": (1, 100_000),
    "smtp_port": _PORT,
    "proposals_sent_from": (0, 100),
    "learn_days": (0, 365),
    "file_mib": (1, 1024 * 1024),
    "file_versions": (1, 1000),
    "upload_hours": (1, 24 * 30),
    "delivery_hours": (1, 24 * 30),
    "file_makers": (1, 16),
    "session_hours": (1, 24 * 365),
    "hot_rows": (1, 1_000_000_000),
}
"""The least and the most of the settings that are numbers."""


def load(
    home: Path, given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, dict[str, str]]:
    """The settings of one home and, for each, where its value came from.

    Raises BadSetting for a value of the wrong type, SettingOutOfRange for a number that cannot
    be, UnknownSetting for a name not declared, DocumentError for a file that is no YAML mapping.
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
            _check_range(name, values[name], source)
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


def _check_range(name: str, value: Any, source: str) -> None:
    least, most = RANGES.get(name, (value, value))
    if not least <= value <= most:
        raise SettingOutOfRange(source, name=name, value=value, least=least, most=most)


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
