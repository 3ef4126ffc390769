"""A chart with two linear axes as data of an SVG drawing, which takes the colours of its page."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 40
"""Around the axes, in units of the drawing; fonts are 12 high."""


@dataclass(frozen=True)
class Axis:
    """Lowest and highest value, and what the values are."""

    low: float
    high: float
    words: str

    @property
    def ticks(self) -> list[float]:
        """Round numbers on the axis, at most seven."""
        from matplotlib.ticker import MaxNLocator

        found = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        return [float(x) for x in found if self.low - 1e-9 <= x <= self.high + 1e-9]


@dataclass
class Chart:
    """What a chart shows, in units of the drawing.

    title: its heading; alt: what it shows, in words, for those who do not see it
    lines: paths; guides: paths that are no data; points: (x, y, kind)
    image: the address of an image; image_at: its x, y, width, height; note: a sentence under it
    """

    title: str
    alt: str
    x: Axis
    y: Axis
    width: int = 360
    height: int = 220
    lines: list[str] = field(default_factory=list)
    guides: list[str] = field(default_factory=list)
    points: list[tuple[float, float, str]] = field(default_factory=list)
    image: str = ""
    image_at: tuple[float, float, float, float] = (0, 0, 0, 0)
    note: str = ""

    left, top = LEFT, TOP

    @property
    def inside(self) -> tuple[int, int]:
        """Width and height of the area between the axes."""
        return self.width - LEFT - RIGHT, self.height - TOP - BOTTOM

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is drawn."""
        wide, high = self.inside
        right = (x - self.x.low) / (self.x.high - self.x.low)
        up = (y - self.y.low) / (self.y.high - self.y.low)
        return round(LEFT + right * wide, 1), round(TOP + (1 - up) * high, 1)

    def path(self, x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> str:
        """The path through points; it is broken where y is NaN."""
        parts, pen = [], "M"
        for a, b in zip(x, y, strict=True):
            if np.isnan(b):
                pen = "M"
                continue
            parts.append(f"{pen}{self.at(a, b)[0]} {self.at(a, b)[1]}")
            pen = "L"
        return "".join(parts)
