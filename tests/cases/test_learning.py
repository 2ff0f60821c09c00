"""Proposals learnt from closed cases: the model, where they are used, what became of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests.cases.conftest import City
from tests.cases.test_http import Browser
from yiwang.cases import http as http_of_cases
from yiwang.cases import service as cases
from yiwang.cases.hotline import suggest
from yiwang.cases.importing import mapping as mappings
from yiwang.cases.importing import run
from yiwang.cases.learning import accuracy, artefact, examples, model, outcomes, service, training
from yiwang.cases.learning.apart import Apart
from yiwang.cases.learning.errors import TooLittle
from yiwang.cases.learning.http import routes
from yiwang.cases.learning.likely import likely_classes
from yiwang.cases.learning.model import Known
from yiwang.cases.learning.proposals import Proposer
from yiwang.cli import main
from yiwang.kernel.clock import DAY, HOUR, parse
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Context
from yiwang.security.errors import Denied

MAPPING = """
source: old
fields: {key: id, opened: opened, closed: closed, class: type, text: words, address: address,
         lon: lon, lat: lat, department: unit, queue: queue}
keep: [title]
"""


def _history(folder: Path, count: int = 560) -> Path:
    """Odd rows are lamps, even ones holes; of "other" things the words alone tell."""
    lines = ["id,opened,closed,type,words,title,address,lon,lat,unit,queue"]
    for row in range(count):
        lamp = row % 2
        words = f"the {'lamp is dark' if lamp else 'road has a hole'} no {row % 7}"
        kind = "other" if row % 3 == 0 else ("lamp" if lamp else "hole")
        day = f"2015-{1 + row // 28 % 12:02d}-{1 + row % 28:02d}"
        unit = "POWER,P_lamps" if lamp else "ROADS,R_holes"
        line = f"{row},{day} 08:00:00,{day} 18:00:00,{kind},{words},{words},{row} Elm St,"
        lines.append(f"{line}{116.1 + lamp / 2:.2f},39.1,{unit}")
    file = folder / "history.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def taught(city: City, tmp_path: Path) -> City:
    """The small city after the history of another system was learnt from."""
    mapping = mappings.parse(MAPPING, "m.yaml")
    run.run(city.platform, _history(tmp_path), mapping, lambda *_: None)
    service.learn(city.platform, tmp_path / "learning")
    city.ports[Proposer] = Proposer(tmp_path / "learning")
    return city


def reported(city: City, case_class: str, text: str, lon: float = 116.6) -> dict[str, Any]:
    given = cases.Report(case_class, text, lon=lon, lat=39.1, address="9 Elm St", channel="app")
    return city.show(cases.report(city.citizen, given))


# Where proposals are used


def test_where_nobody_is_responsible_a_proposal_is_shown_with_its_words(taught: City) -> None:
    case = reported(taught, "old.other", "our lamp is dark since Monday")

    assert case["organisation"] is None and case["kind"] == "new", "the centre decides"
    found = case["proposal"]
    assert found["organisation_name"] == "P_lamps" and found["outcome"] == "waiting"
    assert found["confidence"] > 0.9 and not found["sent"]
    assert {"kind": "word", "value": "lamp"} in found["reasons"]
    assert [one["name"] for one in found["candidates"]][:2] == ["P_lamps", "R_holes"]


def test_residents_are_not_told_what_is_only_proposed(taught: City) -> None:
    case = reported(taught, "old.other", "our lamp is dark")
    assert "P_lamps" in str(case), "staff see it"
    for seen in (
        taught.show(case["no"], taught.citizen),
        cases.explain(taught.citizen, case["no"], "en"),
    ):
        assert seen.get("proposal") is None
        assert "P_lamps" not in str(seen)


def test_what_another_process_has_learnt_is_taken_up(taught: City, tmp_path: Path) -> None:
    proposer = taught.ports[Proposer]
    schedule = service.Schedule(taught.platform, proposer, 0, lambda: None)
    schedule.look()
    assert proposer.version == 1
    service.learn(taught.platform, tmp_path / "learning")
    assert proposer.version == 1
    schedule.look()
    assert proposer.version == 2


def test_the_matrix_is_never_overridden(taught: City) -> None:
    """The class's role leads to the water office, whatever the words would say."""
    taught.ports[Proposer] = Proposer(taught.ports[Proposer].folder, 0.01)
    given = cases.Report("F-01", "our lamp is dark", lon=116.1, lat=39.1)
    case = taught.show(cases.report(taught.citizen, given))
    assert case["proposal"] is None
    cases.take(taught.centre, case["no"], "dispatch", cases.Given())
    assert taught.show(case["no"])["organisation_name"] == "Water Office"


