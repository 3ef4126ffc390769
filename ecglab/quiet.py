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


def load_keras() -> None:
    """Import Keras and let its backend find its devices, quietly."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Its advice on retracing: we pad to few lengths, and each is traced once.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with stderr_on_error():
        import keras

        keras.distribution.list_devices()
