"""What is varied at random in the records that a network trains on."""

from collections.abc import Iterator
from dataclasses import dataclass

from ecglab.utils.settings import Settings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Augment(Settings):
    """Strengths of the layers of `ecglab.layers.augment`, in the order in which they act.

    A network on beats has only resampling, amplitude and noise (in heights of R, not mV).

    resampling: greatest factor by which time is stretched or squeezed; 1 for none
    polarity: share of the records that is inverted; 0 for none
    lead: greatest weight of the parts of a smooth filter, as by other leads and devices; 0 for none
    amplitude: greatest factor of the drifting gain; 1 for none
    bursts: number of dropped bursts in a record; 0 for none
    burst_seconds: greatest length of a burst in s
    gaps: number of missing parts in a record; 0 for none
    gap_seconds: greatest length of a missing part in s
    baseline: greatest amplitude of the baseline wander in mV; 0 for none
    noise: greatest standard deviation of the white noise in mV; 0 for none
    """

    resampling: float = 1.18
    polarity: float = 0.5
    lead: float = 0.0
    amplitude: float = 1.4
    bursts: int = 3
    burst_seconds: float = 0.3
    gaps: int = 0
    gap_seconds: float = 1.5
    baseline: float = 0.3
    noise: float = 0.05

    def rules(self) -> Iterator[tuple[str, bool, str]]:
        yield "resampling", self.resampling >= 1, "at least 1 (1 for none)"
        yield "polarity", 0 <= self.polarity <= 1, "from 0 to 1"
        yield "amplitude", self.amplitude >= 1, "at least 1 (1 for none)"
        for key in ("lead", "bursts", "burst_seconds", "gaps", "gap_seconds", "baseline", "noise"):
            yield key, getattr(self, key) >= 0, "at least 0 (0 for none)"

    def applied(
        self, signal: Tensor, mask: Tensor, fs: float, n_samples: int | None = None
    ) -> list[Tensor]:
        """[signal, mask] (batch, n) at `fs` Hz after the layers that have an effect.

        n_samples: see `ecglab.layers.augment.RandomResampling`
        """
        from ecglab.layers import augment as layers

        chain = []
        if self.resampling > 1:
            chain.append(layers.RandomResampling(self.resampling, n_samples))
        if self.polarity:
            chain.append(layers.RandomPolarity(self.polarity))
        if self.lead:
            chain.append(layers.RandomLead(self.lead, fs=fs))
        if self.amplitude > 1:
            chain.append(layers.RandomAmplitude(self.amplitude))
        if self.bursts and self.burst_seconds:
            chain.append(layers.RandomBursts(self.bursts, self.burst_seconds, fs=fs))
        if self.gaps and self.gap_seconds:
            chain.append(layers.RandomGaps(self.gaps, self.gap_seconds, fs=fs))
        if self.baseline:
            chain.append(layers.RandomBaseline(self.baseline, fs=fs))
        if self.noise:
            chain.append(layers.RandomNoise(self.noise))
        for layer in chain:
            signal, mask = layer([signal, mask])
        return [signal, mask]

    def applied_to_beats(self, beats: Tensor, mask: Tensor) -> list[Tensor]:
        """[beats (batch, n, WIDTH), mask (batch, n)] after the layer that varies them."""
        from ecglab.layers.beats import RandomBeats

        layer = RandomBeats(self.resampling, self.amplitude, self.noise)
        return list(layer([beats, mask]))
