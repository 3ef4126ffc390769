"""Reading JSON: exports of devices, tables and named lists, and what is no recording."""

import json

import numpy as np
import pandas as pd
import pytest
from recording_maker import assert_refused, signals

from ecglab import readers


def write(tmp_path, content, name="rec.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_kardia(tmp_path):
    """As the documentation of its interface shows a recording."""
    signal = np.round(2000 * signals(300, 2)).astype(int)
    raw = {"leadI": signal[:, 0].tolist(), "leadII": signal[:, 1].tolist()}
    block = {"frequency": 300, "mainsFrequency": 50, "amplitudeResolution": 500, "numLeads": 2}
    enhanced = {**block, "samples": {k: [0] * len(v) for k, v in raw.items()}}
    content = {
        "id": "x1",
        "heartRate": 89,
        "recordedAt": "2021-04-16T15:19:09+05:30",
        "data": {"enhanced": enhanced, "raw": {**block, "samples": raw}},
        "tags": [],
    }
    path = write(tmp_path, content)
    assert readers.read_recording(path).start == "2021-04-16T15:19:09+05:30"
    record = readers.read(path)
    assert (record.lead, record.fs) == ("leadI", 300)
    np.testing.assert_allclose(record.signal, signal[:, 0] / 2000, atol=1e-6)
    np.testing.assert_allclose(readers.read(path, lead="II").signal, signal[:, 1] / 2000, atol=1e-6)
    del content["data"]["raw"]["amplitudeResolution"]
    assert_refused("not state the .*unit", write(tmp_path, content))
    content["data"] = {"raw": {**block, "samples": {}}}
    assert_refused("no value is named", write(tmp_path, content))


def test_fitbit_and_google(tmp_path):
    signal = np.round(10922 * signals(250)[:, 0]).astype(int).tolist()
    fitbit = {"waveformSamples": signal, "samplingFrequencyHz": "250", "scalingFactor": 10922}
    google = {
        "waveformSamples": signal,
        "samplingFrequencyHertz": 250,
        "millivoltsScalingFactor": 10922,
        "leadNumber": 1,
    }
    for content in ({"ecgReadings": [fitbit], "pagination": {}}, {"electrocardiogram": google}):
        record = readers.read(write(tmp_path, content))
        assert record.fs == 250
        np.testing.assert_allclose(record.signal, np.array(signal) / 10922, atol=1e-6)
    second = {**fitbit, "waveformSamples": [2 * x for x in signal]}
    path = write(tmp_path, {"ecgReadings": [fitbit, second]})
    record = readers.read(path, lead="1")
    np.testing.assert_allclose(record.signal, np.array(signal) / 5461, atol=1e-6)


def test_withings(tmp_path):
    signal = np.round(1000 * signals(300)[:, 0]).astype(int).tolist()
    body = {"signal": signal, "sampling_frequency": 300, "wearposition": 1, "model": 93}
    record = readers.read(write(tmp_path, {"status": 0, "body": body}))
    assert record.fs == 300
    np.testing.assert_allclose(record.signal, np.array(signal) / 1000, atol=1e-6)


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_named_lists(tmp_path, bom):
    signal = signals(250, 2)
    leads = {"I": signal[:, 0].tolist(), "V1": signal[:, 1].tolist()}
    for content in (
        {"fs": 250, "units": "mV", "leads": leads},
        {"Sampling Rate": "250 Hz", "unit": "mV", **leads},
        {"fs": 250, "leads": [{"name": k, "unit": "mV", "samples": v} for k, v in leads.items()]},
        {"fs": 250, **{f"{k}_mV": v for k, v in leads.items()}},
    ):
        path = write(tmp_path, bom + json.dumps(content))
        record = readers.read(path)
        assert (record.lead, record.fs) == ("I", 250)
        np.testing.assert_allclose(record.signal, signal[:, 0], atol=1e-6)
        np.testing.assert_allclose(readers.read(path, lead="V1").signal, signal[:, 1], atol=1e-6)


def test_missing_samples_and_plain_lists(tmp_path):
    signal = signals(250)[:, 0].tolist()
    signal[7] = None
    path = write(tmp_path, {"ecg": signal, "fs": 250, "units": "mV"})
    assert np.isnan(readers.read(path).signal).tolist().index(True) == 7
    path = write(tmp_path, signals(250)[:, 0].tolist())
    assert readers.read(path, fs=250, units="mV").n_samples == 2500
    path = write(tmp_path, signals(250, 2).tolist())
    record = readers.read(path, lead="1", fs=250, units="mV")
    np.testing.assert_allclose(record.signal, signals(250, 2)[:, 1], atol=1e-6)


@pytest.mark.parametrize("orient", ["records", "columns", "list", "split", "index"])
def test_tables_of_pandas(tmp_path, orient):
    signal = signals(250)[:, 0]
    frame = pd.DataFrame({"time_s": np.arange(2500) / 250, "ecg_mV": signal})
    if orient == "list":
        path = write(tmp_path, frame.to_dict("list"))
    else:
        path = write(tmp_path, frame.to_json(orient=orient, double_precision=15))
    if orient == "index":
        assert_refused("holds no list of numbers", path)
        return
    record = readers.read(path)
    assert record.fs == pytest.approx(250)
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)


def test_apple_voltages(tmp_path):
    """As applications write the samples that HealthKit gives them."""
    signal = signals(512)[:, 0]
    rows = [{"timeSinceSampleStart": i / 512, "microVolts": 1e3 * v} for i, v in enumerate(signal)]
    path = write(tmp_path, {"samplingFrequency": 512, "voltageMeasurements": rows})
    record = readers.read(path, lead="microVolts", units="uV")
    assert record.fs == 512
    np.testing.assert_allclose(record.signal, signal, atol=1e-6)
    rows = [{"voltage": 1e3 * v, "units": "uV"} for v in signal]
    path = write(tmp_path, {"samplingFrequency": 512, "voltageMeasurements": rows})
    np.testing.assert_allclose(readers.read(path).signal, signal, atol=1e-6)


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        ('{"ecg": [1, 2', "not JSON, or cut"),
        ('{"ecg": [1, 2]}', "no list of numbers"),
        ('{"ecg": {}}', "no list of numbers"),
        ("[" + "[" * 100_000, "not JSON|no known format|no values"),
        ('[{"a":' * 50_000, "not JSON"),
        ('{"ecg": "' + "x" * 1000 + '"}', "no list of numbers"),
        ('{"ecg": [' + "1e999," * 100 + "0]}", "not state the .*unit"),
        ('{"ecg": [' + "9" * 5000 + "]}", "not JSON"),
        (
            '{"fs": "fast", "unit": "mV", "ecg": [' + "1,2," * 100 + "0]}",
            "not state the sampling rate",
        ),
        ('{"fs": -300, "unit": "mV", "ecg": [' + "1,2," * 3000 + "0]}", "rate of -300 Hz"),
    ],
)
def test_json_that_is_no_recording(tmp_path, content, pattern):
    assert_refused(pattern, write(tmp_path, content))
