"""Downloads from a local server that drops, lies and changes its mind."""

import hashlib
import http.server
import json
import re
import threading
from pathlib import Path

import archive_maker as maker
import numpy as np
import pytest

from ecglab.datasets import cinc2017, dataset, download
from ecglab.utils import files
from ecglab.utils.errors import EcglabError

BODY = np.random.default_rng(0).bytes(1_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """A server of `files`, by name, and of every request's (name, Range, If-Range) in `requests`.

    `plans`: what goes wrong with the next requests, one each: {"cut": bytes after which the
    connection breaks, "stall": True, "status": code, "ignore_range": True, "start": first byte of
    the Content-Range that is sent, "bytes": other content, "length": other Content-Length,
    "chunked": True}
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.plans = {"file": BODY}, [], []
        self.etag = True
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def ranges(self) -> list[str | None]:
        return [wanted for _, wanted, _ in self.requests]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server, name = self.server, self.path.strip("/")
        server.requests.append((name, self.headers["Range"], self.headers["If-Range"]))
        plan = server.plans.pop(0) if server.plans else {}
        self.close_connection = True
        if name not in server.files or "status" in plan:
            return self.send_error(plan.get("status", 404))
        content = plan.get("bytes", server.files[name])
        etag = f'"{hashlib.md5(server.files[name]).hexdigest()}"'
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if wanted and self.headers["If-Range"] == etag and not plan.get("ignore_range"):
            start = int(wanted[1])
            if start >= len(content):
                return self.send_error(416)
        body = content[start:]
        self.send_response(206 if start else 200)
        if start:
            first = plan.get("start", start)
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if server.etag:
            self.send_header("ETag", etag)
        if plan.get("chunked"):
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(plan.get("length", len(body))))
        self.end_headers()
        if plan.get("chunked"):
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        self.wfile.write(body[: plan.get("cut")])
        if plan.get("stall"):
            self.wfile.flush()
            server.released.wait(10)
        return None


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def fetch(server, path: Path, sha256: str | None = SHA256, **options) -> Path:
    options = {"wait": 0.001, "timeout": 5, **options}
    return download.fetch(f"{server.url}/file", path, sha256, **options)


def only(path: Path) -> bool:
    """Whether nothing of the download is left beside the file."""
    return [p.name for p in path.parent.glob("[!.]*")] == [path.name]


def failing(server, path: Path, *words: str, **options) -> None:
    with pytest.raises(EcglabError) as caught:
        fetch(server, path, **options)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    assert not path.exists()


def test_downloads(server, tmp_path):
    path = fetch(server, tmp_path / "new" / "file")
    assert path.read_bytes() == BODY
    assert only(path)
    assert server.requests == [("file", None, None)]


def test_verified_file_is_not_downloaded_again(server, tmp_path):
    path = fetch(server, fetch(server, tmp_path / "file"))
    assert len(server.requests) == 1
    path.write_bytes(b"damaged")
    assert fetch(server, path).read_bytes() == BODY
    fetch(server, path, sha256=None)
    assert len(server.requests) == 3


def test_empty_file(server, tmp_path):
    server.files["file"] = b""
    path = fetch(server, tmp_path / "file", hashlib.sha256().hexdigest())
    assert path.read_bytes() == b""
    assert only(path)


def test_cut_connection_goes_on_where_it_ended(server, tmp_path):
    server.plans = [{"cut": 300_000}, {"cut": 300_000}]
    path = fetch(server, tmp_path / "file")
    assert path.read_bytes() == BODY
    assert only(path)
    assert server.ranges() == [None, "bytes=300000-", "bytes=600000-"]
    etag = f'"{hashlib.md5(BODY).hexdigest()}"'
    assert [tag for _, _, tag in server.requests] == [None, etag, etag]


def test_later_call_goes_on_where_an_earlier_one_ended(server, tmp_path):
    server.plans = [{"cut": 300_000}, {"status": 503}]
    path = tmp_path / "file"
    failing(server, path, "/file", "503", "resumes", retries=0)
    part = path.with_name("file.part")
    assert part.stat().st_size == 300_000
    server.requests.clear()
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == ["bytes=300000-"]


def test_whole_part_is_not_downloaded_again(server, tmp_path):
    path = part_of(server, tmp_path, BODY)
    assert fetch(server, path).read_bytes() == BODY
    assert server.requests == []
    assert only(path)


def part_of(server, folder: Path, content: bytes, **facts) -> Path:
    """What a killed download leaves."""
    (folder / "file.part").write_bytes(content)
    etag = f'"{hashlib.md5(BODY).hexdigest()}"'
    facts = {"url": f"{server.url}/file", "size": len(BODY), "tag": etag, **facts}
    (folder / "file.part.json").write_text(json.dumps(facts))
    return folder / "file"


@pytest.mark.parametrize(
    "facts", [{"url": "http://elsewhere/file"}, {"size": 10}, {"tag": None}, {"size": "many"}]
)
def test_part_that_does_not_fit_is_dropped(server, tmp_path, facts):
    path = part_of(server, tmp_path, b"x" * 1000, **facts)
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == [None]


@pytest.mark.parametrize("content", ["", "{", "[]", "\0"])
def test_part_whose_facts_are_damaged_is_dropped(server, tmp_path, content):
    path = part_of(server, tmp_path, b"x" * 1000)
    path.with_name("file.part.json").write_text(content)
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == [None]


def test_server_that_ignores_ranges(server, tmp_path):
    path = part_of(server, tmp_path, BODY[:1000])
    server.plans = [{"ignore_range": True}]
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == ["bytes=1000-"]


def test_server_that_ignores_ranges_and_cuts_is_given_up(server, tmp_path):
    server.plans = [{"ignore_range": True, "cut": 1000}] * 50
    failing(server, tmp_path / "file", "1,000 of 1,000,000 bytes", retries=3)
    assert len(server.requests) == 5


@pytest.mark.parametrize("start", [0, 999, 1001])
def test_wrong_content_range_starts_anew(server, tmp_path, start):
    path = part_of(server, tmp_path, BODY[:1000])
    server.plans = [{"start": start}]
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == ["bytes=1000-", None]


def test_unsatisfiable_range_starts_anew(server, tmp_path):
    path = part_of(server, tmp_path, BODY[:1000])
    server.plans = [{"status": 416}]
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == ["bytes=1000-", None]


def test_file_that_changed_between_tries_is_taken_anew(server, tmp_path):
    path = part_of(server, tmp_path, b"old" * 1000, tag='"old"')
    assert fetch(server, path).read_bytes() == BODY
    assert server.requests == [("file", "bytes=3000-", '"old"')]


def test_file_of_another_size_is_taken_anew(server, tmp_path):
    path = part_of(server, tmp_path, BODY[:3000], size=4000)
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == ["bytes=3000-", None]


def test_server_that_names_no_version_starts_anew(server, tmp_path):
    server.etag = False
    server.plans = [{"cut": 300_000}]
    assert fetch(server, tmp_path / "file").read_bytes() == BODY
    assert server.ranges() == [None, None]


@pytest.mark.parametrize("known", [True, False])
def test_short_body_is_noticed(server, tmp_path, known):
    server.plans = [{"bytes": BODY[:-1], "length": len(BODY)}] * 9
    sha256 = SHA256 if known else None
    words = ("999,999 of 1,000,000 bytes", "try again later")
    server.etag = False
    failing(server, tmp_path / "file", *words, sha256=sha256, retries=1)


def test_cut_in_a_body_of_unknown_length_is_noticed(server, tmp_path):
    server.plans = [{"chunked": True, "cut": 500_000}, {"chunked": True}]
    assert fetch(server, tmp_path / "file", sha256=None).read_bytes() == BODY


def test_wrong_bytes_are_deleted(server, tmp_path):
    server.plans = [{"bytes": BODY[::-1]}]
    path = tmp_path / "file"
    failing(server, path, "/file", "SHA-256", SHA256[:12], "deleted")
    assert not list(tmp_path.glob("file*"))
    assert fetch(server, path).read_bytes() == BODY


def test_wrong_bytes_leave_the_file_that_was_there(server, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"earlier")
    server.plans = [{"bytes": BODY[::-1]}]
    with pytest.raises(EcglabError, match="SHA-256"):
        fetch(server, path)
    assert path.read_bytes() == b"earlier"
    assert only(path)


def test_silence_is_a_failed_try(server, tmp_path):
    server.plans = [{"cut": 300_000, "stall": True}]
    assert fetch(server, tmp_path / "file", timeout=0.3).read_bytes() == BODY
    assert len(server.requests) > 1


def test_passing_fault_is_tried_again(server, tmp_path, capsys):
    server.plans = [{"status": 503}, {"status": 429}]
    assert fetch(server, tmp_path / "file").read_bytes() == BODY
    assert "503" in capsys.readouterr().err


def test_missing_file_is_not_tried_again(server, tmp_path):
    del server.files["file"]
    failing(server, tmp_path / "file", f"{server.url}/file", "404", "check the address")
    assert len(server.requests) == 1


def test_no_server(server, tmp_path):
    with pytest.raises(EcglabError, match=r"http://127\.0\.0\.1:1/x .*[Rr]efused.*try again"):
        download.fetch("http://127.0.0.1:1/x", tmp_path / "x", retries=1, wait=0.001)


@pytest.mark.parametrize(
    "url", ["file:///etc/hosts", "ftp://a/b", "training2017.zip", "", "http://"]
)
def test_only_http(tmp_path, url):
    with pytest.raises(EcglabError, match="http or https"):
        download.fetch(url, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_no_address(tmp_path):
    with pytest.raises(EcglabError, match="'http://a:b/c' is not an address"):
        download.fetch("http://a:b/c", tmp_path / "x")


def test_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder would be")
    with pytest.raises(EcglabError, match="cannot write"):
        fetch(server, tmp_path / "taken" / "file")


def test_full_disk_keeps_what_has_come(server, tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "file"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    try:
        failing(server, path, f"cannot write {path}", "File too large", "free some space")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert fetch(server, path).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=600000-"]


def test_two_at_once(server, tmp_path):
    path = tmp_path / "file"
    with files.locked(path, "downloading file"):
        failing(server, path, "another process is downloading file")


# The archive


@pytest.fixture
def mirror(server, monkeypatch):
    """A server of a small archive, its labels and their checksums."""
    monkeypatch.setattr(cinc2017, "digests", maker.digests)
    zipped = maker.zipped(maker.files(), dataset.path_of("x").with_name("mirror.zip"))
    reference = maker.reference(maker.LABELS)
    server.files = {"training2017.zip": zipped.read_bytes()}
    server.files |= {f"REFERENCE-v{i}.csv": reference for i in (1, 2, 3)}
    zipped.unlink()
    publish(server)
    return server


def publish(server) -> None:
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in server.files.items()}
    sums.pop("SHA256SUMS.txt", None)
    text = "".join(f"{sha256} {name}\n" for name, sha256 in sums.items())
    server.files["SHA256SUMS.txt"] = text.encode()


def test_fetch_cinc2017(mirror):
    data = download.fetch_cinc2017(mirror.url + "/")
    assert data.ids.tolist() == maker.IN_ARCHIVE
    assert data.label_versions == ("v1", "v2", "v3")
    names = [name for name, _, _ in mirror.requests]
    assert sorted(names) == sorted(mirror.files)
    assert names[0] == "SHA256SUMS.txt"

    mirror.requests.clear()
    download.fetch_cinc2017(mirror.url)
    assert [name for name, _, _ in mirror.requests] == ["SHA256SUMS.txt"]


def test_fetch_cinc2017_without_older_labels(mirror):
    del mirror.files["REFERENCE-v1.csv"]
    publish(mirror)
    assert download.fetch_cinc2017(mirror.url).label_versions == ("v2", "v3")


def test_fetch_cinc2017_with_a_wrong_archive(mirror):
    download.fetch_cinc2017(mirror.url)
    earlier = dataset.path_of("cinc2017").read_bytes()
    (dataset.path_of("cinc2017").parent / "downloads" / "training2017.zip").unlink()
    mirror.files["training2017.zip"] += b"x"
    with pytest.raises(EcglabError, match=r"training2017\.zip does not have the published SHA-256"):
        download.fetch_cinc2017(mirror.url)
    assert dataset.path_of("cinc2017").read_bytes() == earlier


def test_fetch_cinc2017_from_elsewhere(mirror):
    mirror.files["SHA256SUMS.txt"] = b"<html>hello</html>"
    with pytest.raises(EcglabError, match=r"SHA256SUMS\.txt has no line for training2017\.zip"):
        download.fetch_cinc2017(mirror.url)
