"""Which values hyperparameters may have. A key means the same in every model that has it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ecglab.utils.settings import Settings

POOLINGS = ("mean", "max", "mean_max", "attention")


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """Base of the hyperparameters of a model.

    A key that only one model has gets its rule in that model's own `rules`.
    """

    def rules(self) -> Iterable[tuple[str, bool, str]]:
        for key, value in self.as_dict().items():
            if rule := _RULES.get(key.removeprefix("waveform_")):
                yield key, *rule(value)


_RULES = {
    "band": lambda x: (len(x) == 2 and 0 <= x[0] < x[1], "two rising numbers, such as 0.5,40"),
    "widths": lambda x: (min(x) >= 1, "numbers of channels, each at least 1"),
    "blocks": lambda x: (x >= 1, "at least 1"),
    "kernel": lambda x: (x >= 1 and x % 2 == 1, "odd, so that it has a centre"),
    "beat_width": lambda x: (x >= 1, "at least 1"),
    "units": lambda x: (x >= 0, "at least 0"),
    "window": lambda x: (x > 0, "above 0"),
    "hop": lambda x: (x > 0, "above 0"),
    "pooling": lambda x: (x in POOLINGS, f"one of {', '.join(POOLINGS)}"),
    "dropout": lambda x: (0 <= x < 1, "at least 0 and below 1"),
}
