"""All foreign objects below a prefix, in order, a thousand to a request, pages fetched ahead.

A listing that goes on is a chain: each page tells where the next one begins. Where a first page
lies in one or two folders only, folders must be large, and so they are listed side by side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from wbart_storage.around.patience import patiently
from wbart_storage.foreign.foreign import Foreign, Lists, Page, TellsVersions

_AHEAD = 8
"""Pages in flight at once."""
_FEW = 2


def below(objects: Lists, prefix: str) -> Iterator[Foreign]:
    """The objects whose names begin with prefix, which is empty or ends with a slash.

    What only stands for a folder is left out. Where old content is kept, each has its version.
    """
    pool = ThreadPoolExecutor(_AHEAD, "wbart-list")
    try:
        listing = _Listing(objects, pool)
        first = listing.page(prefix)()
        if first.objects and _may_have_versions(objects, first.objects[0]):
            listing = _Listing(objects, pool, versions=True)
            first = listing.page(prefix)()
        for each in listing.all(prefix, first):
            if not each.name.endswith("/") and not each.is_folder:
                yield each
    finally:
        pool.shutdown(cancel_futures=True)


def _may_have_versions(objects: Lists, first: Foreign) -> bool:
    """Whether old content may be kept: a plain listing does not tell.

    Nor does one object: it may be older than the versions of all others.
    """
    if first.version or not isinstance(objects, TellsVersions):
        return False
    return bool(patiently(partial(objects.keeps_versions, first.name), first.name))


class _Listing:
    def __init__(self, objects: Lists, pool: ThreadPoolExecutor, *, versions: bool = False) -> None:
        self._objects = objects
        self._pool = pool
        self._versions = versions

    def page(
        self, prefix: str, token: str | None = None, delimiter: str = ""
    ) -> Callable[[], Page]:
        """A call that asks for a page."""
        ask = partial(
            self._objects.page, prefix, delimiter=delimiter, token=token, versions=self._versions
        )
        return partial(patiently, ask, prefix)

    def all(self, prefix: str, first: Page) -> Iterator[Foreign]:
        """The objects of the first page and all that follow it."""
        if first.token is not None and _in_few_folders(prefix, first):
            level = self.page(prefix, delimiter="/")()
            if level.token is None:
                yield from self._side_by_side(level)
                return
        while True:
            token = first.token
            following = None if token is None else self._pool.submit(self.page(prefix, token))
            yield from first.objects
            if following is None:
                return
            first = following.result()

    def _side_by_side(self, level: Page) -> Iterator[Foreign]:
        """The objects and folders of one level, the first pages of several folders ahead."""
        objects = iter(sorted(level.objects, key=lambda each: each.name))
        held = next(objects, None)
        for folder, first in self._first_pages(sorted(level.folders)):
            while held is not None and held.name < folder:
                yield held
                held = next(objects, None)
            yield from self.all(folder, first)
        while held is not None:
            yield held
            held = next(objects, None)

    def _first_pages(self, folders: list[str]) -> Iterator[tuple[str, Page]]:
        waiting: deque[tuple[str, Future[Page]]] = deque()
        for folder in folders:
            waiting.append((folder, self._pool.submit(self.page(folder))))
            if len(waiting) >= _AHEAD:
                name, found = waiting.popleft()
                yield name, found.result()
        for name, found in waiting:
            yield name, found.result()


def _in_few_folders(prefix: str, page: Page) -> bool:
    names = (each.name[len(prefix) :] for each in page.objects)
    folders = {name.partition("/")[0] if "/" in name else None for name in names}
    return len(folders) <= _FEW and None not in folders
