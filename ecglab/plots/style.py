"""What all pictures share: colours, the page under its title, and how one is saved."""

import textwrap
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from ecglab.utils.files import replacing

# Paul Tol's high-contrast scheme: told apart by colour-blind people and on a greyscale print.
# The line styles and markers tell the classes apart without any colour.
COLORS = {"N": "#004488", "A": "#BB5566", "O": "#DDAA33", "~": "#000000"}
STYLES = {"N": "-", "A": "--", "O": "-.", "~": ":"}
MARKERS = {"N": "o", "A": "s", "O": "^", "~": "D"}

# Of what has no class, such as several experiments: Okabe and Ito's colours without the yellow,
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
NARROW, WIDE = 6.4, 11.0


def save(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a PNG, whole or not at all; EcglabError where that cannot be done."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=dpi)


def page(
    width: float, height: float, title: str, synthetic: bool = False, details: str = ""
) -> Figure:
    """A Figure of `width` inches with `height` inches free under its title."""
    head = textwrap.wrap(title, int(8 * width))
    small = textwrap.wrap(details, int(14 * width))
    top = 0.32 * synthetic + 0.1
    full = height + top + 0.23 * len(head) + 0.17 * len(small) + 0.08
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, rect=(0, 0, 1, height / full))
    figure = Figure((width, full), layout=layout)
    if synthetic:
        y = 1 - 0.32 / full
        figure.add_artist(Rectangle((0, y), 1, 1 - y, color="black"))
        style = {"color": "white", "weight": "bold", "size": 12, "ha": "center"}
        figure.text(0.5, 1 - 0.16 / full, "SYNTHETIC DATA", va="center_baseline", **style)
    x = EDGE_MM * MM / width
    for lines, down, size in (head, top, 12), (small, top + 0.23 * len(head), 9):
        style = {"size": size, "weight": "bold" if lines is head else "normal"}
        figure.text(x, 1 - down / full, "\n".join(lines), va="top", parse_math=False, **style)
    return figure


def tidy(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.9", lw=0.7)
    axes.set_axisbelow(True)


def percent(share: float) -> str:
    """A share as "12 %", or "<1 %" where that would round to nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
