"""Downloads that survive a dropped connection, and the download of the CinC 2017 archive.

A file appears under its name only when it is whole and its checksum is right. Until then it is
`NAME.part`, and `NAME.part.json` beside it says of which version of which file it is a part, so
that a later try asks for the rest (RFC 9110, section 14, https://doi.org/10.17487/RFC9110) and
never joins two versions.
"""

import hashlib
import http.client
import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from ecglab.datasets import cinc2017
from ecglab.datasets.dataset import Dataset
from ecglab.datasets.members import read_text
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, write_text
from ecglab.utils.paths import data_dir

_CHUNK = 2**18
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which the same request may succeed a little later."""


def fetch_cinc2017(base_url: str = cinc2017.BASE_URL) -> Dataset:
    """Download the archive and its labels, verify them and import them.

    base_url: the folder that holds training2017.zip, the REFERENCE files and SHA256SUMS.txt
    They stay in `downloads/` of the data folder, and what is there and right is not downloaded
    again. Raises EcglabError.
    """
    from ecglab.datasets.archive import import_archive

    folder = data_dir() / "downloads"
    base_url = base_url.rstrip("/")
    checksums = fetch(f"{base_url}/{cinc2017.CHECKSUMS}", folder / cinc2017.CHECKSUMS)
    sha256_of = _read_checksums(checksums)
    if cinc2017.ARCHIVE not in sha256_of:
        raise EcglabError(
            f"{base_url}/{cinc2017.CHECKSUMS} has no line for {cinc2017.ARCHIVE}: "
            "is this the address of the data set?"
        )
    for name in (*cinc2017.LABEL_FILES.values(), cinc2017.ARCHIVE):
        # The older label versions are welcome, not needed: a mirror may not have them.
        if name in sha256_of:
            fetch(f"{base_url}/{name}", folder / name, sha256_of[name])
    return import_archive(folder / cinc2017.ARCHIVE)


def _read_checksums(path: Path) -> dict[str, str]:
    """{file: SHA-256} from the lines `SHA256  FILE` of a checksum list."""
    lines = re.findall(r"^([0-9a-f]{64})\s+\*?(\S.*?)\s*$", read_text(path), re.MULTILINE)
    return {name: sha256 for sha256, name in lines}


def fetch(
    url: str,
    path: Path,
    sha256: str | None = None,
    *,
    retries: int = 4,
    wait: float = 1.0,
    timeout: float = 30.0,
) -> Path:
    """Download a file, going on where an earlier try ended.

    url: http or https; path: where it is to be; sha256: its checksum, where one is known
    retries: tries in a row that may bring nothing; wait: seconds before the first of them, twice
    as many before each further one; timeout: seconds of silence that end a try
    Returns the path, at once when the file there has the checksum. Raises EcglabError; what has
    come stays for the next time, unless its checksum is wrong.
    """
    path = Path(path)
    if not re.fullmatch(r"https?://[^/\s]\S*", url):
        raise EcglabError(f"{url} cannot be downloaded: give an http or https address")
    try:
        with locked(path, f"downloading {path.name}"):
            if sha256 and path.is_file() and _sha256(path) == sha256:
                return path
            part = _Part(url, path)
            _complete(part, retries, wait, timeout)
            if sha256 and (found := _sha256(part.path)) != sha256:
                part.drop()
                raise EcglabError(
                    f"{url} came with the SHA-256 {found[:12]}... where {sha256[:12]}... is "
                    "right, and was deleted: try again, or get it from another place"
                )
            part.path.replace(path)
            part.drop()
    except OSError as error:
        raise EcglabError(
            f"cannot write {path}: {error.strerror or error}; make room there, then try again"
        ) from None
    return path


class _DroppedError(Exception):
    """The try ended before the file did; another may bring the rest."""


class _Part:
    """What has come of a file, and the server's name for the version it is of.

    n_bytes: that have come; size: of the whole, None while unknown
    tag: ETag or Last-Modified, None where there is none to go on by
    """

    def __init__(self, url: str, path: Path):
        self.url = url
        self.path = path.with_name(f"{path.name}.part")
        self._facts = path.with_name(f"{path.name}.part.json")
        self.size = self.tag = None
        try:
            facts = json.loads(self._facts.read_text("utf-8"))
            if facts["url"] == url and self.n_bytes <= facts["size"]:
                self.size, self.tag = facts["size"], facts["tag"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if not self.tag:
            self.drop()

    @property
    def n_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def whole(self) -> bool:
        return self.path.exists() and self.n_bytes == self.size

    def begin(self, size: int | None, tag: str | None) -> None:
        """Start anew with a version of the file."""
        self.drop()
        self.size = size
        if tag and size is not None:
            self.tag = tag
            write_text(self._facts, json.dumps({"url": self.url, "size": size, "tag": tag}))

    def drop(self) -> None:
        """Forget what has come."""
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)
        self.size = self.tag = None


def _complete(part: _Part, retries: int, wait: float, timeout: float) -> None:
    """Try until the part is whole, or until too many tries in a row have brought nothing."""
    most, failed = part.n_bytes, 0
    while not part.whole:
        try:
            _receive(part, timeout)
        except _DroppedError as error:
            # Only what was never reached before counts as a gain: a server that sends the start
            # again and again must not keep this going for ever.
            failed = 0 if part.n_bytes > most else failed + 1
            most = max(most, part.n_bytes)
            if failed > retries:
                raise EcglabError(
                    f"{part.url} could not be downloaded ({error}): try again later, "
                    "it goes on from where it is"
                ) from None
            seconds = wait * 2 ** max(failed - 1, 0)
            print(f"{error}; trying again in {seconds:g} s", file=sys.stderr)
            time.sleep(seconds)


def _receive(part: _Part, timeout: float) -> None:
    """One request for what is missing; what comes is added to the part. Raises _DroppedError."""
    headers = {"User-Agent": "ecglab", "Accept-Encoding": "identity"}
    if part.tag and part.n_bytes:
        headers |= {"Range": f"bytes={part.n_bytes}-", "If-Range": part.tag}
    with _answer(part, headers, timeout) as response:
        if response.status == 200:
            length = response.headers.get("Content-Length", "")
            part.begin(int(length) if length.isdigit() else None, _tag(response))
        elif response.status != 206 or not _continues(response, part):
            part.drop()
            raise _DroppedError("the server sent other bytes than were asked for, starting anew")
        _append(response, part)
    if part.size is None:
        part.size = part.n_bytes
    if part.n_bytes > part.size:
        part.drop()
        raise _DroppedError("the server sent more than the whole file, starting anew")
    if part.n_bytes < part.size:
        raise _DroppedError(f"the connection ended at {part.n_bytes:,} of {part.size:,} bytes")


def _answer(part: _Part, headers: dict[str, str], timeout: float) -> http.client.HTTPResponse:
    try:
        request = urllib.request.Request(part.url, headers=headers)
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            part.drop()
        if error.code == 416 or error.code in _RETRIED:
            raise _DroppedError(f"the server answered {error.code} {error.reason}") from None
        raise EcglabError(
            f"{part.url} cannot be downloaded (the server answered {error.code} {error.reason}): "
            "check the address"
        ) from None
    except (ValueError, http.client.InvalidURL) as error:
        raise EcglabError(f"{part.url!r} is not an address ({error})") from None
    except (OSError, http.client.HTTPException) as error:
        raise _DroppedError(f"no answer from the server: {_reason(error)}") from None


def _tag(response: http.client.HTTPResponse) -> str | None:
    """The server's name for this version of the file; a weak ETag does not tell bytes apart."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")


def _continues(response: http.client.HTTPResponse, part: _Part) -> bool:
    """Whether a 206 starts where the part ends, in a file of the same size."""
    content_range = response.headers.get("Content-Range", "").strip()
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
    return bool(found) and int(found[1]) == part.n_bytes and found[2] in ("*", str(part.size))


def _append(response: http.client.HTTPResponse, part: _Part) -> None:
    """The body, written behind what has come, with a bar where stderr is a terminal."""
    from tqdm import tqdm

    bar = tqdm(
        desc=part.path.stem,
        total=part.size,
        initial=part.n_bytes,
        unit="B",
        unit_scale=True,
        disable=None,
    )
    with bar, open(part.path, "ab") as file:
        for chunk in _chunks(response):
            file.write(chunk)
            bar.update(len(chunk))


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _DroppedError(f"the connection broke: {_reason(error)}") from None
        if not chunk:
            return
        yield chunk


def _reason(error: Exception) -> str:
    """One line of words; urllib wraps what happened in a URLError."""
    error = getattr(error, "reason", error)
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
