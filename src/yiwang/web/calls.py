"""Running actions, which are synchronous, from asynchronous handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

R = TypeVar("R")

_threads = ThreadPoolExecutor(8, thread_name_prefix="action")


async def run(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Call ``function`` in the pool of action threads and wait for its result."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(function, *args, **kwargs))
