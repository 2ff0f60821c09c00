"""Topics and payloads, and the folder of bad messages."""

from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.kernel.clock import parse
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns
from yiwang.sensing.mqtt.topics import Form, Known, Router

NOW = parse("2026-07-01T08:00:00Z")
BAD = Path(__file__).parents[2] / "bad_messages"
SHANGHAI = ZoneInfo("Asia/Shanghai")
ANYONE = Sender("anyone")


class Fixed:
    """A directory of a few devices."""

    def forms(self):
        return [
            Form("p.level", "level/{device}", "json", (("depth_cm", "depth"),), "t", "", SHANGHAI),
            Form("p.air", "air/+/{device}/hour", "json", (("pm25", "v.pm25"), ("so2", "v.so2"))),
            Form("p.flow", "flow/{device}", "number", (("flow", "value"),)),
            Form("p.one", "one/{device}/{property}", "json", ()),
            Form("p.csv", "csv/{device}", "csv", (("a", 0), ("b", 1)), 2, "%Y%m%d%H%M", SHANGHAI),
        ]

    def device(self, kind, code):
        return {
            ("p.level", "UP-1"): Known(1, {"depth_cm": 1}),
            ("p.level", "UP-2"): Known(2, {"depth_cm": 2}),
            ("p.air", "A-1"): Known(3, {"pm25": 3, "so2": 4}),
            ("p.flow", "P-1"): Known(4, {"flow": 5}),
            ("p.one", "X"): Known(5, {"u": 6, "i": 7}),
            ("p.csv", "C-1"): Known(6, {"a": 8, "b": 9}),
        }.get((kind, code))

    def thing_of_multi(self, multi_datastream):
        return None

    def thing_of(self, datastream):
        return datastream if datastream < 20 else None

    def refresh(self, anew: bool = False):
        return False

    def look(self):
        return False


ROUTER = Router(Fixed())


def rows(topic, payload, sender=ANYONE):
    into = Columns()
    ROUTER.read(sender, topic, payload, NOW, into)
    return list(zip(into.datastream, into.time, into.result, into.exact, into.extra, strict=True))


def test_an_observation_of_the_standard():
    assert rows("v1.1/Datastreams(5)/Observations", b'{"result": 3}') == [(5, NOW, 3.0, None, None)]
    body = b'{"result": 1.5, "phenomenonTime": "2026-07-01T16:00:01+08:00", "parameters": {"n": 1}}'
    expected = (5, NOW + 1_000_000, 1.5, None, '{"parameters":{"n":1}}')
    assert rows("v1.0/Datastreams(5)/Observations", body) == [expected]
    body = b'{"result": "dry", "Datastream": {"@iot.id": 6}}'
    assert [row[0::3] for row in rows("v1.1/Observations", body)] == [(6, '"dry"')]


def test_results_that_a_double_does_not_hold():
    def exact(result):
        (row,) = rows("v1.1/Datastreams(5)/Observations", b'{"result": %s}' % result)
        return row[2], row[3]

    assert exact(b"9007199254740993") == (9007199254740992.0, "9007199254740993")
    assert exact(b"true") == (1.0, "true")
    assert exact(b"12.25") == (12.25, None)
    assert exact(b"[1,2]")[1] == "[1,2]"


def test_an_interval_counts_at_its_end():
    period = "2026-07-01T07:00:00Z/2026-07-01T08:00:00Z"
    body = b'{"result": 1, "phenomenonTime": "%s"}' % period.encode()
    (row,) = rows("v1.1/Datastreams(5)/Observations", body)
    assert row[1] == NOW
    assert period in row[4]


def test_topics_that_packs_declare():
    assert rows("level/UP-1", b'{"depth": 12}') == [(1, NOW, 12.0, None, None)]
    both = rows("air/north/A-1/hour", b'{"v": {"pm25": 12.5, "so2": null}}')
    assert both == [(3, NOW, 12.5, None, None)]
    assert rows("flow/P-1", b" 12.5\n") == [(5, NOW, 12.5, None, None)]
    assert rows("one/X/i", b"7") == [(7, NOW, 7.0, None, None)]
    assert rows("one/X/u", b'{"value": 220.5}') == [(6, NOW, 220.5, None, None)]
    assert [row[:3] for row in rows("csv/C-1", b"1,,202607011600")] == [(8, NOW, 1.0)]


@pytest.mark.parametrize(
    "stated",
    [
        b'"2026-07-01T16:00:00"',
        b'"2026-07-01T08:00:00Z"',
        b"1782892800",
        b"1782892800000",
        b'"1782892800000000"',
        b"1782892800.0",
    ],
)
def test_forms_of_time(stated):
    (row,) = rows("level/UP-1", b'{"depth": 12, "t": %s}' % stated)
    assert row[1] == NOW


def test_a_device_writes_only_what_is_its_own():
    own = Sender("d", frozenset({1}), ("level/#",))
    assert rows("level/UP-1", b'{"depth": 12}', own)
    for topic in ("level/UP-2", "v1.1/Datastreams(1)/Observations"):
        with pytest.raises(Refused) as caught:
            rows(topic, b'{"result": 12, "depth": 1}', own)
        assert caught.value.code == "sensing.not_allowed_to_write"


def test_filters_cover_every_topic():
    assert ROUTER.filters() == [
        "v1.1/+/Observations",
        "v1.1/Observations",
        "air/+/+/hour",
        "csv/+",
        "flow/+",
        "level/+",
        "one/+/+",
    ]


@pytest.mark.parametrize("file", sorted(BAD.glob("*.yaml")), ids=lambda file: file.stem)
def test_bad_messages(file):
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    payload = case["payload"]
    if isinstance(payload, dict):
        payload = payload["repeat"] * payload["times"]
    payload = payload if isinstance(payload, bytes) else payload.encode()
    sender = Sender("device:one", things=frozenset({1, 4, 6}))
    with pytest.raises(Refused) as caught:
        rows(case["topic"], payload, sender)
    assert caught.value.code == case["reason"]
    assert case["en"] in caught.value.message("en")
    assert case["zh-CN"] in caught.value.message("zh-CN")
    assert caught.value.todo("zh-CN") != caught.value.todo("en")


@given(
    st.binary(max_size=80),
    st.sampled_from(["level/UP-1", "csv/C-1", "flow/P-1", "v1.1/Observations"]),
)
@settings(max_examples=200, deadline=None)
def test_any_payload_is_read_or_refused(payload, topic):
    try:
        rows(topic, payload)
    except Refused as refused:
        assert refused.message("zh-CN")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(json, json)
@settings(max_examples=200, deadline=None)
def test_any_value_is_read_or_refused(value, moment):
    for body in ({"depth": value, "t": moment}, {"result": value, "phenomenonTime": moment}):
        payload = msgspec.json.encode(body)
        for topic in ("level/UP-1", "v1.1/Datastreams(1)/Observations"):
            try:
                found = rows(topic, payload)
            except Refused:
                continue
            assert all(-(2**63) <= row[1] < 2**63 for row in found)
