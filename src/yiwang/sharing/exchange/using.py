"""The jobs and the resources that a source serves."""

from __future__ import annotations

from sqlalchemy import Connection

from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.exchange import store
from yiwang.sharing.sources.uses import Use


class Users:
    """What ``sources.uses.Uses`` asks for."""

    def of(self, connection: Connection, source: str) -> list[Use]:
        """Jobs that read or write it, and resources that are not retired whose rows lie in it:
        what is harvested and what a base library is fed with are such resources, and datasets are
        filled by such jobs."""
        jobs = [
            Use("job", one.code, one.name)
            for one in store.jobs(connection, None, True, "", None)
            if source in (one.spec.from_.source, one.spec.to.source)
        ]
        resources = catalogue.lying_in(connection, source)
        return [*jobs, *(Use("resource", str(id), name) for id, name in resources)]
