"""The figure of a measurement of robustness: challenge F1 against mains hum."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from ecglab.plots.style import CURVES, WIDE, page, tidy


def against_hum(
    points: Sequence[Mapping[str, float]], n_records: int, *, simulated: bool = False
) -> Figure:
    """Challenge F1 against the amplitude of the hum: a panel a frequency, a curve a sampling rate.

    points: `hz`, `fs`, `mv` and `challenge_f1` of each; n_records: how many were scored
    """
    title = f"Challenge F1 of {n_records:,} records with mains hum"
    details = "frequency off by up to 0.5 Hz, with harmonics; the same records at all amplitudes"
    frequencies = list(dict.fromkeys(point["hz"] for point in points))
    figure = page(WIDE, 3.6, title, simulated, details)
    panels = figure.subplots(1, len(frequencies), sharey=True, squeeze=False)[0]
    for axes, hz in zip(panels, frequencies, strict=True):
        of_hz = [point for point in points if point["hz"] == hz]
        for i, fs in enumerate(dict.fromkeys(point["fs"] for point in of_hz)):
            curve = [point for point in of_hz if point["fs"] == fs]
            color, style, marker = CURVES[i % len(CURVES)]
            axes.plot(
                [point["mv"] for point in curve],
                [point["challenge_f1"] for point in curve],
                color=color,
                ls=style,
                marker=marker,
                label=f"sampled at {fs:g} Hz",
            )
        axes.set_title(f"{hz:g} Hz", size=11)
        axes.set(xlabel="amplitude of the hum (mV)", ylim=(0, 1))
        tidy(axes)
    panels[0].set_ylabel("challenge F1")
    panels[0].legend(loc="lower left")
    return figure
