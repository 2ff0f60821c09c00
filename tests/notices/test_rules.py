"""Rules and templates as data: what is built in, what a city changes, what is refused."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from yiwang.kernel import text
from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.notices import policy, rules, templates
from yiwang.notices.errors import BadChoice, BadOutward, UnknownTemplate, UnknownTemplateField


def city(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "notices.yaml"
    file.write_text(content, encoding="utf-8")
    return file


def test_every_built_in_template_is_used_and_has_the_same_fields_in_both_languages() -> None:
    used = {rule.template for rule in rules.read().rules} | {"summary", "test"}
    prefix = templates.OWN
    written = {
        key.removeprefix(prefix)
        for key in text.catalogue("notices", "en")
        if key.startswith(prefix)
    }
    assert used == written
    for name in written:
        words = templates.built_in(name)
        for part in templates.PARTS:
            fields = [templates.fields_of(words[lang][part]) for lang in text.LANGUAGES]
            assert fields[0] == fields[1], f"{name}.{part}"


def test_a_city_switches_off_changes_and_adds(tmp_path: Path) -> None:
    found = rules.read(
        city(
            tmp_path,
            """
rules:
  reporter_joined: off
  handler_dispatched: {channels: [in_app]}
  centre_closed: {steps: [close], to: centre, template: done, severities: [critical], urgent: true}
templates:
  done:
    zh-CN: {subject: "{no} 号已办结", text: "{result}", short: "{no}"}
    en: {subject: "Case {no} done", text: "{result}", short: "{no}"}
""",
        )
    )
    by_name = {rule.name: rule for rule in found.rules}
    assert "reporter_joined" not in by_name
    changed = by_name["handler_dispatched"]
    assert changed.channels == ("in_app",) and changed.template == "assigned"
    added = by_name["centre_closed"]
    assert added in found.of_step["close"] and added not in found.of_step["decline"]
    assert added.covers("critical", "any") and not added.covers("urgent", "any")
    assert found.words("done")["en"]["subject"] == "Case {no} done"


@pytest.mark.parametrize(
    ("content", "error", "line"),
    [
        ("rules:\n  nothing: off\n", BadChoice, 2),
        ("rules:\n  reporter_closed:\n    channels: [fax]\n", BadChoice, 3),
        ("rules:\n  reporter_closed:\n    colour: red\n", DocumentError, 3),
        ("rules:\n  mine: {steps: [close], to: everybody, template: closed}\n", DocumentError, 2),
        ("rules:\n  mine: {steps: [close], to: centre, template: nowhere}\n", UnknownTemplate, 2),
        ("templates:\n  done: {en: {subject: x}}\n", UnknownTemplate, 2),
        (
            "templates:\n  done:\n"
            "    zh-CN: {subject: '{nr}', text: x, short: x}\n"
            "    en: {subject: x, text: x, short: x}\n",
            UnknownTemplateField,
            2,
        ),
        (
            "templates:\n  done:\n"
            "    zh-CN: {subject: '{no', text: x, short: x}\n"
            "    en: {subject: x, text: x, short: x}\n",
            UnknownTemplateField,
            2,
        ),
        (
            "templates:\n  done:\n"
            "    zh-CN: {subject: '{no.__class__}', text: x, short: x}\n"
            "    en: {subject: x, text: x, short: x}\n",
            UnknownTemplateField,
            2,
        ),
    ],
)
def test_what_is_wrong_names_its_line(
    tmp_path: Path, content: str, error: type[YiwangError], line: int
) -> None:
    with pytest.raises(error) as caught:
        rules.read(city(tmp_path, content))
    assert caught.value.where.endswith(f"notices.yaml, line {line}")


def test_how_far_each_channel_goes() -> None:
    found = policy.modes("rehearse", "email=live, sms = off")
    assert found == {"webhook": "rehearse", "email": "live", "sms": "off"}
    for outward, channels in (("yes", ""), ("live", "fax=off"), ("live", "email=on")):
        with pytest.raises(BadOutward):
            policy.modes(outward, channels)


def test_a_simulated_city_sends_nothing_out(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, outward="live", outward_channels="sms=off")
    assert policy.read(settings).modes["email"] == "live"
    found = policy.read(settings, simulated=True)
    assert found.modes == {"webhook": "rehearse", "email": "rehearse", "sms": "off"}


def test_words_are_filled_in_as_they_are_written() -> None:
    whole = "{no} of {all} is 5 % {{x}}\nPlace: {place}\n\n{text}\nDue: {due_at}"
    words = {"en": {"subject": "{no}\n%s", "text": whole, "short": " {place}  {none} {no} "}}
    fields = {"no": 7, "place": {"zh-CN": "东路", "en": ""}, "text": "%(no)s {no}", "due_at": None}
    utc = ZoneInfo("UTC")
    found = templates.render(words, fields, "en", utc)
    assert found.subject == "7 %s"
    assert found.text == "7 of  is 5 % {x}\nPlace: 东路\n\n%(no)s {no}"
    assert found.short == "东路 7"
    fields |= {"due_at": {"at": 0}, "place": {}, "text": "four"}
    assert templates.render(words, fields, "en", utc, 4).text == (
        "7 of  is 5 % {x}\n\nfour\nDue: 1970-01-01 00:00"
    )
    assert "fo…" in templates.render(words, fields, "en", utc, 3).text
