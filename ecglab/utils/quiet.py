"""Importing Keras without the page of machine details that TensorFlow prints on stderr."""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def stderr_on_error() -> Iterator[None]:
    """Hold back what is written to the process's stderr, and show it only if the block fails.

    TensorFlow writes from C++ before any log level applies, so the file descriptor is held.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def _absent(names: list[str]) -> Iterator[None]:
    """Let these libraries seem not installed while the block imports others, if not yet loaded."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python marks it as absent
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


def load_keras() -> None:
    """Import Keras and let its backend find its devices, quietly and without what it never uses.

    Set TF_CPP_MIN_LOG_LEVEL to 0, 1 or 2 to see its log lines all the same.
    TensorFlow and Keras also import JAX, scikit-learn and Matplotlib where they are installed, for
    converters, wrappers and pictures that nobody here asks them for: 0.2 GB and two seconds.
    """
    silent = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "3"
    if silent:
        # Its advice on retracing: we pad to few lengths, and each is traced once.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Operations side by side hold more memory at once and are no faster on a few cores.
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    unused = [] if "keras" in sys.modules else ["sklearn", "matplotlib", "IPython"]
    if unused and os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        unused.append("jax")
    with stderr_on_error() if silent else contextlib.nullcontext(), _absent(unused):
        import keras

        keras.distribution.list_devices()


def load_keras_tuner() -> None:
    """Import KerasTuner on Keras's NumPy backend, where Keras is not loaded yet.

    Who only hands out trials computes nothing: without TensorFlow that takes a third of the memory
    and of the time. Keras's NumPy backend needs JAX; without it, it is the usual backend.
    """
    import importlib.util

    kept = os.environ.get("KERAS_BACKEND")
    light = "keras" not in sys.modules and importlib.util.find_spec("jax")
    if light:
        os.environ["KERAS_BACKEND"] = "numpy"
    try:
        unused = ["matplotlib", "IPython"] if light else []
        with stderr_on_error(), _absent(unused):
            import keras_tuner  # noqa: F401
    finally:
        os.environ.pop("KERAS_BACKEND", None)  # it is not for the processes that train
        if kept is not None:
            os.environ["KERAS_BACKEND"] = kept
