"""`once`: what is made of an object when it is first asked for, and lives as long as the object."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

_Of = TypeVar("_Of")
_Made = TypeVar("_Made")


def once(make: Callable[[_Of], _Made]) -> Callable[[_Of], _Made]:
    """A function of an object that is computed once for each, whichever threads ask for it.

    Two results for one object would be more than a waste: the second would take the place of the first, whose compiled
    code would go while its addresses are in use.
    """
    results: WeakKeyDictionary[_Of, _Made] = WeakKeyDictionary()
    lock = threading.RLock()

    @functools.wraps(make)
    def found(of: _Of) -> _Made:
        try:
            return results[of]
        except KeyError:
            pass
        with lock:
            if of not in results:
                results[of] = make(of)
            return results[of]

    return found
