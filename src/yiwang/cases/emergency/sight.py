"""Who sees an incident, commands it, and acts on a task."""

from __future__ import annotations

from yiwang.cases.emergency.errors import NoSuchIncident
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.post import Post
from yiwang.cases.model.guards import sees_all
from yiwang.security.model import Identity, allowed


def may_command(identity: Identity) -> bool:
    return allowed(identity, "cases.command")


def may_act(job: Job, identity: Identity) -> bool:
    """The command, the person on duty, and anybody of the organisation that has the task."""
    return may_command(identity) or (allowed(identity, "cases.handle") and _has(job, identity))


def visible(post: Post, identity: Identity) -> None:
    """Raises NoSuchIncident: for those who have no part in an incident there is none."""
    if sees_all(identity) or any(_has(job, identity) for job in post.jobs):
        return
    raise NoSuchIncident(no=post.no)


def _has(job: Job, identity: Identity) -> bool:
    if identity.kind not in ("user", "token"):
        return False
    if job.handler and job.handler == identity.name:
        return True
    return job.organisation is not None and job.organisation == identity.organisation
