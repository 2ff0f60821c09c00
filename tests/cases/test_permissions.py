"""Every role × state × step × what is pending, against a table written down by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yiwang.cases.model import guards
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.guards import Facts
from yiwang.cases.spec import default_machine
from yiwang.security.model import ROLES, Identity

KINDS = {
    "reported": "new",
    "accepted": "new",
    "dispatched": "working",
    "handling": "working",
    "suspended": "waiting",
    "handed_over": "waiting",
    "handled": "waiting",
    "verified": "waiting",
    "closed": "done",
    "declined": "void",
    "voided": "void",
    "merged": "void",
}
OPEN = {state for state, kind in KINDS.items() if kind in ("new", "working", "waiting")}
ANY = set(KINDS)
WITH_HANDLER = {"dispatched", "handling"}
BEFORE_HANDLED = {"reported", "accepted", "dispatched", "handling"}
ENDED = {"closed", "declined", "voided"}

# step: from these states, by these (C centre, H handler, J joint unit, G grid worker, R
# reporter, A auditor and everybody else who may read), when this is so
TABLE: dict[str, tuple[set[str], str, str]] = {
    "accept": ({"reported"}, "C", ""),
    "decline": ({"reported", "accepted"}, "C", ""),
    "dispatch": (BEFORE_HANDLED, "C", ""),
    "start": ({"dispatched"}, "H", ""),
    "report": (WITH_HANDLER, "H", "no parts"),
    "return": (WITH_HANDLER, "H", ""),
    "transfer": (WITH_HANDLER, "HC", ""),
    "escalate": (WITH_HANDLER, "HC", ""),
    "hand_down": (WITH_HANDLER, "HC", ""),
    "hand_over": (WITH_HANDLER | {"accepted"}, "C", ""),
    "outside_answer": ({"handed_over"}, "HC", ""),
    "take_back": ({"handed_over"}, "HC", ""),
    "ask_help": (WITH_HANDLER, "H", ""),
    "ask_joint": (WITH_HANDLER, "HC", ""),
    "answer_part": (OPEN, "J", "parts"),
    "waive_part": (OPEN, "C", "parts"),
    "ask_extension": (WITH_HANDLER, "H", "not asked"),
    "extend_granted": (OPEN, "C", "asked"),
    "extend_refused": (OPEN, "C", "asked"),
    "suspend": (WITH_HANDLER | {"accepted"}, "C", ""),
    "resume": ({"suspended"}, "CH", ""),
    "verify_ok": ({"handled"}, "GC", ""),
    "verify_not_ok": ({"handled"}, "GC", ""),
    "close": ({"verified"}, "C", ""),
    "assess": ({"closed"}, "RCO", ""),
    "appeal": (ANY, "H", "late"),
    "appeal_accepted": (ANY, "C", "appealed"),
    "appeal_rejected": (ANY, "C", "appealed"),
    "reopen": (ENDED, "CRO", ""),
    "void": (OPEN, "C", ""),
    "urge": (OPEN, "CRGO", ""),
    "supervise": (OPEN, "C", ""),
    "answer_supervision": (OPEN, "H", "supervised"),
    "change": (OPEN, "C", ""),
    "merge": (OPEN, "C", ""),
    "split": ({"merged"}, "C", ""),
    "comment": (ANY, "CHJGRA", ""),
}
INSIDE = {
    "administrator": "CHJGAO",
    "command_centre": "CHJGAO",
    "department_handler": "HJA",
    "department_head": "HJA",
    "grid_worker": "HJGA",
    "auditor": "A",
    "hotline_operator": "AO",
    "telephone_system": "",
    "data_bureau": "",
    "data_steward": "",
    "data_system": "",
    "data_node": "",
    "citizen": "R",
    "device": "",
    "anonymous": "",
}
OUTSIDE = {
    "administrator": "CAO",
    "command_centre": "CAO",
    "department_handler": "A",
    "department_head": "A",
    "grid_worker": "A",
    "auditor": "A",
    "hotline_operator": "AO",
    "telephone_system": "",
    "data_bureau": "",
    "data_steward": "",
    "data_system": "",
    "data_node": "",
    "citizen": "",
    "device": "",
    "anonymous": "",
}
PENDING = {
    "nothing": {"no parts", "not asked"},
    "parts": {"parts", "not asked"},
    "asked": {"no parts", "asked"},
    "late": {"no parts", "not asked", "late"},
    "appealed": {"no parts", "not asked", "appealed"},
    "supervised": {"no parts", "not asked", "supervised"},
}


def _facts(state: str, pending: str) -> Facts:
    case = Facts(1, state, KINDS[state], 1, "somebody", 1, "citizen")
    case = case._replace(handled_by="somebody")
    if pending == "parts":
        case = case._replace(joint=frozenset({1}), asked=frozenset({1}), open_parts=1)
    elif pending == "asked":
        case = case._replace(extension_asked=10)
    elif pending == "late":
        case = case._replace(overdue=True)
    elif pending == "appealed":
        case = case._replace(overdue=True, appeal="asked")
    elif pending == "supervised":
        case = case._replace(must_answer=True)
    return case


def test_the_table_knows_every_role_and_state() -> None:
    assert set(INSIDE) == set(OUTSIDE) == set(ROLES) - {"system"}
    assert {name: one.kind for name, one in default_machine().states.items()} == KINDS
    assert set(TABLE) == set(default_machine().steps)


@pytest.mark.parametrize("pending", PENDING)
@pytest.mark.parametrize("role", INSIDE)
@pytest.mark.parametrize("near", [True, False], ids=["inside", "outside"])
def test_every_role_in_every_state(role: str, near: bool, pending: str) -> None:
    plain = CaseClass("plain", default_machine())
    kind = role if role in ("device", "anonymous") else "user"
    name, number = (role, 1) if near else (f"other {role}", 2)
    person = Identity(kind, 1, name, frozenset({role}), None, number, frozenset({number}))
    relations = (INSIDE if near else OUTSIDE)[role]
    if pending != "parts":
        relations = relations.replace("J", "")
    for state in KINDS:
        case = _facts(state, pending)
        offered = guards.possible_steps(plain, case, person)
        may = {one.step for one in offered if one.allowed}
        expected = {
            step
            for step, (states, who, when) in TABLE.items()
            if state in states
            and set(who) & set(relations)
            and (not when or when in PENDING[pending])
        }
        assert may == expected, state
        for one in offered:
            refused = guards.refuse(plain, case, person, one.step)
            assert one.why_not == refused and one.allowed == (refused is None)
            about_person = refused is not None and refused.code in guards.DENIED
            assert about_person == (not set(TABLE[one.step][1]) & set(relations))


@pytest.mark.parametrize("role", INSIDE)
def test_who_sees_a_case(role: str) -> None:
    case = Facts(1, "handling", "working", 1, "somebody", 1, "citizen")
    inside = Identity("user", 1, role, frozenset({role}), None, 1, frozenset({1}))
    outside = Identity("user", 1, "x", frozenset({role}), None, 2, frozenset({2}))
    assert guards.may_see(case, inside) == bool(INSIDE[role])
    sees_all = role in ("administrator", "command_centre", "auditor", "hotline_operator")
    assert guards.may_see(case, outside) == sees_all
    with_part = case._replace(joint=frozenset({2}))
    handles = sees_all or role in ("department_handler", "department_head", "grid_worker")
    assert guards.may_see(with_part, outside) == handles


def test_the_bounds_of_a_class() -> None:
    machine = default_machine()
    centre = Identity("user", 1, "c", frozenset({"command_centre"}))
    handler = Identity("user", 1, "h", frozenset({"department_handler"}), None, 1)

    def why(step: str, person: Identity, state: str, **facts: int) -> str:
        bounds = replace(machine.bounds, reopen_within=60, returns_most=2, extensions=1)
        bounded = CaseClass("bounded", replace(machine, bounds=bounds))
        case = _facts(state, "nothing")._replace(**facts)  # type: ignore[arg-type]
        refused = guards.refuse(bounded, case, person, step)
        return "" if refused is None else refused.code

    assert why("reopen", centre, "closed", ended_for=60) == ""
    assert why("reopen", centre, "closed", ended_for=61) == "too_long_ago"
    assert why("assess", centre, "closed", assessed=False) == ""
    assert why("assess", centre, "closed", assessed=True) == "assessed_already"
    assert why("return", handler, "handling", returns=1) == ""
    assert why("return", handler, "handling", returns=2) == "too_many_returns"
    assert why("ask_extension", handler, "handling", extensions=0) == ""
    assert why("ask_extension", handler, "handling", extensions=1) == "extensions_used"
    assert why("ask_extension", handler, "handling", limited=False) == "no_limit"
