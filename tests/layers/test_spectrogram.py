"""LogSpectrogram: its bins against SciPy, its frames against the samples they hold."""

import numpy as np
import pytest
from layer_calls import call
from scipy import signal as dsp

from ecglab.layers import LogSpectrogram


@pytest.mark.parametrize(
    "fs, n_window, n_hop, band",
    [
        (300, 64, 64, (0, 150)),
        (300, 64, 64, (0, 100)),
        (300, 96, 24, (0, 50)),
        (300, 95, 31, (3, 45)),
        (300, 34, 10, (0, 150)),
        (250, 63, 20, (0, 125)),
        (500, 128, 50, (5, 250)),
    ],
)
def test_log_spectrogram_is_scipys_bin_for_bin(fs, n_window, n_hop, band, rng):
    x = rng.normal(size=(2, 2003))
    layer = LogSpectrogram(fs, n_window / fs, n_hop / fs, band, floor=1e-6)
    [spectrogram, frames] = call(layer, x, np.ones_like(x))
    frequencies, _, power = dsp.spectrogram(
        x, fs, "hann", n_window, n_window - n_hop, detrend=False, scaling="density", mode="psd"
    )
    kept = (frequencies >= band[0]) & (frequencies <= band[1])
    expected = np.log(power[:, kept].swapaxes(1, 2) + 1e-6)
    assert layer.bins == kept.sum()
    np.testing.assert_allclose(layer.frequencies, frequencies[kept])
    np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=2e-3)
    np.testing.assert_allclose(np.exp(spectrogram), np.exp(expected), rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(frames, 1)


def test_log_spectrogram_keeps_both_ends_of_the_band():
    # 100 samples at 300 Hz: a bin every 3 Hz.
    assert LogSpectrogram(300, 1 / 3, 0.1, (9, 30)).frequencies == pytest.approx(range(9, 31, 3))


@pytest.mark.parametrize("n_window, n_hop", [(64, 64), (96, 24), (63, 20)])
def test_frames_count_only_when_wholly_known(n_window, n_hop, rng):
    n = 1500
    mask = np.ones((3, n))
    mask[0, 700:760] = 0
    mask[1, 1000:] = 0
    mask[2, 513] = 0
    layer = LogSpectrogram(300, n_window / 300, n_hop / 300)
    [spectrogram, frames] = call(layer, rng.normal(size=(3, n)), mask)
    starts = range(0, n - n_window + 1, n_hop)
    expected = np.array([[row[s : s + n_window].all() for s in starts] for row in mask])
    np.testing.assert_array_equal(frames, expected)
    assert (spectrogram[~expected] == 0).all()
    assert (spectrogram[expected] != 0).all()


@pytest.mark.parametrize(
    "kwargs",
    [{"window": 1 / 300}, {"hop": 0.001}, {"band": (151, 200)}, {"band": (1, 2), "window": 0.1}],
)
def test_log_spectrogram_refuses(kwargs):
    with pytest.raises(ValueError, match=r"short|band"):
        LogSpectrogram(300, **kwargs)
