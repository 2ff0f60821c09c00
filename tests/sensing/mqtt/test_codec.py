import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import Decoder, encode, encode_ack
from yiwang.sensing.mqtt.fields import valid_filter, valid_topic
from yiwang.sensing.mqtt.packets import V5, V311, Malformed

texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
topics = texts.filter(valid_topic)
filters = st.one_of(topics, st.sampled_from(["#", "+", "a/+/b", "a/#", "+/#", "/"]))
ids = st.integers(1, 65535)
properties = st.fixed_dictionaries(
    {},
    optional={
        "content_type": texts,
        "message_expiry": st.integers(0, 2**32 - 1),
        "correlation_data": st.binary(max_size=9),
        "user": st.lists(st.tuples(texts, texts), min_size=1, max_size=2),
        "subscription_id": st.lists(st.integers(1, 2**28 - 1), min_size=1, max_size=2),
        "receive_maximum": st.integers(1, 65535),
        "payload_format": st.integers(0, 1),
    },
)


@st.composite
def packets(draw, version):
    props = properties if version == V5 else st.just({})
    codes = st.integers(0, 255) if version == V5 else st.just(0)
    qos = draw(st.integers(0, 2))
    wills = st.builds(p.Will, topics, st.binary(max_size=9), st.just(qos), st.booleans(), props)
    number = draw(ids) if qos else 0
    dup = draw(st.booleans()) if qos else False
    kinds = [
        st.builds(
            p.Connect,
            version=st.just(version),
            client_id=texts,
            clean=st.booleans(),
            keep_alive=st.integers(0, 65535),
            name=texts,
            password=st.none() | st.binary(max_size=9),
            will=st.none() | wills,
            properties=props,
        ),
        st.builds(p.ConnAck, st.booleans(), st.integers(0, 255), props),
        st.builds(
            p.Publish,
            topics,
            st.binary(max_size=300),
            st.just(qos),
            st.just(number),
            st.booleans(),
            st.just(dup),
            props,
        ),
        st.builds(p.Ack, st.integers(p.PUBACK, p.PUBCOMP), ids, codes, props),
        st.builds(
            p.Subscribe, ids, st.lists(st.tuples(filters, st.integers(0, 2)), min_size=1), props
        ),
        st.builds(p.Unsubscribe, ids, st.lists(filters, min_size=1), props),
        st.builds(p.SubAck, st.just(p.SUBACK), ids, st.binary(max_size=4), props),
        st.builds(p.Ping, st.sampled_from([p.PINGREQ, p.PINGRESP])),
        st.builds(p.Disconnect, codes, props),
    ]
    return draw(st.one_of(*kinds))


@given(st.data(), st.sampled_from([V311, V5]))
@settings(max_examples=150, deadline=None)
def test_packets_survive_any_cutting(data, version):
    sent = data.draw(st.lists(packets(version), max_size=5))
    stream = b"".join(encode(packet, version) for packet in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = Decoder(version=version)
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += decoder.feed(stream[start:end])
    assert got == sent


@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([V311, V5]))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_give_packets_or_malformed(chunks, version):
    decoder = Decoder(largest=1000, version=version)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
    except Malformed as error:
        assert error.reason >= 0x80
        assert "packet" in error.message("en") or error.message("en")


@given(st.data(), st.sampled_from([V311, V5]))
@settings(max_examples=150, deadline=None)
def test_one_damaged_byte_gives_packets_or_malformed(data, version):
    good = bytearray(encode(data.draw(packets(version)), version))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        Decoder(version=version).feed(bytes(good))


BAD = {
    "length of five bytes": (b"\x30\xff\xff\xff\xff\x01", 0x81),
    "too large": (b"\x30\xff\xff\xff\x7f", 0x95),
    "qos 3": (b"\x36\x05\x00\x01a\x00\x01", 0x81),
    "dup without qos": (b"\x38\x03\x00\x01a", 0x81),
    "packet id 0": (b"\x32\x05\x00\x01a\x00\x00", 0x82),
    "topic longer than packet": (b"\x30\x03\x00\x09a", 0x81),
    "wildcard in a topic": (b"\x30\x03\x00\x01#", 0x90),
    "empty topic": (b"\x30\x02\x00\x00", 0x90),
    "topic not utf-8": (b"\x30\x03\x00\x01\xff", 0x81),
    "topic with NUL": (b"\x30\x03\x00\x01\x00", 0x81),
    "flags of PUBREL": (b"\x60\x02\x00\x01", 0x81),
    "subscribe to nothing": (b"\x82\x02\x00\x01", 0x82),
    "bad filter": (b"\x82\x08\x00\x01\x00\x03a#b\x00", 0x8F),
    "packet type 0": (b"\x00\x00", 0x81),
    "AUTH in 3.1.1": (b"\xf0\x00", 0x81),
    "old protocol": (b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00", 0x84),
    "left over": (b"\xc0\x01\x00", 0x81),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_bytes(name):
    data, reason = BAD[name]
    with pytest.raises(Malformed) as caught:
        Decoder().feed(data)
    assert caught.value.reason == reason


def test_what_was_whole_before_a_bad_packet_is_kept():
    decoder = Decoder()
    good = p.Publish("a", b"1")
    with pytest.raises(Malformed):
        decoder.feed(encode(good) + b"\x00\x00")
    assert decoder.rescued == [good]


def test_a_large_packet_byte_by_byte_takes_linear_time():
    data = encode(p.Publish("a", b"x" * 200_000))
    decoder = Decoder()
    started = time.monotonic()
    found = [
        packet for index in range(len(data)) for packet in decoder.feed(data[index : index + 1])
    ]
    assert len(found) == 1
    assert time.monotonic() - started < 5


def test_short_acks():
    assert encode_ack(p.PUBACK, 258) == b"\x40\x02\x01\x02"
    assert encode_ack(p.PUBREL, 1) == b"\x62\x02\x00\x01"
    assert encode_ack(p.PUBACK, 1, 0x87, V5) == b"\x40\x03\x00\x01\x87"


@pytest.mark.parametrize(
    ("topic", "good"),
    [
        ("#", True),
        ("a/#", True),
        ("+/b", True),
        ("a#", False),
        ("#/a", False),
        ("a+", False),
        ("", False),
    ],
)
def test_filters(topic, good):
    assert valid_filter(topic) is good
