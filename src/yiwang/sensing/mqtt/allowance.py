"""How much one client may send: an allowance that grows with time, to a second's worth."""

from __future__ import annotations


class Allowance:
    """``rate``: pieces a second. Times are seconds of a monotonic clock."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._left = rate
        self._at = now

    def spend(self, pieces: int, now: float) -> None:
        """Take pieces that came; more than is left leaves a debt."""
        self._left = min(self._left + (now - self._at) * self._rate, self._rate) - pieces
        self._at = now

    def owed_s(self, now: float) -> float:
        """Seconds until the debt is paid; 0 where there is none."""
        return max(0.0, -self._left / self._rate - (now - self._at))
