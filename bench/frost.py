"""FROST-Server beside ours: the reference implementation, on Tomcat 9 and PostgreSQL/PostGIS.

Give it the web archive of a release (``FROST-Server.MQTTP-….war``). Maven fetches Tomcat;
Debian's package postgresql-15-postgis-3 is the database. Everything lives in one folder and
listens on loopback only. Every commit reaches the disk, as with ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import psycopg
from bench.running import free_port

LONGEST_START_S = 600.0
TOMCAT = "org.apache.tomcat:tomcat:9.0.98:zip"
DRIVERS = (
    "org.postgresql:postgresql:42.7.4",
    "net.postgis:postgis-jdbc:2.5.1",
)

_SERVER = """<Server port="-1"><Service name="Catalina">
<Connector address="127.0.0.1" port="{port}" maxThreads="32" maxKeepAliveRequests="-1"/>
<Engine name="Catalina" defaultHost="localhost">
<Host name="localhost" appBase="webapps" autoDeploy="false" unpackWARs="false"/>
</Engine></Service></Server>
"""
_CONTEXT = """<Context path="/FROST-Server">{parameters}</Context>"""


@dataclass(frozen=True)
class Frost:
    """``root``: the service root; ``database``: its PostgreSQL; ``processes``: to sum memory."""

    root: str
    database: str
    mqtt_port: int
    folder: Path

    def resident_mb(self) -> float:
        """Of Java and of every process of PostgreSQL (shared pages of the latter once)."""
        total = 0.0
        for status in glob("/proc/[0-9]*/smaps_rollup"):
            with contextlib.suppress(OSError):
                command = Path(status).with_name("cmdline").read_bytes()
                if str(self.folder).encode() in command or b"postgres:" in command:
                    for line in Path(status).read_text().splitlines():
                        if line.startswith("Pss:"):
                            total += int(line.split()[1]) / 1024
        return round(total, 1)


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[int]:
    """A PostgreSQL cluster in ``folder`` (made if missing); yields its port."""
    binaries = Path(sorted(glob("/usr/lib/postgresql/*/bin"))[-1])
    data = folder / "postgres"
    if not data.exists():
        data.mkdir(parents=True)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(data, owner.pw_uid, owner.pw_gid)
        _as_postgres([str(binaries / "initdb"), "-D", str(data), "-U", "frost", "-A", "trust"])
    port = free_port()
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
        "-c shared_buffers=2GB -c max_wal_size=8GB -c work_mem=64MB -c max_connections=100"
    )
    control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-t", "120"]
    _as_postgres([*control, "-l", str(data / "log"), "-o", options, "start"])
    try:
        yield port
    finally:
        _as_postgres([*control, "-m", "fast", "stop"])


def _as_postgres(command: Sequence[str]) -> None:
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL, cwd="/tmp")


@contextlib.contextmanager
def up(war: Path, folder: Path, port: int, database: str) -> Iterator[Frost]:
    """FROST on a database of the cluster that listens on ``port``; tables are made if missing."""
    server = f"postgresql://frost@127.0.0.1:{port}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (database,)
        ).fetchone():
            connection.execute(f'CREATE DATABASE "{database}"')
    with psycopg.connect(f"{server}/{database}", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    http, mqtt, websocket = free_port(), free_port(), free_port()
    root = f"http://127.0.0.1:{http}/FROST-Server"
    base = folder / "tomcat"
    shutil.rmtree(base, ignore_errors=True)
    tomcat = _tomcat(folder)
    settings = {
        "serviceRootUrl": root,
        "persistence.db.driver": "org.postgresql.Driver",
        "persistence.db.url": f"jdbc:postgresql://127.0.0.1:{port}/{database}",
        "persistence.db.username": "frost",
        "persistence.db.password": "frost",
        "persistence.db_jndi_datasource": "",
        "persistence.autoUpdateDatabase": "true",
        "persistence.db.conn.max": "32",
        "mqtt.mqttServerImplementationClass": (
            "de.fraunhofer.iosb.ilt.frostserver.mqtt.moquette.MoquetteMqttServer"
        ),
        "mqtt.Enabled": "true",
        "mqtt.Host": "127.0.0.1",
        "mqtt.internalHost": "127.0.0.1",
        "mqtt.Port": str(mqtt),
        "mqtt.WebsocketPort": str(websocket),
        "mqtt.SubscribeMessageQueueSize": "10000",
        "mqtt.CreateMessageQueueSize": "10000",
        "bus.queueSize": "100000",
        "maxTop": "10000",
    }
    _lay(war, tomcat, base, http, settings)
    environment = {
        **os.environ,
        "CATALINA_HOME": str(tomcat),
        "CATALINA_BASE": str(base),
        "CATALINA_OPTS": f"-Xmx3g -Djava.io.tmpdir={base / 'temp'} -Dyiwang.bench={folder}",
    }
    with (base / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            ["sh", str(tomcat / "bin" / "catalina.sh"), "run"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, root, base)
        yield Frost(f"{root}/v1.1", f"{server}/{database}", mqtt, folder)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()


def _tomcat(folder: Path) -> Path:
    """The unpacked Tomcat, fetched the first time with the drivers of the database."""
    if not (found := sorted(folder.glob("apache-tomcat-*"))):
        for artifact in (TOMCAT, *DRIVERS):
            command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}"]
            subprocess.run([*command, f"-DoutputDirectory={folder}"], check=True)
        with zipfile.ZipFile(next(folder.glob("tomcat-*.zip"))) as archive:
            archive.extractall(folder)
        found = sorted(folder.glob("apache-tomcat-*"))
    return found[-1]


def _lay(war: Path, tomcat: Path, base: Path, port: int, settings: dict[str, str]) -> None:
    for name in ("conf/Catalina/localhost", "webapps/FROST-Server", "logs", "temp", "work"):
        (base / name).mkdir(parents=True)
    (base / "conf" / "server.xml").write_text(_SERVER.format(port=port))
    shutil.copy(tomcat / "conf" / "web.xml", base / "conf" / "web.xml")
    with zipfile.ZipFile(war) as archive:
        archive.extractall(base / "webapps" / "FROST-Server")
    for driver in tomcat.parent.glob("*.jar"):
        shutil.copy(driver, base / "webapps" / "FROST-Server" / "WEB-INF" / "lib")
    rows = "".join(
        f'<Parameter override="false" name="{name}" value="{value}"/>'
        for name, value in settings.items()
    )
    context = _CONTEXT.format(parameters=rows)
    (base / "webapps" / "FROST-Server" / "META-INF" / "context.xml").write_text(context)


def _wait(process: subprocess.Popen[bytes], root: str, base: Path) -> None:
    end = time.monotonic() + LONGEST_START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            with urllib.request.urlopen(f"{root}/v1.1", timeout=60) as answer:
                json.loads(answer.read())
            return
        time.sleep(0.5)
    raise RuntimeError(f"FROST did not start; see {base / 'output.txt'}")
