"""What all figures share: the looks of the classes, the page with its title, and saving."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from ecglab.ecg.classes import Classes
from ecglab.utils.files import replacing


@dataclass(frozen=True)
class Look:
    """Colour, line style and marker of one class; each alone tells it from the others."""

    color: str
    line: str | tuple
    marker: str

    @property
    def ink(self) -> str:
        """Black or white, whichever is readable on the colour."""
        red, green, blue = to_rgb(self.color)
        return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else "white"


# Paul Tol's high-contrast scheme, for colour-blind people and greyscale prints.
KNOWN = {
    "N": Look("#004488", "-", "o"),
    "A": Look("#BB5566", "--", "s"),
    "O": Look("#DDAA33", "-.", "^"),
    "~": Look("#000000", ":", "D"),
}
"""Looks of the codes of the challenge of 2017."""

# Okabe and Ito's colours, those first that are far from the ones above.
OTHERS = (
    Look("#009E73", (0, (8, 2)), "v"),
    Look("#D55E00", (0, (3, 1, 1, 1)), "P"),
    Look("#56B4E9", (0, (5, 1, 1, 1, 1, 1)), "X"),
    Look("#CC79A7", (0, (1, 1)), "p"),
    Look("#0072B2", (0, (10, 3)), "<"),
    Look("#E69F00", (0, (4, 4)), ">"),
    Look("#777777", (0, (2, 4)), "h"),
)
"""Looks of all other classes, in the order of the classes."""

# For what has no class, such as several experiments: Okabe and Ito's colours without the yellow,
# which is lost on white, each with a line and a marker of its own.
CURVES = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "--", "s"),
    ("#009E73", "-.", "^"),
    ("#CC79A7", ":", "D"),
    ("#000000", (0, (5, 1, 1, 1, 1, 1)), "v"),
    ("#56B4E9", (0, (8, 2)), "P"),
    ("#E69F00", (0, (1, 1)), "X"),
)

MM = 1 / 25.4
"""A millimetre in inches, matplotlib's unit of a figure."""

EDGE_MM = 6

Style = dict[str, Any]
"""Keywords of one of matplotlib's methods."""

NARROW, WIDE = 6.4, 11.0


def looks(classes: Classes) -> dict[str, Look]:
    """{class: its look}: the same for a class in every figure of a data set."""
    others = [code for code in classes if code not in KNOWN]
    cycle = {code: OTHERS[i % len(OTHERS)] for i, code in enumerate(others)}
    return {code: KNOWN.get(code) or cycle[code] for code in classes}


def ranked_words(classes: Classes) -> str:
    """What the challenge F1 is the mean of: "mean F1 of N, A and O"."""
    *first, last = classes.ranked
    return f"mean F1 of {', '.join(first)} and {last}" if first else f"F1 of {last}"


def save(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a PNG, whole or not at all; EcglabError where that cannot be done."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=dpi)


def page(
    width: float, height: float, title: str, simulated: bool = False, details: str = ""
) -> Figure:
    """A Figure of `width` inches with `height` inches free under its title.

    simulated: whether a black banner says that the data are simulated
    A title that is too long for one line is written smaller, and wrapped if that is not enough.
    """
    free = width - 2 * EDGE_MM * MM
    fitting = (size for size in (12, 11, 10) if _inches(title, size, "bold") <= free)
    size = next(fitting, 12)
    head = _wrapped(title, free, size, "bold")
    small = _wrapped(details, free, 9, "normal")
    top = 0.32 * simulated + 0.1
    full = height + top + 0.23 * len(head) + 0.17 * len(small) + 0.08
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, rect=(0, 0, 1, height / full))
    figure = Figure((width, full), layout=layout)
    style: Style
    if simulated:
        y = 1 - 0.32 / full
        figure.add_artist(Rectangle((0, y), 1, 1 - y, color="black"))
        style = {"color": "white", "weight": "bold", "size": 12, "ha": "center"}
        figure.text(0.5, 1 - 0.16 / full, "SIMULATED DATA", va="center_baseline", **style)
    x = EDGE_MM * MM / width
    for lines, down, points, weight in (
        (head, top, size, "bold"),
        (small, top + 0.23 * len(head), 9, "normal"),
    ):
        style = {"size": points, "weight": weight}
        figure.text(x, 1 - down / full, "\n".join(lines), va="top", parse_math=False, **style)
    return figure


def _inches(text: str, size: float, weight: str) -> float:
    """Width of a line of text."""
    if not text:
        return 0.0
    path = TextPath((0, 0), text.replace("$", "S"), prop=FontProperties(weight=weight), size=size)
    return float(path.get_extents().width) / 72


def _wrapped(text: str, inches: float, size: float, weight: str) -> list[str]:
    """The lines of a text that are at most this long."""
    wide = _inches(text, size, weight)
    fits = wide <= inches
    return textwrap.wrap(text, max(len(text) if fits else int(0.95 * len(text) * inches / wide), 1))


def tidy(axes: Axes) -> None:
    """Remove the upper and right edge of axes, and draw a light grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.9", lw=0.7)
    axes.set_axisbelow(True)


def signed(value: float) -> str:
    """A difference as "+0.012"; what rounds to nothing is "+0.000"."""
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share as "12 %", or "<1 %" where that would round to nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
