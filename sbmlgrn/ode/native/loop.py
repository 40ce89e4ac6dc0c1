"""`loop`: Numba's compiler, with a cache on disk that holds only what was compiled from these very sources, undamaged.

Numba's own cache looks at the file of the function alone; the loops call functions of other files, and would go on
with those of yesterday.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import llvmlite
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

_F = TypeVar("_F", bound=Callable[..., Any])
_DIGEST: Final = hashlib.sha256().digest_size


def loop(function: _F) -> _F:
    """Compiles a function of numbers and arrays when it is first called, or takes it from the cache.

    The cache is in ``$SBMLGRN_CACHE_DIR``, or in the user's folder for caches. It is not used where that folder belongs
    to somebody else or cannot be written. Divisions by zero give infinities and NaN, as in the models' own code.
    """
    return _compiled(function, inline=False, counted=True)


def lean(function: _F) -> _F:
    """The same for a function that makes no arrays: it does not count references to those it is given.

    The counts are atomic, and would take longer than a step of a small model.
    """
    return _compiled(function, inline=False, counted=False)


def part(function: _F) -> _F:
    """The same as `lean`, but for loops alone to call: often Python's way into a function takes longest to compile.

    Called from Python it would crash the interpreter.
    """
    return _compiled(function, inline=False, counted=False, called=False)


def inlined(function: _F) -> _F:
    """The same as `lean`, put into whatever calls it: passing arrays takes longer than a few operations on them."""
    return _compiled(function, inline=True, counted=False)


def reordered(function: _F) -> _F:
    """The same as `inlined`, with leave to add in any order and to fuse additions with products, as SIMD sums must."""
    return _compiled(function, inline=True, counted=False, fastmath={"reassoc", "contract", "nsz"})


def _compiled(function: _F, inline: bool, counted: bool, called: bool = True, fastmath: set[str] | bool = False) -> _F:
    options = {"nogil": True, "error_model": "numpy", "forceinline": inline, "_nrt": counted, "fastmath": fastmath}
    options |= {"no_cpython_wrapper": not called, "no_cfunc_wrapper": True}
    dispatcher: Any = numba.njit(**options)(function)
    folder = _folder()
    if folder is not None:
        dispatcher._cache = _Cache(function, folder)
    return dispatcher


@functools.cache
def _stamp(folder: Path) -> str:
    """What compiled code depends on: the loops of this folder and those of `folder`, and what they call by address."""
    digest = hashlib.sha256(f"{sys.version} {numba.__version__} {llvmlite.__version__}".encode())
    here = Path(__file__).parent
    for source in dict.fromkeys((here, here.parents[1] / "backends" / "kernel", folder)):
        for path in sorted(source.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _folder() -> Path | None:
    given = os.environ.get("SBMLGRN_CACHE_DIR")
    if given:
        root = Path(given)
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sbmlgrn"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sbmlgrn"
    # installations do not overwrite each other's entries
    folder = root / "loops" / hashlib.sha256(str(Path(__file__).resolve()).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        foreign = hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()
    except OSError:
        return None
    return folder if not foreign and os.access(folder, os.W_OK) else None


class _Locator:
    def __init__(self, folder: Path, function: Callable[..., Any]) -> None:
        self._folder = folder
        self._py_file = function.__code__.co_filename

    def ensure_cache_path(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return _stamp(Path(self._py_file).parent)

    def get_disambiguator(self) -> str:
        return hashlib.sha256(self._py_file.encode()).hexdigest()[:8]


class _Impl(CompileResultCacheImpl):
    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(folder, function)
        self._filename_base = self.get_filename_base(f"{function.__module__}.{function.__qualname__}", "")


class _Files(IndexDataCacheFile):
    """Files that begin with the digest of what follows."""

    def _load_index(self) -> dict[Any, str]:
        try:
            stamp, overloads = self._load_data(self._index_name)
        except (OSError, AttributeError, ImportError):  # a damaged file, or a class of sources that are no more
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._save_data(self._index_name, (self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        return pickle.loads(_verified(Path(self._data_path(name))))

    def _dump(self, obj: Any) -> bytes:
        data = super()._dump(obj)
        return hashlib.sha256(data).digest() + data


class _Cache(FunctionCache):
    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._name = repr(function)
        self._py_func = function
        self._impl = _Impl(function, folder)
        self._cache_path = str(folder)
        self._cache_file = _Files(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())
        self.enable()


def _verified(path: Path) -> bytes:
    """What a file of the cache holds.

    Raises:
        OSError: there is none, or it is damaged.
    """
    data = path.read_bytes()
    digest, content = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise OSError(f"{path} is damaged")
    return content
