"""Runs: what is due is checked, scores and issues are kept, providers get cases, and these end."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pyarrow as pa
import pytest

from tests.sharing.conftest import ITEMS, Browser
from tests.sharing.quality.conftest import Site
from yiwang.cases import service as cases
from yiwang.cases.actions import steps
from yiwang.cases.model.guards import Given
from yiwang.contracts.events import DatasetChanged
from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.kernel.documents import UnknownKey
from yiwang.security.errors import Denied
from yiwang.sharing.catalogue.service import retire
from yiwang.sharing.quality import checking, forms, holdings, http, service, trials, views, watching
from yiwang.sharing.quality.errors import (
    BadValue,
    NoSuchIssue,
    NothingToCheck,
    NotYours,
    RulesChanged,
    UnknownTable,
)
from yiwang.sharing.quality.watching import Inspector, due, hear, put_off
from yiwang.sharing.sources.model import Column
from yiwang.store import outbox


@pytest.fixture
def http_of(site: Site) -> Iterator[Browser]:
    yield Browser(site.city, http.routes())


def test_what_is_found_goes_to_its_provider_and_ends_when_a_check_passes(
    site: Site, http_of: Browser
) -> None:
    city, id = site.city, site.resource.id
    base = f"/api/sharing/quality/resources/{id}"
    site.put(A1=12, A2=-3, A3=9000)
    put = http_of("steward", "PUT", "/api/sharing/quality/rules/water", json={"text": site.text})
    assert put.status_code == 200 and [one["name"] for one in put.json()["rules"]] == [
        "levels",
        "phones",
        "fresh",
    ]
    assert Inspector(city.platform).work() == 1 and due(city.platform) is None

    shown = http_of("steward", "GET", base).json()
    assert [(one["rule"], one["checked"], one["failed"]) for one in shown["rules"]] == [
        ("water/levels", 3, 2),
        ("water/phones", 3, 1),
        ("water/fresh", 0, 0),
    ]
    assert shown["score"] == 45.8 and shown["dimensions"] == {"accuracy": 33.3, "conformity": 66.6}
    assert {one["rule"] for one in shown["issues"]} == {"water/levels", "water/phones"}
    issues = http_of("steward", "GET", "/api/sharing/quality/issues").json()["items"]
    one = http_of("steward", "GET", f"/api/sharing/quality/issues/{issues[-1]['id']}").json()
    assert [(each["key"], each["value"]) for each in one["findings"]] == [
        ({"station": "A2"}, "-3"),
        ({"station": "A3"}, "9000"),
    ]
    assert one["findings"][0]["text"] == "A2: 水位 is -3, outside 0 … 500."

    site.heard()
    opened = city.events("quality.failed")
    assert len(opened) == 2
    assert "1380013800" not in str(opened) and "9000" in str(opened)
    scores = http_of("auditor", "GET", "/api/sharing/quality/scores").json()
    assert scores["departments"][0]["score"] == 45.8 and len(scores["trend"]) == 1
    assert scores["departments"][0]["open_issues"] == 2

    site.put(A1=12, A2=3, A3=900)
    city.clock.advance(HOUR)
    assert http_of("steward", "POST", f"{base}/runs").status_code == 200
    site.put(A1=12, A2=3, A3=9)
    city.clock.advance(HOUR)
    after = http_of("steward", "POST", f"{base}/runs").json()
    assert [one["score"] for one in after["runs"]] == [87.5, 66.6, 45.8]
    assert [one["rule"] for one in after["issues"]] == ["water/phones"]
    site.heard()
    closed = http_of("steward", "GET", "/api/sharing/quality/issues?state=closed").json()["items"]
    assert [one["rule"] for one in closed] == ["water/levels"]


def test_one_case_for_a_rule_and_a_resource(small_site: Site) -> None:
    site, city = small_site, small_site.city
    site.put(A1=-1, A2=-3)
    service.put_rules(city.steward, "water", site.text)
    checking.check(city.steward, site.resource.code)
    site.heard()
    centre = city.caller("centre", "command_centre")
    shown = {number: cases.show(centre, number, "en") for number in (1, 2)}
    found = {one["case_class"]: one for one in shown.values()}
    assert set(found) == {"data_quality.issue"}
    levels = next(
        one for one in shown.values() if "水位" in one["title"] and "0 至" in one["title"]
    )
    assert levels["organisation"] == city.water and levels["severity"] == "urgent"
    assert levels["kind"] == "working"
    assert levels["sources"][0]["kind"] == "check"
    assert "A1: 水位为 -1" in levels["description"]

    city.clock.advance(MINUTE)
    checking.check(city.steward, site.resource.code)  # the same again: nothing new
    site.heard()
    site.put(A1=1, A2=-3)
    checking.check(city.steward, site.resource.code)
    site.heard()
    again = cases.show(centre, levels["no"], "en")
    assert [one["kind"] for one in again["sources"]] == ["check", "check"]

    site.put(A1=1, A2=3)
    checking.check(city.steward, site.resource.code)
    site.heard()
    over = cases.show(centre, levels["no"], "en")
    assert over["kind"] == "done"
    site.put(A1=-1, A2=3)
    checking.check(city.steward, site.resource.code)
    site.heard()
    assert cases.show(centre, 3, "en")["kind"] == "working"


def test_a_case_that_was_closed_while_the_data_stayed_wrong_is_followed_by_another(
    small_site: Site,
) -> None:
    site, city = small_site, small_site.city
    site.put(A1=-1)
    service.put_rules(city.bureau, "water", site.text.split("  phones")[0])
    checking.check(city.bureau, site.resource.id)
    site.heard()
    centre = city.caller("centre", "command_centre")
    steps.take(centre, 1, "void", Given(reason="not ours"))
    checking.check(city.bureau, site.resource.id)
    site.heard()
    assert cases.show(centre, 2, "en")["kind"] == "working"


def test_data_and_entries_that_change_are_checked_soon(small_site: Site) -> None:
    site, city = small_site, small_site.city
    site.put(A1=1)
    service.put_rules(city.steward, "water", site.text)
    inspector = Inspector(city.platform)
    inspector.look()
    inspector.wait()
    assert due(city.platform) is None

    city.clock.advance(2 * DAY)
    assert due(city.platform) == site.resource.id  # every day
    put_off(city.platform, site.resource.id, None)
    with city.database.write() as connection:
        outbox.put(connection, [DatasetChanged("levels", city.clock.now() - 3 * DAY, 1)], 0)
    site.heard()
    assert due(city.platform) == site.resource.id
    assert Inspector(city.platform).work() == 1
    shown = views.resource(city.steward, site.resource.id, "en")
    stale = next(one for one in shown["issues"] if one["rule"] == "water/fresh")
    assert views.issue(city.steward, stale["id"], "en")["findings"][0]["text"] == (
        "Updated 3 days ago; an update is due every 1 days."
    )
    assert hear is watching.hear

    assert views.departments(city.auditor, "en")["departments"][0]["open_issues"]
    service.remove_rules(city.steward, "water")
    assert Inspector(city.platform).work() == 0 and due(city.platform) is None
    assert views.issues(city.steward, None, True, None, 9, "en") == []
    assert views.departments(city.auditor, "en")["departments"] == []


def test_what_is_out_of_force_counts_no_more(small_site: Site) -> None:
    site, city = small_site, small_site.city
    site.put(A1=-1)
    service.put_rules(city.steward, "water", site.text)
    checking.check(city.steward, site.resource.id)
    planned = checking.plan(city.steward, site.resource.id)
    late = checking.run(city.steward, planned, holdings.tables(city.steward, None, None))
    retire(city.bureau, site.resource.id, "merged into another")
    site.heard()
    with pytest.raises(NothingToCheck):
        checking.record(city.steward, late, "asked")
    assert views.departments(city.auditor, "en")["departments"] == []
    assert len(city.events("quality.passed")) == 2
    with pytest.raises(NothingToCheck):
        checking.check(city.steward, site.resource.id)


def test_nobody_looks_into_what_is_anothers(small_site: Site) -> None:
    site, city = small_site, small_site.city
    site.put(A1=-1)
    service.put_rules(city.steward, "water", site.text)
    checking.check(city.steward, site.resource.id)
    mine = views.issues(city.steward, None, True, None, 9, "en")
    [levels] = [one for one in mine if one["rule"] == "water/levels"]

    for other in (city.user, city.auditor):
        shown = views.resource(other, site.resource.id, "en")
        assert shown["score"] is not None and shown["issues"] == []
        with pytest.raises(NoSuchIssue):
            views.issue(other, levels["id"], "en")
        assert views.issues(other, city.water, True, None, 9, "en") == []
    with pytest.raises(NotYours):
        service.put_rules(city.user, "parks", site.text)
    with pytest.raises(NotYours):
        service.put_rules(city.user, "water", site.text)
    with pytest.raises(NotYours):
        service.remove_rules(city.user, "water")
    with pytest.raises(NotYours):
        checking.check(city.user, site.resource.id)
    with pytest.raises(NotYours):
        planned = checking.plan(city.steward, site.resource.id)
        tables = holdings.tables(city.steward, None, None)
        checking.record(city.user, checking.run(city.steward, planned, tables), "asked")
    with pytest.raises(Denied):
        checking.check(city.auditor, site.resource.id)
    found = views.issues(city.bureau, city.water, None, None, 9, "zh-CN")
    assert found[0]["organisation_name"]
    [phones] = [one["id"] for one in found if one["rule"] == "water/phones"]
    assert "1380013800" in str(views.issue(city.steward, phones, "en")["findings"])
    assert "1380013800" not in str(views.issue(city.bureau, phones, "en")["findings"])
    assert views.resources(city.auditor, city.parks, 0, 9, "en") == []
    assert views.departments(city.auditor, "en")["departments"][0]["resources"] == 1


def test_what_is_labelled_is_veiled_where_it_only_explains(small_site: Site) -> None:
    site, city = small_site, small_site.city
    site.put(A1=1, A2=2, A3=3)
    rules = """
    rules:
      names: {table: %s, depends: {column: name, by: phone}}
      ranks: {table: %s, order: {column: level, by: phone}}
      same: {table: %s, match: {figure: level, with: [phone]}}
    """
    service.put_rules(city.steward, "explain", rules % ((site.resource.code,) * 3))
    planned = checking.plan(city.steward, site.resource.id)
    found = checking.run(city.steward, planned, holdings.tables(city.steward, None, None))
    issues = [(name, one) for name, _, verdict in found.verdicts for one in verdict.issues]
    assert {name for name, _ in issues} == {"explain/names", "explain/ranks", "explain/same"}
    assert all("380013" in str(one) for _, one in issues)
    assert not any("380013" in str(checking.told(site.resource, one)) for _, one in issues)


def test_labels_of_other_tables_hold_in_findings(small_site: Site) -> None:
    """A rule of the data bureau compares with a table of another provider: its labelled values
    are not told to this one; those of an own table are told to nobody else."""
    site, city = small_site, small_site.city
    site.put(A1=1, A2=2)
    columns = (Column("station", "C", 20), Column("secret", "N"))
    items = (ITEMS[0], msgspec.structs.replace(ITEMS[2], column="secret", label="amount"))
    for name, organisation in (("theirs", city.parks), ("own", city.water)):
        site.datasets.create(name, columns, ["station"])
        rows = {"station": ["A1", "A2"], "secret": [70001.0, 70002.0]}
        site.datasets.replace(name, [pa.RecordBatch.from_pydict(rows)])
        other = city.published(name=name, dataset=name, organisation=organisation, items=items)
        with_ = f"{{column: secret, table: {other.code}}}"
        rule = f"{{table: {site.resource.code}, match: {{figure: level, with: [{with_}]}}}}"
        service.put_rules(city.bureau, name, f"rules: {{same: {rule}}}")
    checking.check(city.steward, site.resource.id)
    found = {
        row["rule"]: row["id"] for row in views.issues(city.bureau, city.water, None, None, 9, "en")
    }
    for rule, who, seen in (
        ("theirs/same", city.steward, False),
        ("theirs/same", city.bureau, False),
        ("own/same", city.steward, True),
        ("own/same", city.bureau, False),
    ):
        said = str(views.issue(who, found[rule], "en")["findings"])
        assert ("7000" in said, "6999" in said or "-70000" in said) == (seen, seen), (rule, said)
    told = [one["samples"] for one in city.events("quality.failed")]
    assert len(told) == 2 and "7000" not in str(told)


def test_a_bad_rule_set_changes_nothing(small_site: Site) -> None:
    site, city = small_site, small_site.city
    with pytest.raises(NothingToCheck):
        checking.check(city.steward, site.resource.id)
    service.put_rules(city.steward, "water", site.text)
    for text, error in (
        (site.text.replace("least", "lest"), UnknownKey),
        (site.text.replace(site.resource.code, "209/999999"), UnknownTable),
    ):
        with pytest.raises(error):
            service.put_rules(city.steward, "water", text)
    assert service.show_rules(city.steward, "water")["version"] == 1
    assert [one["name"] for one in service.list_rules(city.user)] == ["water"]
    assert [one["mine"] for one in service.list_rules(city.user)] == [False]


def test_rules_are_tried_before_they_hold_and_of_two_writers_the_second_is_told(
    small_site: Site,
) -> None:
    site, city = small_site, small_site.city
    site.put(A=10, B=-5)
    ask = Browser(city, http.routes())
    base = "/api/sharing/quality"
    found = ask("steward", "POST", f"{base}/trials", json={"text": site.text}).json()["items"]
    assert [(one["rule"], one["failed"], one["checked"]) for one in found[:2]] == [
        ("levels", 1, 2),
        ("phones", 1, 2),
    ]
    assert "-5" in found[0]["findings"][0] and "1380013800" in found[1]["findings"][0]
    seen = ask("bureau", "POST", f"{base}/trials", json={"text": site.text}).json()["items"]
    assert "1380013800" not in str(seen), "labelled values are the provider's to see"
    assert service.list_rules(city.steward) == [], "nothing is kept"
    for who, status in (("user", 403), ("auditor", 403), ("citizen", 403)):
        asked = ask(who, "POST", f"{base}/trials", json={"text": site.text})
        assert asked.status_code == status, who
    with pytest.raises(Denied):
        trials.plan(city.auditor, site.text)
    many = "rules:\n" + "".join(
        f"  r{n}: {{table: {site.resource.code}, unique: [station]}}\n" for n in range(11)
    )
    with pytest.raises(BadValue):
        trials.plan(city.steward, many)
    empty = city.published(name="无数据")
    with pytest.raises(NothingToCheck):
        trials.plan(city.steward, site.text.replace(site.resource.code, empty.code))
    url, body = f"{base}/rules/water", {"text": site.text, "version": 0}
    assert ask("steward", "PUT", url, json=body).status_code == 200
    assert ask("steward", "PUT", url, json=body).json()["type"] == "sharing.quality.rules_changed"
    assert ask("steward", "PUT", url, json=body | {"version": 1}).json()["version"] == 2
    with pytest.raises(RulesChanged):
        service.put_rules(city.steward, "water", site.text, 1)


def test_the_kinds_of_rule_are_told_with_their_fields(small_site: Site) -> None:
    browser = Browser(small_site.city, http.routes())
    found = browser("steward", "GET", "/api/sharing/quality/kinds").json()["items"]
    assert len(found) == len(forms.list_kinds(small_site.city.steward, "en")) == 21
    kinds = {one["kind"]: one for one in found}
    assert kinds["order"]["fields"][3]["options"][0] == {
        "value": "shared",
        "title": "Share a rank (1, 2, 2, 4)",
    }
    assert browser("citizen", "GET", "/api/sharing/quality/kinds").status_code == 403
