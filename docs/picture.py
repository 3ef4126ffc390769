"""Draw the picture and the badges of the README into docs/pictures: `python docs/picture.py`.

prediction.png shows two simulated ECGs and what the default model predicts. The badges show what
pyproject.toml states.
"""

import tomllib
from pathlib import Path

import numpy as np

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.plots import ecg, style
from ecglab.utils.paths import PRETRAINED

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
FS = 300.0
SEEDS = {"N": 3, "A": 3}
"""{class: seed of the simulated record}."""

SECONDS = 6.0
"""How much of each record is drawn; the prediction is of 30 s."""

GAP, BARS, RIGHT = 8.0, 42.0, 34.0
"""Widths in mm: between strip and bars, of the bars, and of the meanings beside them."""


def figure():
    """Two strips on ECG paper, and the predicted probabilities beside each."""
    model = Predictor(PRETRAINED / "default")
    looks = style.looks(model.classes)
    records = [Record(simulate(c, 30, np.random.default_rng(s)), FS) for c, s in SEEDS.items()]
    probabilities = model.predict_proba(records)
    parts = [ecg.part_of(record, 0, SECONDS)[1] for record in records]
    spans = [ecg.Range.of(part) for part in parts]
    head = 1.5 * ecg.SQUARE_MM
    heights = [head + span.mm + ecg.SQUARE_MM for span in spans]
    x_end, y_end = ecg.PULSE_MM + SECONDS * ecg.MM_PER_SECOND, sum(heights)
    width = x_end + GAP + BARS + RIGHT + 2 * style.EDGE_MM
    page = style.page(
        width * style.MM,
        (y_end + style.EDGE_MM) * style.MM,
        "A single-lead ECG in, the probabilities of four classes out",
        simulated=True,
        details=f"First {SECONDS:g} s of 30 s, {ecg.SCALE}. Predicted by the default model.",
    )
    page.set_layout_engine("none")
    page_mm = page.get_figheight() / style.MM

    def axes(left: float, bottom: float, wide: float, high: float):
        bottom += style.EDGE_MM
        return page.add_axes((left / width, bottom / page_mm, wide / width, high / page_mm))

    sheet = axes(style.EDGE_MM, 0, x_end, y_end)
    ecg.paper(sheet, x_end, y_end)
    bottom = y_end
    for part, span, high, shares in zip(parts, spans, heights, probabilities, strict=True):
        bottom -= high
        ecg.row(sheet, bottom + ecg.SQUARE_MM, span, part, FS)
        ecg.time_labels(sheet, bottom + ecg.SQUARE_MM, 0, SECONDS)
        best = model.classes.predicted(shares[None])[0]
        words = f"predicted: {model.classes.meanings[best]} ({best}), {shares.max():.0%}"
        ecg.caption(sheet, bottom + high - head / 2, words.replace("%", " %"))
        bars = axes(style.EDGE_MM + x_end + GAP, bottom + ecg.SQUARE_MM, BARS, span.mm + head / 2)
        for i, (code, look) in enumerate(looks.items()):
            bars.barh(i, shares[i], 0.7, color=look.color)
            bars.text(1.04, i, model.classes.meanings[code], va="center", size=9)
        bars.set_yticks(range(len(looks)), list(looks), size=10, weight="bold")
        bars.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], size=8)
        bars.set(xlim=(0, 1), ylim=(len(looks) - 0.5, -0.5))
        bars.set_xlabel("probability", size=8, labelpad=1)
        style.tidy(bars)
        bars.grid(axis="y", visible=False)
    return page


def badges() -> dict[str, tuple[str, str]]:
    """{file: (left, right)}: the words of each badge, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = project["requires-python"].split(",")  # such as >=3.11,<3.14
    major, minor = high.removeprefix("<").split(".")
    status = next(c for c in project["classifiers"] if c.startswith("Development Status"))
    versions = f"{low.removeprefix('>=')} to {major}.{int(minor) - 1}"
    return {
        "python.svg": ("Python", versions),
        "licence.svg": ("licence", project["license"]),
        "status.svg": ("status", status.rpartition(" - ")[2].lower()),
    }


def badge(left: str, right: str) -> str:
    """A badge as SVG: two words on grey and blue."""
    a, b = (round(6.4 * len(text)) + 12 for text in (left, right))
    looks = 'fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{a + b}" height="20" role="img" '
        f'aria-label="{left}: {right}">\n'
        f'<rect width="{a}" height="20" fill="#555"/>\n'
        f'<rect x="{a}" width="{b}" height="20" fill="#0a6ebd"/>\n'
        f'<text x="6" y="14" textLength="{a - 12}" {looks}>{left}</text>\n'
        f'<text x="{a + 6}" y="14" textLength="{b - 12}" {looks}>{right}</text>\n'
        "</svg>\n"
    )


if __name__ == "__main__":
    style.save(figure(), PICTURES / "prediction.png", dpi=110)
    for name, words in badges().items():
        (PICTURES / name).write_text(badge(*words), encoding="utf-8")
