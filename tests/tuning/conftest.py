"""What the tests of searches share."""

import pytest
import tune_tiny

from ecglab.training import experiment


@pytest.fixture
def use(packed, monkeypatch):
    """Let the experiment "tiny" be of a kind of `tune_tiny`, on 60 synthetic records."""
    monkeypatch.setenv("ECGLAB_DATA", str(packed))

    def of(kind, space=None, **added):
        known, usual = tune_tiny.of_kind(kind)
        monkeypatch.setattr(experiment, "load", lambda name: known)
        monkeypatch.setattr(experiment, "space", lambda name: (space or usual) | added)

    return of


@pytest.fixture(scope="session")
def keras_tuner():
    """KerasTuner, loaded as a process that also trains has to load it."""
    from ecglab.tuning import oracle

    return oracle