def test_the_centre_accepts_or_chooses_otherwise_and_both_are_counted(taught: City) -> None:
    accepted = reported(taught, "old.other", "lamp is dark")
    other = reported(taught, "old.other", "the road has a hole", 116.1)
    to = {"organisation": accepted["proposal"]["organisation"]}
    for case in (accepted, other):
        cases.take(taught.centre, case["no"], "dispatch", cases.Given(to=to))
        cases.take(taught.centre, case["no"], "close", cases.Given())

    assert taught.show(accepted["no"])["proposal"]["outcome"] == "accepted"
    assert taught.show(other["no"])["proposal"]["outcome"] == "other"
    assert taught.show(other["no"])["proposal"]["answered_by"] == taught.centre.identity.label
    found = outcomes.accuracy(taught.centre, "en")
    (counted,) = found["items"]
    assert (counted["accepted"], counted["changed"], counted["acceptance"]) == (1, 1, 0.5)
    assert [(one["title"], one["acceptance"]) for one in found["by_class"]] == [("other", 0.5)]
    by_unit = {one["organisation_name"]: one["acceptance"] for one in found["by_organisation"]}
    assert by_unit == {"P_lamps": 1.0, "R_holes": 0.0}
    assert {key: counted[key] for key in ("version", "made", "closed", "right", "sent")} == {
        "version": 1,
        "made": 2,
        "closed": 2,
        "right": 1,
        "sent": 0,
    }
    assert counted["accuracy"] == 0.5 and counted["sent_accuracy"] is None


def reported_where_proposals_send(taught: City, send_from: float) -> dict[str, Any]:
    """A case of a class that dispatches what is reported by itself."""
    taught.ports[Proposer] = Proposer(taught.ports[Proposer].folder, send_from)
    (silent,) = [
        replace(one, automatic=("report",))
        for one in cases.list_classes(taught.platform)
        if one.code == "old.other"
    ]
    cases.install_classes(taught.platform, "import.old", [silent])
    return reported(taught, "old.other", "the lamp is dark")


@pytest.mark.parametrize(("send_from", "sent"), [(0.0, False), (0.5, True), (1.01, False)])
def test_a_proposal_is_sent_only_above_the_threshold_of_the_city(
    taught: City, send_from: float, sent: bool
) -> None:
    case = reported_where_proposals_send(taught, send_from)

    assert case["proposal"]["sent"] is sent
    assert case["organisation_name"] == ("P_lamps" if sent else "")
    codes = " ".join(case["dispatch"]["reason"])
    assert ("Sent as closed cases teach: P_lamps" in codes) is sent
    assert ("Proposed from closed cases: P_lamps" in codes) is not sent


def test_over_http(taught: City) -> None:
    no = reported(taught, "old.other", "lamp is dark")["no"]
    http = Browser(taught, [*routes(), *http_of_cases.routes()])
    found = http("centre", "GET", "/api/cases/proposals").json()
    assert found["version"] == 1 and found["items"][0]["made"] == 1
    shown = http("centre", "GET", f"/api/cases/{no}").json()["proposal"]
    assert shown["organisation_name"] == "P_lamps" and shown["threshold"] is None
    assert http("citizen", "GET", "/api/cases/proposals").status_code == 403


def test_a_class_is_proposed_before_a_case_is_opened(taught: City) -> None:
    http = Browser(taught, [*routes(), *http_of_cases.routes()])
    path = "/api/cases/likely?text=it%20is%20dark&lon=116.6&lat=39.1"
    for who in ("citizen", "centre"):
        first = http(who, "GET", path).json()["items"][0]
        assert first["code"] == "old.lamp" and first["title"] == "lamp"
        assert {"kind": "word", "value": "dark"} in first["reasons"]
    assert http("citizen", "GET", "/api/cases/likely?text=").json()["items"] == []
    assert http("citizen", "GET", "/api/cases/likely?text=x&lon=east").status_code == 400
    assert likely_classes(taught.citizen, Known(text=" "), "en") == []
    offered = suggest.suggest(taught.platform, "it is dark", 116.6, 39.1, "en")["classes"]
    assert "old.lamp" in [one["code"] for one in offered], "the operator of a hotline sees it too"
    cases.install_classes(taught.platform, "import.old", [])
    assert http("citizen", "GET", path).json()["items"] == [], "only what can be reported"


# Learning


