"""WFDB records: a header (.hea) and the files of samples that it names."""

from pathlib import Path

from ecglab.readers import plain_wfdb
from ecglab.readers.common import text_of
from ecglab.readers.leads import Lead
from ecglab.readers.plain_file import content_of, named_by
from ecglab.readers.recording import Recording
from ecglab.utils import extras
from ecglab.utils.errors import RecordError

FORMAT = "WFDB"
SUFFIXES = (".hea", ".dat", ".mat")
LIBRARY = "NumPy, wfdb"
SAMPLE = "tests/readers/test_wfdb_reader.py"


def matches(path: Path, head: bytes) -> bool:
    """Whether there is a header of a record of this name."""
    return path.suffix.lower() == ".hea" or header_of(path) is not None


def header_of(path: Path) -> Path | None:
    """The header beside `path`, which names a record or one of its files; None without one."""
    if not path.name:
        return None
    if path.suffix.lower() in SUFFIXES:
        header = path.with_suffix(".hea")
    else:
        header = path.with_name(path.name + ".hea")
    return header if header.is_file() else None


def read(path: Path) -> Recording:
    """Read a WFDB record, named by its header, a file of samples, or no suffix.

    Missing samples are NaN. The format is that of https://wfdb.io/spec. Common records are read
    with NumPy alone; those in segments, with several samples a frame, a skew or a rare format by
    the `wfdb` package.

    Raises RecordError for a missing, cut or damaged file.
    """
    header_path = header_of(path)
    if not header_path:
        raise RecordError(
            f"{path}: {path.stem}.hea is missing beside it: a WFDB record is both files"
        )
    try:
        try:
            header = plain_wfdb.parse_header(text_of(header_path), str(header_path))
        except plain_wfdb.NotPlainError as reason:
            leads = _by_package(path, header_path, reason)
        else:
            leads = _plain(path, header_path, header)
    except FileNotFoundError as error:
        raise RecordError(
            f"{path}: {Path(error.filename or path).name} is missing beside {header_path.name}: "
            "copy all files of the record"
        ) from None
    return Recording(header_path, FORMAT, leads)


def _plain(path: Path, header_path: Path, header: plain_wfdb.Header) -> list[Lead]:
    """The leads of a record in a common format."""
    samples = plain_wfdb.read_samples(
        header, lambda file: content_of(named_by(header_path, file)), str(path)
    )
    signals = plain_wfdb.physical(header, samples)
    return [
        Lead(lead.lead, lead.units, header.fs, signals[:, i])
        for i, lead in enumerate(header.signals)
    ]


def _by_package(path: Path, header_path: Path, reason: RecordError) -> list[Lead]:
    """The leads of a record of any kind, each at its own rate where a frame has several samples.

    reason: why the package is needed
    """
    try:
        import wfdb
    except ModuleNotFoundError as error:
        raise RecordError(f"{reason}: {extras.missing(error) or error}") from error
    if not _ascii(header_path):
        # The package drops other characters, and µV would be V.
        raise RecordError(f"{header_path}: has characters other than ASCII: write µV as uV")
    try:
        record = wfdb.rdrecord(str(header_path.with_suffix("")), smooth_frames=False)
    except FileNotFoundError:
        raise
    except Exception as error:  # the package raises all kinds of error on damage
        if isinstance(error, ImportError) or "sndfile" in str(error):
            raise RecordError(
                f"{path}: its samples are FLAC, for which the package soundfile is needed: "
                "pip install soundfile"
            ) from None
        raise RecordError(
            f"{path}: its samples cannot be read ({' '.join(str(error).split())}): "
            "is a file of the record cut? copy it again"
        ) from None
    return [
        # Segments that differ in their units leave none.
        Lead(name or "", unit or "unknown", record.fs * per_frame, signal)
        for name, unit, per_frame, signal in zip(
            record.sig_name,
            record.units or [""] * len(record.sig_name),
            record.samps_per_frame,
            record.e_p_signal,
            strict=True,
        )
    ]


def _ascii(header_path: Path) -> bool:
    """Whether a header is in ASCII, but for its comments."""
    lines = text_of(header_path).splitlines()
    return all(line.isascii() for line in lines if not line.lstrip().startswith("#"))
