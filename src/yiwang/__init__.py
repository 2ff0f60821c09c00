"""Yiwang (一网): the platform on which a city district runs its day."""

__version__ = "0.1.0"
