"""What an operator learns late or heard wrongly: a caller's name and mood, and how urgent it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yiwang.cases.hotline import model, service, store, views
from yiwang.cases.hotline.errors import BadContact, CallerUnknown, NoSuchContact
from yiwang.cases.hotline.tables import hotline_callers, hotline_contacts
from yiwang.security.actions import Context, action

MOST_NAME = 128


@dataclass(frozen=True)
class Correction:
    """What changes; None stays. An empty ``name`` takes a wrong one away."""

    name: str | None = None
    emotion: str | None = None
    urgent: bool | None = None


@action("cases.correct_contact", permission="cases.hotline", audit_verb="contact_corrected")
def correct_contact(ctx: Context, id: int, given: Correction, lang: str) -> dict[str, Any]:
    """Complete or correct a contact, while it lasts and after it has ended: the contact, as it
    is then. The name is that of everybody who calls from this number, and of those who are told
    of the contact's cases. Raises NoSuchContact, CallerUnknown, BadContact; then nothing has
    changed."""
    contact = store.contact(ctx.connection, id, lock=True)
    if contact is None:
        raise NoSuchContact(id=id)
    name = None if given.name is None else given.name.strip()
    if name is not None and len(name) > MOST_NAME:
        raise BadContact("name", name="name", value=f"{len(name)}", known=f"<= {MOST_NAME}")
    if given.emotion is not None:
        service.one_of("emotion", given.emotion, model.EMOTIONS)
    if name and contact.caller is None:
        raise CallerUnknown(f"contact:{id}", id=id)
    marks = {"emotion": given.emotion, "urgent": given.urgent}
    changed = {
        key: value
        for key, value in marks.items()
        if value is not None and value != getattr(contact, key)
    }
    if changed:
        store.change(ctx.connection, hotline_contacts, id, **changed)
    before = {key: getattr(contact, key) for key in changed}
    caller = store.caller(ctx.connection, contact.caller)
    named = name is not None and caller is not None and name != caller.name
    if named and caller is not None:
        store.change(ctx.connection, hotline_callers, caller.id, name=name)
        store.rename(ctx.connection, caller, id, name or "")
    # The audit says that a name was changed, and never a name.
    subject = f"caller:{contact.caller}" if contact.caller is not None else f"contact:{id}"
    ctx.note(subject, contact=id, name_changed=named, before=before, after=changed)
    shown = store.contact(ctx.connection, id)
    assert shown is not None
    return views.contact(ctx, shown, lang)
