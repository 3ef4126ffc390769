"""Which extra of ecglab installs a library that a light installation lacks."""

import importlib
import importlib.util
from types import ModuleType

from .errors import EcglabError

_LIBRARIES = {
    "formats": "defusedxml edfio h5py pyarrow pydicom soundfile",
    "report": "jinja2 matplotlib",
    "train": "filelock keras keras_tuner mlflow onnx pandas pooch scipy "
    "sklearn tensorboard tensorflow tf2onnx tqdm",
    "notebooks": "IPython ipykernel ipywidgets jupyterlab nbclient nbconvert nbformat seaborn",
    "dev": "jax jupytext pytest wfdb",
}
_EXTRA = {library: extra for extra, names in _LIBRARIES.items() for library in names.split()}


def require(extra: str) -> None:
    """Check that the libraries of an extra are installed. Raises ModuleNotFoundError."""
    for library in _LIBRARIES[extra].split():
        if importlib.util.find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)


def load(library: str) -> ModuleType:
    """A library that a light installation lacks. Raises EcglabError, which says what to install."""
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise EcglabError(missing(error) or str(error)) from None


def missing(error: ModuleNotFoundError) -> str | None:
    """What to install after a failed import, in words; None where no extra helps.

    >>> missing(ModuleNotFoundError(name="h5py"))
    "this needs the package h5py: pip install 'ecglab[formats]'"
    """
    library = (error.name or "").partition(".")[0]
    if library not in _EXTRA:
        return None
    return f"this needs the package {library}: pip install 'ecglab[{_EXTRA[library]}]'"
