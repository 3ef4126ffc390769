"""Downloads that resume after a broken connection (pooch), and the CinC 2017 archive.

pooch checks a file's SHA-256 and puts it under its name only when it is whole and right, but
starts a broken download anew. `_Resuming` is a downloader for it that asks for the rest instead
(RFC 9110, section 14, https://doi.org/10.17487/RFC9110): what has come is in `NAME.part`, and
`NAME.part.json` beside it names the version of the file, so that two versions are never joined.
"""

import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from ecglab.datasets import cinc2017
from ecglab.datasets.archive import import_archive
from ecglab.datasets.dataset import Dataset
from ecglab.datasets.members import read_text
from ecglab.utils import progress
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import locked, write_text
from ecglab.utils.paths import data_dir

_RETRIED = {408, 416, 425, 429, 500, 502, 503, 504}
"""Answers after which the same request may succeed a little later."""


def fetch_cinc2017(base_url: str = cinc2017.BASE_URL) -> Dataset:
    """Download the archive and its labels, verify them and import them.

    base_url: the folder that holds training2017.zip, the REFERENCE files and SHA256SUMS.txt
    They stay in `downloads/` of the data folder, and what is there and right is not downloaded
    again. Raises EcglabError.
    """
    folder = data_dir() / "downloads"
    base_url = base_url.rstrip("/")
    checksums = fetch(f"{base_url}/{cinc2017.CHECKSUMS}", folder / cinc2017.CHECKSUMS)
    lines = re.findall(r"^([0-9a-f]{64})\s+\*?(\S.*?)\s*$", read_text(checksums), re.MULTILINE)
    sha256_of = {name: sha256 for sha256, name in lines}
    if cinc2017.ARCHIVE not in sha256_of:
        raise EcglabError(
            f"{base_url}/{cinc2017.CHECKSUMS} has no line for {cinc2017.ARCHIVE}: "
            "is this the address of the data set?"
        )
    for name in (*cinc2017.LABEL_FILES.values(), cinc2017.ARCHIVE):
        # A mirror may lack the older label versions.
        if name in sha256_of:
            fetch(f"{base_url}/{name}", folder / name, sha256_of[name])
    return import_archive(folder / cinc2017.ARCHIVE)


def fetch(
    url: str,
    path: Path,
    sha256: str | None = None,
    *,
    retries: int = 4,
    wait: float = 1.0,
    timeout: float = 30.0,
) -> Path:
    """Download a file, resuming an earlier download, and return its path.

    url: http or https; path: where it is to be; sha256: its checksum, where one is known
    retries: tries in a row that may bring nothing; wait: seconds before the first of them, twice
    as many before each further one; timeout: seconds of silence that end a try
    A file that is there and has the checksum is not downloaded again. Raises EcglabError; what
    has come stays for the next time, unless its checksum is wrong.
    """
    import pooch

    path = Path(path)
    if not re.fullmatch(r"https?://[^/\s]\S*", url):
        raise EcglabError(f"{url} cannot be downloaded: give an http or https address")
    pooch.get_logger().setLevel("WARNING")
    download = _Resuming(path.with_name(f"{path.name}.part"), retries, wait, timeout)
    try:
        with locked(path, f"downloading {path.name}"):
            if sha256:
                pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, None, download)
            else:
                download(url, str(path))
    except OSError as error:
        raise EcglabError(
            f"cannot write {path}: {error.strerror or error}; free some space there, then try again"
        ) from None
    except ValueError:  # pooch's, after it deleted the file
        raise EcglabError(
            f"{url} does not have the published SHA-256 {sha256:.12}... and was deleted: "
            "try again, or give another address with --url"
        ) from None
    return path


class _DroppedError(Exception):
    """The connection ended before the file did. Another try may get the rest."""