def test_the_same_cases_teach_the_same(taught: City, tmp_path: Path) -> None:
    again = service.learn(taught.platform, tmp_path / "learning")
    assert again.version == 2 and again.cases == 560
    first = artefact.card(tmp_path / "learning", 1)
    assert first.digest == again.digest
    assert first.promised == again.promised == {"department": 2, "queue": 2, "case_class": 0}
    one, two = (artefact.load(tmp_path / "learning", each, "queue") for each in (1, 2))
    for name in ("columns", "weights", "offsets", "table", "raw", "sure", "least"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_model_reads_back_as_it_was_written(tmp_path: Path) -> None:
    known = [Known(f"c{row % 3}", f"word{row % 3}", at=row * HOUR) for row in range(90)]
    held = training.Cases(known)
    fitted = training.fit(held, [f"{row % 3}" for row in range(90)])
    card = artefact.Card(3, 0, 90, 0, 1, "d", {"queue": 0})
    artefact.save(tmp_path, card, {"queue": fitted})
    assert artefact.versions(tmp_path) == [3]
    read = artefact.load(tmp_path, 3, "queue")
    np.testing.assert_allclose(read.shares(known), fitted.shares(known), rtol=1e-6)
    np.testing.assert_allclose(training.shares(fitted, held), fitted.shares(known), rtol=1e-6)
    assert read.propose(known[0]).candidates[0].target == "0"


def test_nothing_that_is_code_is_read_from_a_model(tmp_path: Path) -> None:
    known = [Known("c", "w", at=row) for row in range(9)]
    fitted = training.fit(training.Cases(known), ["1"] * 9)
    artefact.save(tmp_path, artefact.Card(1, 0, 9, 0, 1, "", {}), {"queue": fitted})
    harmful = {name: np.array([object()]) for name in ("columns", "weights")}
    np.savez(tmp_path / "0001" / "queue.npz", allow_pickle=True, **harmful)
    with pytest.raises(ValueError, match="allow_pickle"):
        artefact.load(tmp_path, 1, "queue")


def test_too_few_cases_teach_nothing(city: City, tmp_path: Path) -> None:
    with pytest.raises(TooLittle):
        service.learn(city.platform, tmp_path / "learning")
    with pytest.raises(Denied):
        service.closed_examples(city.citizen)
    with pytest.raises(Denied):
        service.count_closed(city.citizen)
    with pytest.raises(Denied):
        service.keep_model(city.citizen, artefact.Card(1, 0, 0, 0, 0, "", {}))
    assert artefact.versions(tmp_path / "learning") == []


def test_learning_by_schedule(taught: City, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    proposer = Proposer(folder)
    assert proposer.version is None
    run = partial(service.learn, taught.platform, folder)
    schedule = service.Schedule(taught.platform, proposer, 7, run)
    schedule.look()
    schedule.wait()
    assert proposer.version == 1, "the new version is taken up"
    for after, expected in ((2 * HOUR, 1), (8 * DAY, 2)):
        taught.clock.advance(after)
        schedule.look()
        schedule.wait()
        assert proposer.version == expected


def test_accuracy_stands_on_the_day_and_knows_nothing_later(taught: City) -> None:
    with taught.database.read() as connection:
        found = examples.read(Context(taught.platform, connection))
    until = parse("2015-09-01T00:00:00Z")
    made = accuracy.of(found, until)["proposals"]
    assert made["trained_on"] == sum((one.closed_at or until) < until for one in found)
    assert made["trained_on"] + made["tested_on"] <= len(found)
    told = made["case_class"]
    assert told["top3"] == 1.0 and told["top1"] > told["most_frequent"]["top1"]
    assert set(told["by_title"]) == {"top1", "top3"} and "by_type" not in told
    for target in ("department", "queue"):
        assert made[target]["top1"] == 1.0, "class, words or place tell them apart"
        assert made[target]["by_type"]["top1"] < 1.0
        assert made[target]["without_type"]["top1"] == 1.0
        assert made[target]["most_frequent"]["top1"] == pytest.approx(0.5, abs=0.05)
        sent = made[target]["automatic_at_98"]
        assert sent["share"] > 0.9 and sent["precision"] == 1.0
        assert sent["share_with_perfect_threshold"] == 1.0


# The pure parts


def test_what_is_known_at_intake() -> None:
    known = Known("lamp", "Dark lamp", "app", "12 Elm St", 116.1, 39.1, parse("2015-01-01T09:00Z"))
    found = model.tokens(known)
    assert {"class lamp", "channel app", "word dark", "address elm", "hour 3"} <= set(found)
    assert "address 12" not in found, "numbers of houses are nobody's department"
    words = [weight for token, weight in found.items() if token.split()[0] in ("word", "part")]
    assert sum(weight**2 for weight in words) == pytest.approx(1.0)
    assert any(token == "part 井盖" for token in model.tokens(Known(text="井盖破损")))


def test_calibration_in_tenths() -> None:
    sure = np.array([0.95] * 10 + [0.55] * 10)
    right = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    found = model.reliability(sure, right)
    assert found["expected_calibration_error"] == pytest.approx(0.05)
    assert [(row["from"], row["right"]) for row in found["table"]] == [(0.5, 0.5), (0.9, 0.9)]


def test_the_threshold_is_the_least_confidence_that_is_right_often_enough() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    assert model.threshold(sure, right, 0.98) == 0.8
    assert model.threshold(sure, np.zeros(4, bool), 0.98) > 1


def test_few_cases_promise_little() -> None:
    """Wilson's interval: 98 % with 95 % certainty takes 133 right ones in a row."""
    for count, sent in ((132, False), (133, True)):
        sure, right, weeks = np.full(count, 0.9), np.ones(count, bool), np.zeros(count, np.int64)
        assert (training.promised(sure, right, weeks) <= 1) is sent
    assert model.at_least(0.98, 1000, 1.645) == pytest.approx(0.9713, abs=1e-4)
    assert model.at_least(0.5, 10, 0.0) == 0.5


def test_weeks_that_differ_promise_less_than_the_same_cases_at_random() -> None:
    right = np.ones(2000, bool)
    right[::100] = False
    weeks = np.arange(2000) // 100
    assert training.spread(right, weeks) == 1.0, "as even as can be"
    assert training.promised(np.full(2000, 0.9), right, weeks) == 0.9
    changed = np.arange(2000) >= 20
    assert training.spread(changed, weeks) > 10, "one week has all that is wrong"
    assert training.promised(np.full(2000, 0.9), changed, weeks) > 1


def test_each_target_has_a_threshold_of_its_own() -> None:
    """What is right of one target says nothing about another; a rare one promises nothing."""
    known, truth = [], []
    for row in range(1200):
        kind = ("sure", "torn", "sure", "torn", "sure", "rare")[row % 6]
        known.append(Known(kind, f"a {kind} thing", at=row * 6 * HOUR))
        truth.append({"torn": "BC"[row // 6 % 5 == 0], "rare": "D"}.get(kind, "A"))
    fitted = training.fit(training.Cases(known[:900]), truth[:900])
    least = dict(zip(fitted.targets, fitted.least, strict=True))
    assert least["A"] <= 1 and least["B"] > 1 and least["D"] > 1
    asked = {kind: fitted.propose(Known(kind, f"a {kind} thing")) for kind in ("sure", "torn")}
    assert asked["sure"].promised and not asked["torn"].promised
    assert [one.target for one in asked["torn"].candidates][:2] == ["B", "C"]
    found = training.tested(fitted, training.Cases(known[900:]), truth[900:])
    sent = found["automatic_at_98"]
    assert (sent["targets"], sent["of_targets"]) == (1, 4)
    assert sent["share"] == pytest.approx(0.5, abs=0.01) and sent["precision"] == 1.0


def test_every_part_is_tried_with_what_was_known_before_it() -> None:
    at = np.arange(100) * DAY
    assert [(a // DAY, b // DAY) for a, b in training._parts(at)] == [(24, 49), (49, 74), (74, 99)]
    assert training._parts(at)[-1][1] == at[-1] + 1, "the last case is tried too"
    late = [(row + 200) * DAY for row in range(100)]
    known = training.Cases([Known("c", at=day) for day in at.tolist()])
    fitted = training.fit(known, ["1"] * 100, late)
    assert (fitted.least > 1).all(), "nothing had ended when the parts began: nothing was tried"


def test_the_command(tmp_path: Path) -> None:
    home, mapping = str(tmp_path / "home"), tmp_path / "m.yaml"
    mapping.write_text(MAPPING + 'learn_until: "2015-10-01"\n', encoding="utf-8")
    asked = ["cases", "import", str(_history(tmp_path)), "--mapping", str(mapping)]
    done = CliRunner().invoke(main, [*asked, "--home", home])
    assert done.exit_code == 0 and '"proposals"' in done.output, done.output
    learnt = CliRunner().invoke(main, ["cases", "learn", "--home", home])
    assert learnt.exit_code == 0 and '"case_class"' in learnt.output, learnt.output
    assert artefact.versions(tmp_path / "home" / "learning") == [1]
    apart = Apart(Settings(tmp_path / "home"))
    apart.run()
    assert artefact.versions(tmp_path / "home" / "learning") == [1, 2]
    apart.stop()
    apart.run()
    assert artefact.versions(tmp_path / "home" / "learning") == [1, 2], "it was stopped"


def test_a_start_does_not_import_the_library_that_learns() -> None:
    code = "import sys, yiwang.app, yiwang.server; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
