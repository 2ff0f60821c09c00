"""What a class of ``cases.yaml`` says about reports: ``form``, ``public`` and ``reports``."""

from __future__ import annotations

from yiwang.cases.model.forms import DATATYPES, LISTS, MOST_ROUND_M, Attribute, Choice, Opening
from yiwang.kernel.documents import MissingKey, NotAllowed, Section, WrongType
from yiwang.kernel.text import LANGUAGES, phrase
from yiwang.kernel.units import magnitude

OFFERS = ("realtime", "batch", "blackbox", "closed")


def read_form(section: Section) -> tuple[Attribute, ...]:
    """The questions in their order; a code may be asked once."""
    found: dict[str, Attribute] = {}
    for item in section.items("form") if section.has("form") else ():
        one = _attribute(item)
        if one.code in found:
            raise NotAllowed(
                item.place("code"), key="code", value=one.code, options=phrase("new_code")
            )
        found[one.code] = one
    return tuple(found.values())


def read_opening(section: Section) -> Opening | None:
    """``public: true``, or ``{round: 100 m, text: true, photos: true}``; closed by default."""
    if not section.has("public"):
        return None
    if isinstance(section.raw("public"), bool):
        return Opening() if section.take("public", bool) else None
    body = section.section("public")
    metres = 0.0
    if body.has("round"):
        metres = magnitude(body.raw("round"), "m", body.place("round"), "round")
        if not 0 <= metres <= MOST_ROUND_M:
            raise WrongType(
                body.place("round"), key="round", value=metres, wanted=phrase("up_to_5_km")
            )
    found = Opening(metres, body.take("text", bool, False), body.take("photos", bool, False))
    body.finish()
    return found


def read_offer(section: Section) -> str:
    """When reporters from outside learn the case number; ``closed``: they cannot report it."""
    return section.choice("reports", OFFERS, "realtime")


def _attribute(section: Section) -> Attribute:
    code = section.text("code")
    if not code or len(code) > 64 or not all(char.isalnum() or char in "_-." for char in code):
        options = phrase("code_signs")
        raise NotAllowed(section.place("code"), key="code", value=code, options=options)
    datatype = section.choice("datatype", DATATYPES, "string")
    values = _choices(section.section("values")) if section.has("values") else ()
    if (datatype in LISTS) != bool(values):
        if datatype in LISTS:
            raise MissingKey(section.where, key="values", section=code)
        raise NotAllowed(
            section.place("values"), key="datatype", value=datatype, options=", ".join(LISTS)
        )
    found = Attribute(
        code,
        datatype,
        section.take("required", bool, False),
        _titles(section, "description"),
        _titles(section, "hint"),
        values,
        section.take("variable", bool, True),
    )
    section.finish()
    return found


def _choices(section: Section) -> tuple[Choice, ...]:
    found = tuple(
        Choice(str(key), _titles(section, key))
        for key in section.keys()  # noqa: SIM118
    )
    section.finish()
    return found


def _titles(section: Section, key: str) -> dict[str, str]:
    """A text for each language, or one for all of them."""
    if not section.has(key):
        return {}
    if isinstance(section.raw(key), str):
        return dict.fromkeys(LANGUAGES, section.text(key))
    titles = section.section(key)
    found = {lang: titles.text(lang) for lang in LANGUAGES if titles.has(lang)}
    titles.finish()
    return found