class _Resuming:
    """A downloader for pooch. size: bytes of the whole file; tag: the server's name for the
    version that has begun to come, its ETag or Last-Modified; None where unknown."""

    def __init__(self, part: Path, retries: int, wait: float, timeout: float):
        self.part, self.retries, self.wait, self.timeout = part, retries, wait, timeout
        self.facts = part.with_name(f"{part.name}.json")

    def __call__(
        self, url: str, output_file: str, pooch: object = None, check_only: bool = False
    ) -> None:
        """Download a file; try until too many tries in a row have brought nothing."""
        self._load(url)
        most, failed = self.n_bytes, 0
        while not (self.part.exists() and self.n_bytes == self.size):
            try:
                self._receive(url)
            except _DroppedError as error:
                # Only what was never reached before counts as a gain: a server that sends the
                # start again and again must not keep this going for ever.
                failed = 0 if self.n_bytes > most else failed + 1
                most = max(most, self.n_bytes)
                if failed > self.retries:
                    raise EcglabError(
                        f"{url} could not be downloaded ({error}): try again later; "
                        "the download resumes"
                    ) from None
                seconds = self.wait * 2 ** max(failed - 1, 0)
                print(f"{error}; trying again in {seconds:g} s", file=sys.stderr)
                time.sleep(seconds)
        os.replace(self.part, output_file)
        self._begin()

    @property
    def n_bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _load(self, url: str) -> None:
        """Go on with what an earlier call left, where it is a part of this file."""
        try:
            facts = json.loads(self.facts.read_text("utf-8"))
            if facts["url"] == url and self.n_bytes <= facts["size"] and facts["tag"]:
                self.size, self.tag = facts["size"], facts["tag"]
                return
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self._begin()

    def _begin(self, url: str = "", size: int | None = None, tag: str | None = None) -> None:
        """Drop what has come, and start anew with a version of the file."""
        self.part.unlink(missing_ok=True)
        self.facts.unlink(missing_ok=True)
        self.size, self.tag = size, tag if size is not None else None
        if self.tag:
            write_text(self.facts, json.dumps({"url": url, "size": size, "tag": tag}))

    def _receive(self, url: str) -> None:
        """One request for what is missing; what comes is added to the part."""
        headers = {"User-Agent": "ecglab", "Accept-Encoding": "identity"}
        if self.tag and self.n_bytes:
            headers |= {"Range": f"bytes={self.n_bytes}-", "If-Range": self.tag}
        try:
            request = urllib.request.Request(url, headers=headers)
            response = urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            answer = f"the server answered {error.code} {error.reason}"
            if error.code == 416:
                self._begin()
            if error.code in _RETRIED:
                raise _DroppedError(answer) from None
            raise EcglabError(f"{url} cannot be downloaded ({answer}): check the address") from None
        except (ValueError, http.client.InvalidURL) as error:
            raise EcglabError(f"{url!r} is not an address ({error})") from None
        except (OSError, http.client.HTTPException) as error:
            raise _DroppedError(f"no answer from the server: {_reason(error)}") from None
        with response:
            if response.status == 200:
                length = response.headers.get("Content-Length", "")
                etag = response.headers.get("ETag", "")  # a weak one does not tell bytes apart
                tag = etag if etag.startswith('"') else response.headers.get("Last-Modified")
                self._begin(url, int(length) if length.isdigit() else None, tag)
            elif response.status != 206 or not self._continues(response):
                self._begin()
                raise _DroppedError("the server sent other bytes than asked for, starting anew")
            self._append(response)
        if self.size is None:
            self.size = self.n_bytes
        if self.n_bytes > self.size:
            self._begin()
            raise _DroppedError("the server sent more than the whole file, starting anew")
        if self.n_bytes < self.size:
            raise _DroppedError(f"the connection ended at {self.n_bytes:,} of {self.size:,} bytes")

    def _continues(self, response: http.client.HTTPResponse) -> bool:
        """Whether a 206 starts where the part ends, in a file of the same size."""
        content_range = response.headers.get("Content-Range", "").strip()
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
        if not found:
            return False
        return int(found[1]) == self.n_bytes and found[2] in ("*", str(self.size))

    def _append(self, response: http.client.HTTPResponse) -> None:
        name, n_bytes = self.part.stem, self.n_bytes
        bar = progress.bar(desc=name, total=self.size, initial=n_bytes, unit="B", unit_scale=True)
        with bar, open(self.part, "ab") as file:
            while True:
                try:
                    chunk = response.read1(2**18)
                except (OSError, http.client.HTTPException) as error:
                    raise _DroppedError(f"the connection broke: {_reason(error)}") from None
                if not chunk:
                    return
                file.write(chunk)
                bar.update(len(chunk))


def _reason(error: Exception) -> str:
    """What happened, in one line; urllib wraps it in a URLError."""
    error = getattr(error, "reason", error)
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
