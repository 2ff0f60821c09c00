"""What cases work with besides the database, read from a home's files."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from yiwang.cases.crew import read_weights
from yiwang.cases.hotline import board
from yiwang.cases.learning.proposals import Proposer
from yiwang.cases.model.people import Weights
from yiwang.cases.scoring import schemes
from yiwang.cases.tasks import policy
from yiwang.kernel import calendar
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.settings import Settings
from yiwang.registry import functions


def of_home(settings: Settings) -> dict[type, Any]:
    home, zone = settings.home, ZoneInfo(settings.time_zone)
    return {
        Settings: settings,
        WorkingCalendar: calendar.read(home / "city" / "calendar.yaml", zone),
        Proposer: Proposer(home / "learning", settings.proposals_sent_from / 100),
        schemes.Schemes: schemes.load(home),
        policy.TaskPolicy: policy.load(home),
        functions.Functions: functions.load(home),
        board.Board: board.load(home),
        Weights: read_weights(home / "city" / "dispatch.yaml"),
    }
