"""What is done with resources: compile, submit, review, publish, revise, retire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from yiwang.contracts.events import ResourceChanged
from yiwang.registry import service as registry
from yiwang.security.actions import Context, action
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import checks, classes, model, store
from yiwang.sharing.catalogue.errors import (
    BadEntry,
    ChangedMeanwhile,
    ClassFixed,
    Fault,
    IncompleteEntry,
    NotYourResource,
    OwnReview,
    ReasonMissing,
    WrongStep,
)
from yiwang.sharing.catalogue.model import Entry, Resource
from yiwang.sharing.sources import service as sources
from yiwang.sharing.sources import store as source_store
from yiwang.sharing.sources.errors import NoSuchSource


@action("sharing.add_resource", permission="sharing.compile", audit_verb="resource_added")
def add(ctx: Context, entry: Entry) -> int:
    """Enter a resource as a draft of its organisation; its number. Raises NotYourResource,
    BadEntry, UnknownRecord."""
    _own(ctx, entry.organisation)
    _check(ctx, entry)
    code = _code(ctx, entry.class_code)
    id = store.add(ctx.connection, entry, code, ctx.now, ctx.identity.label)
    store.add_step(ctx.connection, id, 1, "add", ctx.now, ctx.identity.label, "")
    ctx.note(f"resource:{id}", name=entry.name)
    return id


@action("sharing.change_resource", permission="sharing.compile", audit_verb="resource_changed")
def change(ctx: Context, id: int, entry: Entry, revision: int | None = None) -> None:
    """Write the draft of a resource anew. ``revision`` is the one that was read. Raises
    NoSuchResource, NotYourResource, WrongStep, ChangedMeanwhile, ClassFixed, BadEntry."""
    work = _work(ctx, id, revision)
    _own(ctx, work.held.organisation)
    _own(ctx, entry.organisation)
    if work.stage != "draft":
        raise WrongStep(id=id, step="change", state=work.stage)
    _check(ctx, entry)
    values: dict[str, Any] = {"changed_at": ctx.now}
    held = work.held
    if held.class_code != entry.class_code:
        if held.version:
            raise ClassFixed(id=id, code=held.code)
        values["code"] = _code(ctx, entry.class_code)
    work.touch(values)
    store.change_version(ctx.connection, id, work.number, entry=entry)
    if not held.version:
        store.project(ctx.connection, id, entry)
    ctx.note(f"resource:{id}", version=work.number)


@action("sharing.submit_resource", permission="sharing.compile", audit_verb="resource_submitted")
def submit(ctx: Context, id: int, text: str = "", revision: int | None = None) -> None:
    """Hand a draft in for review. Raises NoSuchResource, NotYourResource, WrongStep,
    ChangedMeanwhile, IncompleteEntry."""
    work = _step(ctx, id, "submit", revision)
    _own(ctx, work.held.organisation)
    faults = checks.gaps(store.entry_in(work.row))
    if faults:
        raise IncompleteEntry(faults, id=id)
    work.to("in_review")
    store.change_version(ctx.connection, id, work.number, submitted_by=ctx.identity.label)
    work.done("submit", text)


@action("sharing.withdraw_resource", permission="sharing.compile", audit_verb="resource_withdrawn")
def withdraw(ctx: Context, id: int, text: str = "", revision: int | None = None) -> None:
    """Take a draft back from review. Raises NoSuchResource, NotYourResource, WrongStep,
    ChangedMeanwhile."""
    work = _step(ctx, id, "withdraw", revision)
    _own(ctx, work.held.organisation)
    work.to("draft")
    work.done("withdraw", text)


@action("sharing.return_resource", permission="sharing.review", audit_verb="resource_returned")
def give_back(ctx: Context, id: int, text: str, revision: int | None = None) -> None:
    """Return what was handed in, with the reason. Raises NoSuchResource, WrongStep,
    ChangedMeanwhile, ReasonMissing."""
    work = _step(ctx, id, "return", revision)
    _reason(text, "return")
    work.to("draft")
    work.done("return", text)


@action("sharing.publish_resource", permission="sharing.review", audit_verb="resource_published")
def publish(ctx: Context, id: int, text: str = "", revision: int | None = None) -> None:
    """Put the version in force that is in review; the one before stays to be read. Raises
    NoSuchResource, WrongStep, ChangedMeanwhile, OwnReview."""
    work = _step(ctx, id, "publish", revision)
    held, entry = work.held, store.entry_in(work.row)
    if work.row.submitted_by == ctx.identity.label and ctx.identity.kind != "system":
        raise OwnReview(id=id)
    values = {"state": "published", "pending": "", "version": work.number}
    first = {} if held.published_at else {"published_at": ctx.now}
    work.touch(values | first | {"changed_at": ctx.now})
    store.project(ctx.connection, id, entry)
    if held.version:
        store.change_version(ctx.connection, id, held.version, state="replaced")
    given = {"published_at": ctx.now, "published_by": ctx.identity.label}
    store.change_version(ctx.connection, id, work.number, state="published", **given)
    work.done("publish", text)
    ctx.emit(
        ResourceChanged(id, held.code, "revised" if held.version else "published", work.number)
    )


@action("sharing.revise_resource", permission="sharing.compile", audit_verb="resource_revised")
def revise(ctx: Context, id: int, text: str = "", revision: int | None = None) -> None:
    """Begin the next version as a copy of the one in force. Raises NoSuchResource,
    NotYourResource, WrongStep, ChangedMeanwhile."""
    work = _step(ctx, id, "revise", revision)
    held = work.held
    _own(ctx, held.organisation)
    work.touch({"pending": "draft", "changed_at": ctx.now})
    number = held.version + 1
    store.add_version(ctx.connection, id, number, held.entry(), ctx.now, ctx.identity.label)
    work.number = number
    work.done("revise", text)


@action("sharing.discard_resource", permission="sharing.compile", audit_verb="resource_discarded")
def discard(ctx: Context, id: int, text: str = "", revision: int | None = None) -> None:
    """Give a draft up: the next version of a published resource, or one that never was
    published. Raises NoSuchResource, NotYourResource, WrongStep, ChangedMeanwhile."""
    work = _step(ctx, id, "discard", revision)
    held = work.held
    _own(ctx, held.organisation)
    if not held.version:
        store.remove(ctx.connection, id)
        ctx.note(f"resource:{id}", name=held.name, code=held.code)
        return
    work.touch({"pending": "", "changed_at": ctx.now})
    store.drop_version(ctx.connection, id, work.number)
    work.done("discard", text)


@action("sharing.retire_resource", permission="sharing.review", audit_verb="resource_retired")
def retire(ctx: Context, id: int, text: str, revision: int | None = None) -> None:
    """Take a resource out of force, with the reason. Raises NoSuchResource, WrongStep,
    ChangedMeanwhile, ReasonMissing."""
    work = _step(ctx, id, "retire", revision)
    _reason(text, "retire")
    work.touch({"state": "retired", "retired_at": ctx.now, "changed_at": ctx.now})
    store.change_version(ctx.connection, id, work.number, state="retired")
    work.done("retire", text)
    ctx.emit(ResourceChanged(id, work.held.code, "retired", work.number))


STEPS = {
    "submit": submit,
    "withdraw": withdraw,
    "return": give_back,
    "publish": publish,
    "revise": revise,
    "discard": discard,
    "retire": retire,
}
"""The action of each step of the lifecycle."""


def mine(ctx: Context, organisation: int) -> bool:
    """Whether the caller may write for an organisation: its stewards, and who reviews."""
    if allowed(ctx.identity, "sharing.review"):
        return True
    return allowed(ctx.identity, "sharing.compile") and ctx.identity.organisation == organisation


@dataclass
class _Work:
    """A resource and the version of it that is worked on."""

    ctx: Context
    held: Resource
    row: Row[Any]
    number: int

    @property
    def stage(self) -> str:
        return model.stage(self.held.state, self.held.pending)

    def to(self, stage: str) -> None:
        """Move the version that is worked on."""
        column = "pending" if self.held.version else "state"
        self.touch({column: stage, "changed_at": self.ctx.now})
        store.change_version(self.ctx.connection, self.held.id, self.number, state=stage)

    def touch(self, values: dict[str, Any]) -> None:
        held = self.held
        if not store.touch(self.ctx.connection, held.id, held.revision, values):
            raise ChangedMeanwhile(id=held.id)

    def done(self, step: str, text: str) -> None:
        ctx, id, said = self.ctx, self.held.id, text.strip()
        store.add_step(ctx.connection, id, self.number, step, ctx.now, ctx.identity.label, said)
        ctx.note(f"resource:{id}", version=self.number)


def _work(ctx: Context, id: int, revision: int | None) -> _Work:
    held = store.resource(ctx.connection, id)
    if revision is not None and revision != held.revision:
        raise ChangedMeanwhile(id=id)
    number = held.version + 1 if held.pending or not held.version else held.version
    return _Work(ctx, held, store.version(ctx.connection, id, number), number)


def _step(ctx: Context, id: int, step: str, revision: int | None) -> _Work:
    work = _work(ctx, id, revision)
    if work.stage not in model.STEPS[step]:
        raise WrongStep(id=id, step=step, state=work.stage)
    return work


def _own(ctx: Context, organisation: int) -> None:
    if not mine(ctx, organisation):
        raise NotYourResource(organisation=organisation)


def _check(ctx: Context, entry: Entry) -> None:
    registry.organisation(ctx, entry.organisation)
    if entry.source:
        source_store.hold(ctx.connection, entry.source)
    faults = checks.shape(entry, classes.of(ctx)) + _places(ctx, entry)
    if faults:
        raise BadEntry(faults)


def _places(ctx: Context, entry: Entry) -> list[Fault]:
    """A steward's entries lie in sources and datasets of the own organisation alone: who reads a
    resource under a grant reads what it names."""
    if allowed(ctx.identity, "sharing.operate"):
        return []
    faults = []
    if entry.source:
        try:
            sources.of(ctx.connection, ctx.identity, entry.source)
        except NoSuchSource:
            faults.append(Fault(0, "source", "unknown_source", entry.source))
    held = store.of_dataset(ctx.connection, entry.dataset) if entry.dataset else None
    if held is not None and held.organisation != entry.organisation:
        faults.append(Fault(0, "dataset", "others_dataset", entry.dataset or ""))
    return faults


def _code(ctx: Context, class_code: str) -> str | None:
    if not class_code:
        return None
    return model.code(class_code, store.next_sequence(ctx.connection, class_code))


def _reason(text: str, step: str) -> None:
    if not text.strip():
        raise ReasonMissing(step=step)
