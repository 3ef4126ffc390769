"""The PhysioNet/Computing in Cardiology Challenge 2017: its spec, and where it was published.

8,528 recordings of 9 to 61 s, one lead, 300 Hz, made with AliveCor's hand-held device and
labelled by experts as normal rhythm, atrial fibrillation, other rhythm or noise. The labels
were published in three versions, of which v3 is the last. `archive` reads the records.
"""

from functools import cache
from importlib import resources

from ecglab.datasets.spec import Spec
from ecglab.ecg.classes import Classes

BASE_URL = "https://physionet.org/files/challenge-2017/1.0.0"
ARCHIVE = "training2017.zip"
CHECKSUMS = "SHA256SUMS.txt"
LABEL_FILES = {version: f"REFERENCE-{version}.csv" for version in ("v1", "v2", "v3")}

UNITS_PER_MV = 1000
"""ADC units of the published samples."""

DOIS = ("10.22489/CinC.2017.065-469", "10.1161/01.CIR.101.23.e215")
_CITATION = """\
Clifford GD, Liu C, Moody B, Lehman LH, Silva I, Li Q, Johnson AE, Mark RG. AF Classification \
from a Short Single Lead ECG Recording: the PhysioNet/Computing in Cardiology Challenge 2017. \
Computing in Cardiology 2017;44. doi:10.22489/CinC.2017.065-469
Goldberger AL, Amaral LAN, Glass L, Hausdorff JM, Ivanov PCh, Mark RG, Mietus JE, Moody GB, \
Peng CK, Stanley HE. PhysioBank, PhysioToolkit, and PhysioNet: Components of a New Research \
Resource for Complex Physiologic Signals. Circulation 2000;101(23):e215-e220. \
doi:10.1161/01.CIR.101.23.e215"""

SPEC = Spec(
    name="cinc2017",
    description="Recordings of 9 to 61 s from a hand-held device, labelled by rhythm, of the "
    "PhysioNet/Computing in Cardiology Challenge 2017.",
    classes=Classes(
        {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"},
        # The challenge ranked by the mean F1 of these three,
        # https://doi.org/10.22489/CinC.2017.065-469.
        ranked=("N", "A", "O"),
    ),
    fs=300.0,
    units="1/1000 mV",
    label_versions=tuple(LABEL_FILES),
    n_records=8528,
    class_counts={
        "v1": {"N": 5154, "A": 771, "O": 2557, "~": 46},
        "v2": {"N": 5050, "A": 738, "O": 2456, "~": 284},
        "v3": {"N": 5076, "A": 758, "O": 2415, "~": 279},
    },
    url="https://physionet.org/content/challenge-2017/1.0.0/",
    licence="Open Data Commons Attribution License 1.0 (ODC-By 1.0)",
    citation=_CITATION,
)

BIBTEX = r"""
@inproceedings{clifford2017af,
  author    = {Clifford, Gari D. and Liu, Chengyu and Moody, Benjamin and Lehman, Li-wei H. and
               Silva, Ikaro and Li, Qiao and Johnson, Alistair E. and Mark, Roger G.},
  title     = {{AF} Classification from a Short Single Lead {ECG} Recording: the
               {PhysioNet/Computing} in {Cardiology} {Challenge} 2017},
  booktitle = {Computing in Cardiology},
  volume    = {44},
  year      = {2017},
  doi       = {10.22489/CinC.2017.065-469}
}
@article{goldberger2000physiobank,
  author  = {Goldberger, Ary L. and Amaral, Luis A. N. and Glass, Leon and Hausdorff, Jeffrey M.
             and Ivanov, Plamen Ch. and Mark, Roger G. and Mietus, Joseph E. and Moody, George B.
             and Peng, Chung-Kang and Stanley, H. Eugene},
  title   = {{PhysioBank}, {PhysioToolkit}, and {PhysioNet}: Components of a New Research Resource
             for Complex Physiologic Signals},
  journal = {Circulation},
  volume  = {101},
  number  = {23},
  pages   = {e215--e220},
  year    = {2000},
  doi     = {10.1161/01.CIR.101.23.e215}
}
""".strip()


@cache
def digests() -> dict[str, tuple[int, str]]:
    """Every published record: {id: (number of samples, SHA-256 of them as little-endian int16)}."""
    text = resources.files("ecglab.datasets").joinpath("cinc2017_digests.csv").read_text("ascii")
    rows = (line.split(",") for line in text.splitlines()[1:])
    return {record: (int(n_samples), sha256) for record, n_samples, sha256 in rows}
