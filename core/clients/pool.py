"""Many texts at once: a bounded number of coroutines in a thread of their own, their results as they are ready."""

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from core.clients.asking import Desk, Stopped
from core.methods.base import Cancelled

T = TypeVar("T")
R = TypeVar("R")

STOP_SECONDS = 2.0
"""Requests in flight when a run is cancelled may still end within this time; they are paid for anyway."""


def run_all(
    desk: Desk, work: Callable[[T], Awaitable[R]], items: Sequence[T], most: int, should_stop: Callable[[], bool]
) -> Iterator[R]:
    """The results of `work` on every item, at most `most` at once, in the order in which they are ready.

    When one fails no other is begun; those in flight end and are yielded, then the failure is raised.

    Raises:
        Cancelled: the run is to stop.
        Exception: what `work` raised first.
    """
    results: queue.Queue[tuple[str, Any]] = queue.Queue()
    stop = threading.Event()
    desk.stopping = stop.is_set
    thread = threading.Thread(target=_run, args=(desk, work, items, most, stop, results), daemon=True, name="requests")
    thread.start()
    failure: BaseException | None = None
    try:
        while True:
            try:
                kind, value = results.get(timeout=0.1)
            except queue.Empty:
                kind, value = "", None
            if kind == "result":
                yield value
            elif kind == "failure":
                failure = failure or value
            elif kind == "end":
                break
            if should_stop():
                raise Cancelled
    finally:
        stop.set()
        _let_end(thread, results)
    if failure is not None:
        raise failure


def _let_end(thread: threading.Thread, results: "queue.Queue[tuple[str, Any]]") -> None:
    until = time.monotonic() + STOP_SECONDS
    while thread.is_alive() and time.monotonic() < until:
        thread.join(0.05)
        while not results.empty():
            results.get_nowait()


def _run(
    desk: Desk, work: Callable[[Any], Awaitable[Any]], items: Sequence[Any], most: int, stop: threading.Event,
    results: "queue.Queue[tuple[str, Any]]",
) -> None:  # fmt: skip
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            if stop.is_set():
                return
            try:
                results.put(("result", await work(item)))
            except Stopped:
                return
            except BaseException as error:
                stop.set()
                results.put(("failure", error))
                return

    async def everyone() -> None:
        async with desk:
            await asyncio.gather(*(worker() for _ in range(min(most, len(items)))))

    try:
        asyncio.run(everyone())
    except BaseException as error:
        results.put(("failure", error))
    results.put(("end", None))
