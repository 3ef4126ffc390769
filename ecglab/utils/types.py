"""Types that have no class of their own, by name."""

from collections.abc import Collection
from typing import Any

Tensor = Any
"""A tensor of any of Keras's backends, or the symbol of one."""

Shape = tuple[int | None, ...]
"""Of a tensor; None where a dimension may have any size."""

Labels = Collection[str]
"""(n,) class codes: an array, a column of a table or a list."""
