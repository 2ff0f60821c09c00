"""Clock, calendar, identifiers, units, documents, settings, texts."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock, documents, settings, text, units
from yiwang.kernel.calendar import CityDays, WorkingCalendar, read
from yiwang.kernel.clock import ManualClock, parse, render
from yiwang.kernel.ids import IdSource

INSTANTS = st.integers(0, 4_000_000_000 * clock.SECOND)


@given(INSTANTS)
def test_an_instant_survives_its_text(instant: int) -> None:
    assert parse(render(instant)) == instant


@given(
    st.integers(-4_000_000_000, 4_000_000_000),
    st.one_of(
        st.just(0), st.integers(0, 999).map(lambda some: some * 1000), st.integers(0, 999_999)
    ),
)
def test_an_instant_has_the_decimals_that_it_needs(seconds: int, parts: int) -> None:
    instant = seconds * clock.SECOND + parts
    spec = "microseconds" if parts % 1000 else "milliseconds" if parts else "seconds"
    told = clock.to_datetime(instant).isoformat(timespec=spec)
    assert render(instant) == told.replace("+00:00", "Z")


@pytest.mark.parametrize("text", ["2026-07-01T08:00:00", "yesterday", ""])
def test_a_time_without_a_zone_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_identifiers_sort_by_time() -> None:
    now = ManualClock(parse("2026-07-01T00:00:00Z"))
    source = IdSource(now)
    made = []
    for _ in range(100):
        made.append(source.new())
        now.advance(clock.SECOND)
    assert made == sorted(made) and len(set(made)) == 100


def test_moved_working_days_of_the_statutory_calendar_count() -> None:
    calendar = WorkingCalendar()
    saturday_worked = parse("2026-02-14T09:00:00+08:00")
    assert calendar.is_working(saturday_worked)
    holiday = parse("2026-10-01T10:00:00+08:00")
    assert not calendar.is_working(holiday)


def test_a_deadline_skips_nights_breaks_and_holidays() -> None:
    calendar = WorkingCalendar()
    friday_evening = parse("2026-07-03T17:30:00+08:00")
    assert render(calendar.add(friday_evening, 60)) == "2026-07-06T01:30:00Z"
    before_lunch = parse("2026-07-06T11:30:00+08:00")
    assert render(calendar.add(before_lunch, 60)) == "2026-07-06T05:30:00Z"


def test_a_citys_own_days_replace_the_statutory_ones() -> None:
    own = CityDays({date(2026, 7, 4): True, date(2026, 7, 6): False})
    calendar = WorkingCalendar(days=own)
    assert calendar.is_working(parse("2026-07-04T10:00:00+08:00"))
    assert not calendar.is_working(parse("2026-07-06T10:00:00+08:00"))


def test_a_citys_calendar_file(tmp_path: Path) -> None:
    file = tmp_path / "calendar.yaml"
    zone = ZoneInfo("Asia/Shanghai")
    assert read(file, zone).is_working(parse("2026-02-14T09:00:00+08:00"))
    file.write_text(
        'hours: [["08:30", "12:00"], ["14:00", "17:30"]]\n'
        "days: {2026-07-06: false}\nworkdays: [mon, sat]\n"
    )
    calendar = read(file, zone)
    assert calendar.is_working(parse("2026-07-04T08:45:00+08:00"))
    assert not calendar.is_working(parse("2026-07-04T13:00:00+08:00"))
    assert not calendar.is_working(parse("2026-07-06T09:00:00+08:00"))
    assert not calendar.is_working(parse("2026-07-07T09:00:00+08:00"))


@pytest.mark.parametrize(
    "text",
    [
        'hours: [["12:00", "08:30"]]',
        "hours: []",
        "hours: [[a, b]]",
        "days: {monday: true}",
        "days: {2026-07-06: perhaps}",
        "workdays: [mon, funday]",
        "holidays: []",
    ],
)
def test_a_bad_calendar_file_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "calendar.yaml"
    file.write_text(text + "\n")
    with pytest.raises(documents.DocumentError) as caught:
        read(file, ZoneInfo("UTC"))
    assert "calendar.yaml, line 1" in str(caught.value)


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 20_000))
def test_working_time_added_is_the_working_time_between(offset: int, minutes: int) -> None:
    calendar = WorkingCalendar()
    start = parse("2025-06-01T00:00:00Z") + offset * clock.MINUTE
    end = calendar.add(start, minutes)
    assert calendar.between(start, end) == minutes * clock.MINUTE


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [("25 cm", "cm", 25), ("0.25 m", "cm", 25), (3, "cm", 3), ("75 µg/m³", "mg/m³", 0.075)],
)
def test_quantities_are_converted(value: str | int, unit: str, expected: float) -> None:
    assert units.magnitude(value, unit) == pytest.approx(expected)


def test_a_quantity_of_another_kind_is_refused_by_name_and_place() -> None:
    with pytest.raises(units.WrongUnit) as caught:
        units.magnitude("25 kg", "cm", "depth_close.yaml, line 7", "depth_close")
    message = str(caught.value)
    assert "line 7" in message and "25 kg" in message and "cm" in message


def test_a_document_names_the_line_of_what_is_wrong() -> None:
    section = documents.parse("rule: a\nwathces: b\n", "rule.yaml")
    assert section.text("rule") == "a"
    section.has("watches")
    with pytest.raises(documents.UnknownKey) as caught:
        section.finish()
    assert "rule.yaml, line 2" in str(caught.value) and "watches" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["a: [", "a: 1\na: 2", "- a", "\t- x: y", "a: &b [*b]", "? [a]\n: b", "a: 2026-13-45"]
)
def test_bad_yaml_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(documents.DocumentError) as caught:
        documents.parse(text, "x.yaml")
    assert "x.yaml, line" in str(caught.value)


def test_the_range_of_a_setting_holds_its_default() -> None:
    for name, (least, most) in settings.RANGES.items():
        assert least <= getattr(settings.Settings(), name) <= most


@given(st.text(max_size=200))
def test_no_document_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(documents.DocumentError):
        documents.parse(text, "x.yaml")


def test_settings_say_where_they_came_from(tmp_path: Path) -> None:
    (tmp_path / "yiwang.yaml").write_text("port: 9000\nlanguage: en\n")
    loaded, sources = settings.load(tmp_path, {"port": 9100}, {"YIWANG_MQTT_PORT": "0"})
    assert (loaded.port, loaded.language, loaded.mqtt_port) == (9100, "en", 0)
    assert (sources["port"], sources["mqtt_port"], sources["host"]) == (
        "given",
        "environment",
        "default",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("prot: 1\n", settings.UnknownSetting),
        ("port: many\n", settings.BadSetting),
        ("port: 65536\n", settings.SettingOutOfRange),
        ("mqtt_connections: 0\n", settings.SettingOutOfRange),
        ("field_idle_s: -1\n", settings.SettingOutOfRange),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, text: str, error: type[Exception]) -> None:
    (tmp_path / "yiwang.yaml").write_text(text)
    with pytest.raises(error):
        settings.load(tmp_path)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (" plain\n", "plain"),
        ("{name} of {what}, {left}", "a of 一分钟, {left}"),
        ("{{name}}", "{name}"),
        ("closed}}", "closed}"),
    ],
)
def test_a_text_is_told_with_its_fields(
    monkeypatch: pytest.MonkeyPatch, template: str, told: str
) -> None:
    texts = {"some.text": template, "some.minute": "一分钟"}
    monkeypatch.setattr(text, "find", lambda key, lang: texts.get(key))
    fields = {"name": "a", "what": text.Words("some.minute")}
    assert text.render("some.text", "zh-CN", fields) == told
    assert text.render("some.other", "zh-CN", fields) == "some.other"
