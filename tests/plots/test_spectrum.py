"""The spectrogram of figures and analysis against SciPy's."""

import numpy as np
import pytest
from scipy import signal as scipy_signal

from ecglab.ecg.record import Record
from ecglab.plots.spectrum import spectrogram
from ecglab.utils.errors import EcglabError

FS = 300


def test_it_equals_scipys(rng):
    record = Record(rng.normal(0, 1, 3000), FS)
    found = spectrogram(record, window=0.32, hop=0.08, band=(0, 50))
    hz, time, power = scipy_signal.spectrogram(
        record.signal.astype(float), FS, "hann", nperseg=96, noverlap=96 - 24
    )
    kept = (hz > 0) & (hz <= 50)
    assert found.frequency == pytest.approx(hz[kept])
    assert found.time == pytest.approx(time)
    assert found.power == pytest.approx(power[kept], rel=1e-6)


@pytest.mark.parametrize("padding", [2, 4])
def test_padding_equals_scipys(rng, padding):
    record = Record(rng.normal(0, 1, 3000), FS)
    found = spectrogram(record, 0.32, 0.08, (0, 150), padding)
    n_fft = padding * 128
    hz, _, power = scipy_signal.spectrogram(
        record.signal.astype(float), FS, "hann", nperseg=96, noverlap=72, nfft=n_fft
    )
    assert found.power == pytest.approx(power[hz > 0], rel=1e-6)


def test_a_hop_longer_than_the_window_skips_what_is_between():
    found = spectrogram(Record(np.sin(np.arange(3000)), FS), window=0.1, hop=0.5)
    assert np.diff(found.time) == pytest.approx(0.5)


def test_frames_with_a_missing_sample_are_missing(rng):
    signal = rng.normal(0, 1, 3000)
    signal[1500:1503] = np.nan
    found = spectrogram(Record(signal, FS))
    missing = np.isnan(found.power).any(axis=0)
    near = (found.time > 1500 / FS - 0.16) & (found.time < 1503 / FS + 0.16)
    assert missing.any() and np.array_equal(missing, near)


def test_a_band_above_the_highest_frequency_is_an_error(rng):
    with pytest.raises(EcglabError, match="no power at 200 Hz"):
        spectrogram(Record(rng.normal(0, 1, 3000), FS), band=(200, 300))
