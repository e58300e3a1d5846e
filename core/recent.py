"""What was made lately and may be asked for again, up to a bound on its size."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Things by key, those asked for last, of `most` in size together. Threads may share it."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size, self._total = most, size, 0
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under `key`, made when there is none. What is larger than all the rest is kept alone."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            if key not in self._found:
                self._found[key] = made
                self._total += self._size(made)
            while self._total > self._most and len(self._found) > 1:
                self._total -= self._size(self._found.popitem(last=False)[1])
        return made
