"""Which parts of sharing hear of what has happened, in this order."""

from __future__ import annotations

from yiwang.security.relay import GATHERS_S, Consumer
from yiwang.sharing.catalogue import scoring
from yiwang.sharing.libraries import runtime as libraries
from yiwang.sharing.lineage import service as lineage
from yiwang.sharing.quality import watching as quality


def consumers() -> list[Consumer]:
    return [
        Consumer("sharing.quality", quality.TOPICS, quality.hear),
        Consumer("sharing.libraries", libraries.TOPICS, libraries.hear),
        Consumer("sharing.lineage", lineage.TOPICS, lineage.follow, GATHERS_S),
        Consumer("catalogue.scores", scoring.TOPICS, scoring.follow, GATHERS_S),
    ]
