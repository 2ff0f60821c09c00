"""The bench of the observation path, here too."""

from tests.sensing.core.conftest import bench

__all__ = ["bench"]
