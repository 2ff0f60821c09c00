"""Other people's clients against the whole entrance: paho-mqtt, mosquitto_pub and _sub."""

from __future__ import annotations

import shutil
import subprocess
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.sensing.mqtt.brokers import MOSQUITTO, Mosquitto
from tests.sensing.mqtt.test_client import publish, until
from tests.sensing.mqtt.whole import Whole, add, caller, credential, populate
from yiwang.security import accounts

SECRET = "a-long-secret"


@pytest.fixture
def server(sqlite, tmp_path):
    populate(sqlite, 10)
    credential(sqlite, "gateway")
    with Whole(sqlite, tmp_path) as running:
        yield running


def client(server, protocol=paho.MQTTv311, name="gateway", secret=SECRET, start=True, **more):
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=protocol, **more)
    made.username_pw_set(name, secret)
    made.max_inflight_messages_set(0)
    made.max_queued_messages_set(0)
    if start:
        made.connect("127.0.0.1", server.port)
        made.loop_start()
        until(made.is_connected)
    return made


def bye(made):
    made.disconnect()
    made.loop_stop()


@pytest.mark.parametrize("protocol", [paho.MQTTv311, paho.MQTTv5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_published_is_stored(server, protocol, qos):
    device = client(server, protocol)
    sent = [device.publish("level/UP-1", b'{"depth": %d}' % number, qos) for number in range(200)]
    for message in sent:
        message.wait_for_publish(10)
    if qos:
        assert server.stored() == 200
    bye(device)
    until(lambda: server.stored() == 200)
    assert sorted(server.results()) == [float(number) for number in range(200)]


def test_wrong_password(server):
    codes = []
    for protocol in (paho.MQTTv311, paho.MQTTv5):
        device = client(server, protocol, secret="guessed", start=False)
        device.on_connect = lambda c, u, flags, code, properties: codes.append(str(code))
        device.connect("127.0.0.1", server.port)
        device.loop_start()
        until(lambda protocol=protocol: len(codes) >= (1 if protocol == paho.MQTTv311 else 2))
        device.loop_stop()
    assert codes[:1] == ["Bad user name or password"]


def test_a_user_token_may_write(server):
    system = caller(server.database)
    accounts.add_user(system, "engineer", "long-enough-1", ["administrator"])
    token = accounts.add_token(system, "engineer", "test", ["sensing.*"])
    device = client(server, name="anything", secret=token)
    device.publish("v1.1/Datastreams(3)/Observations", b'{"result": 4}', 1).wait_for_publish(10)
    assert server.results(3) == [4.0]
    bye(device)


def test_a_device_writes_only_its_own(server):
    credential(server.database, "one", things=[1])
    device = client(server, paho.MQTTv5, name="one")
    device.publish("level/UP-1", b'{"depth": 1}', 1).wait_for_publish(10)
    device.publish("level/UP-2", b'{"depth": 2}', 1).wait_for_publish(10)
    bye(device)
    assert (server.results(1), server.results(2)) == ([1.0], [])
    server.sensing.settle()
    assert [line.reason for line in rejections(server)] == ["sensing.not_allowed_to_write"]


def test_every_bad_message_is_in_the_ledger(server):
    device = client(server)
    moment = b"2026-02-30T00:00:00Z"
    for topic, payload in [
        ("level/UP-1", b"{"),
        ("level/UP-99", b'{"depth": 1}'),
        ("elsewhere", b"1"),
        ("level/UP-1", b'{"depth": 5000}'),
        ("level/UP-1", b'{"depth": 1, "t": "%s"}' % moment),
        ("level/UP-1", b'{"depth": 1, "t": "2999-01-01T00:00:00Z"}'),
        ("level/UP-1", b'{"depth": 1, "t": "1999-01-01T00:00:00Z"}'),
        ("level/UP-1", b'{"depth": "high"}'),
        ("v1.1/Datastreams(99)/Observations", b'{"result": 1}'),
    ]:
        device.publish(topic, payload, 1).wait_for_publish(10)
    bye(device)
    server.sensing.settle()
    found = rejections(server)
    assert [line.reason.removeprefix("sensing.") for line in found] == [
        "not_json",
        "unknown_device",
        "unknown_topic",
        "out_of_range",
        "bad_time",
        "in_future",
        "too_old",
        "not_a_number",
        "unknown_datastream",
    ]
    assert found[3].raw == b'{"depth": 5000}'
    assert server.stored() == 0


def rejections(server):
    with server.database.read() as connection:
        query = "SELECT reason, raw FROM sensing_rejections ORDER BY id"
        return connection.exec_driver_sql(query).all()


def test_a_repeated_message_is_a_duplicate(server):
    device = client(server)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for _ in range(3):
        body = b'{"depth": 7, "t": "%s"}' % moment.encode()
        device.publish("level/UP-1", body, 1).wait_for_publish(10)
    bye(device)
    assert server.stored() == 1


def test_a_device_registered_a_moment_ago_is_known(server):
    device = client(server)
    device.publish("level/UP-1", b'{"depth": 1}', 1).wait_for_publish(10)
    with server.database.write() as connection:
        add(connection, 11, 11)
    server.sensing.intake.reload()
    device.publish("level/UP-11", b'{"depth": 1}', 1).wait_for_publish(10)
    bye(device)
    assert server.results(11) == [1.0]


def test_a_client_that_reconnects_goes_on(server):
    device = client(server, client_id="steady", clean_session=False)
    for number in range(300):
        device.publish("level/UP-1", b'{"depth": %d}' % number, 1 + number % 2)
        if number % 100 == 50:
            until(device.is_connected)
            device.socket().shutdown(2)
            until(lambda: not device.is_connected())
    until(lambda: len({*server.results()}) == 300)
    bye(device)


def test_subscriber_of_version_5_with_a_window(server):
    got = []
    reader = client(server, paho.MQTTv5, start=False)
    reader.on_message = lambda c, u, message: got.append(message.payload)
    properties = Properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = 5
    reader.connect("127.0.0.1", server.port, properties=properties)
    reader.loop_start()
    until(reader.is_connected)
    reader.subscribe("level/+", 1)
    time.sleep(0.2)
    device = client(server)
    for number in range(100):
        device.publish("level/UP-1", b'{"depth": %d}' % number, 1)
    until(lambda: len(got) == 100)
    assert got == [b'{"depth": %d}' % number for number in range(100)]
    bye(device)
    bye(reader)


@pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="mosquitto_pub is not installed")
@pytest.mark.parametrize("version", ["311", "5"])
def test_mosquitto_pub_and_sub(server, version):
    common = [
        "-h",
        "127.0.0.1",
        "-p",
        str(server.port),
        "-u",
        "gateway",
        "-P",
        SECRET,
        "-V",
        version,
    ]
    reader = subprocess.Popen(
        ["mosquitto_sub", *common, "-t", "level/#", "-q", "1", "-C", "3", "-W", "10"],
        stdout=subprocess.PIPE,
    )
    time.sleep(0.3)
    for qos in "012":
        body = f'{{"depth": {qos}}}'
        command = ["mosquitto_pub", *common, "-t", "level/UP-1", "-q", qos, "-m", body]
        subprocess.run(command, check=True, timeout=10)
    assert reader.communicate(timeout=15)[0].count(b"depth") == 3
    until(lambda: sorted(server.results()) == [0.0, 1.0, 2.0])


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_through_a_broker_to_the_store(sqlite, tmp_path):
    populate(sqlite, 10)
    (tmp_path / "broker").mkdir()
    mosquitto = Mosquitto(tmp_path / "broker")
    address = f"127.0.0.1:{mosquitto.port}"
    try:
        with Whole(sqlite, tmp_path, mqtt_broker=address) as server:
            until(lambda: server.mqtt.client.connected)
            time.sleep(0.2)
            publish(mosquitto.port, 0, 300, "level/UP-7", b'{"depth": %d}')
            until(lambda: server.stored() == 300)
            assert sorted(server.results(7)) == [float(number) for number in range(300)]
    finally:
        mosquitto.stop()
