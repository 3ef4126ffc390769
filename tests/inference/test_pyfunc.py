"""The table interface by which MLflow serves a package."""

import numpy as np
import package_maker
import pandas as pd

from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.inference.pyfunc import _load_pyfunc, columns


def test_each_row_has_a_prediction_or_says_why_not(tmp_path, rng):
    folder = package_maker.make(tmp_path / "package", classes=package_maker.AF)
    good = rng.normal(size=3000)
    gap = np.where(np.arange(3000) < 900, np.nan, good)
    signals = [good, good[:300], np.full(3000, np.nan), gap, None, good]
    rates = [300, 300.0, 300.0, 300.0, 300.0, "fast"]
    table = pd.DataFrame({"signal": signals, "fs": rates}, index=list("abcdef"))
    found = _load_pyfunc(str(folder)).predict(table)
    assert list(found.columns) == list(columns(["AF", "other"]))
    assert list(found.index) == list("abcdef")
    [expected] = Predictor(folder).rows(Record(good, 300))
    assert found.loc["a", "label"] == expected["label"]
    assert found.loc["a", ["AF", "other"]].to_dict() == expected["probabilities"]
    assert "too short" in found.loc["b", "error"]
    assert "every sample is missing" in found.loc["c", "error"]
    assert found.loc["d", "label"] in ("AF", "other")
    assert found.loc[["b", "c", "e", "f"], "AF"].isna().all()
    assert found.loc[["b", "c", "e", "f"], "error"].notna().all()
    assert "sampling rate" in found.loc["f", "error"]
    assert found["AF"].dtype == found["quality"].dtype == found["heart_rate"].dtype == float
    for key in ("verdict", "reason", "quality", "heart_rate"):
        assert found.loc["a", key] == expected[key]
