"""Where a node ends: a question to the path, with a cap against crafted ones."""

from collections.abc import Sequence

from xxhash import xxh3_64_intdigest

from wbart_manifest.tree import Shape


class Boundary:
    """Decides, item by item, after which one the node of a level ends.

    The key's hash decides. Only a node that grows to the cap, in items or in bytes of text,
    ends there without being asked; this depends on its own items alone.
    """

    def __init__(self, level: int, shape: Shape) -> None:
        self._seed = level
        self._mask = shape.leaf_mask if level == 1 else shape.branch_mask
        self._shape = shape
        self._items = 0
        self._text = 0

    def ends(self, keys: Sequence[bytes], weights: Sequence[int]) -> list[int]:
        """Take the next items; return how many of them lie before each end of a node."""
        seed, mask = self._seed, self._mask
        ends = [at for at, key in enumerate(keys, 1) if not xxh3_64_intdigest(key, seed) & mask]
        text = sum(weights)
        if (
            self._items + len(keys) >= self._shape.max_items
            or self._text + text >= self._shape.max_text
        ):
            return self._ends_with_cap(weights, frozenset(ends))
        if ends:
            self._items = self._text = 0
            text = sum(weights[ends[-1] :])
        self._items += len(keys) - (ends[-1] if ends else 0)
        self._text += text
        return ends

    def _ends_with_cap(self, weights: Sequence[int], marked: frozenset[int]) -> list[int]:
        ends = []
        for at, weight in enumerate(weights, 1):
            self._items += 1
            self._text += weight
            full = self._items >= self._shape.max_items or self._text >= self._shape.max_text
            if full or at in marked:
                ends.append(at)
                self._items = self._text = 0
        return ends
