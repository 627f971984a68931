from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from clients.webhooks import Limits, Message, Sender
from engine.webhooks.addresses import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Limits(timeout_s=0.5, connect_s=0.5, answer_bytes=4096, kept_bytes=100)

HERE = Reach(("127.0.0.1",))


class Platform(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was sent."""

    received: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    hold: ClassVar[threading.Event] = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, dict(self.headers), body))
        getattr(self, f"answer_{self.path.strip('/')}")()

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_ok(self) -> None:
        self.answer(200, b"thanks")

    def answer_busy(self) -> None:
        self.answer(429, retry_after="7")

    def answer_moved(self) -> None:
        self.answer(307, location="/ok")

    def answer_round(self) -> None:
        self.answer(308, location="/round")

    def answer_away(self) -> None:
        self.answer(307, location="http://169.254.169.254/latest/meta-data")

    def answer_seen(self) -> None:
        self.answer(303, location="/ok")

    def answer_huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.hold.is_set():
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def answer_slow(self) -> None:
        self.hold.wait(5)
        self.close_connection = True

    def answer_binary(self) -> None:
        self.answer(500, b"\x00\xff" + b"y" * 500)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def platform() -> Iterator[str]:
    Platform.received.clear()
    Platform.hold.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Platform.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def sender(limits: Limits = QUICK) -> Iterator[Sender]:
    with Sender(limits) as running:
        yield running


def message(url: str, **headers: str) -> Message:
    headers = {"Content-Type": "application/json", **headers}
    return Message(url, headers, b'{"a":1}', reach=HERE)


def test_the_exact_body_and_headers_arrive(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/ok", X_Team="safety")).result()
    assert (answer.status, answer.response, answer.error) == (200, "thanks", "")
    [(path, headers, body)] = Platform.received
    assert (path, headers["X_Team"], body) == ("/ok", "safety", b'{"a":1}')


def test_the_wish_to_come_back_later_is_kept(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/busy")).result()
    assert (answer.status, answer.retry_after) == (429, "7")


def test_a_redirect_within_the_origin_repeats_the_post(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/moved")).result()
    assert answer.status == 200
    assert [path for path, _, body in Platform.received if body == b'{"a":1}'] == ["/moved", "/ok"]


@pytest.mark.parametrize(
    ("path", "said"),
    [("/away", "redirected to another place"), ("/round", "redirected more than 3 times")],
)
def test_a_redirect_elsewhere_or_for_ever_is_refused(platform: str, path: str, said: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}{path}")).result()
    assert answer.status is None
    assert said in answer.error


def test_a_redirect_that_would_drop_the_body_is_the_answer(platform: str) -> None:
    with sender() as s:
        assert s.submit(message(f"{platform}/seen")).result().status == 303
    assert len(Platform.received) == 1


def test_an_endless_answer_is_cut(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/huge")).result()
    assert (answer.status, answer.response) == (200, "x" * 100)


def test_a_slow_endpoint_times_out_while_others_are_served(platform: str) -> None:
    with sender() as s:
        slow = s.submit(message(f"{platform}/slow"))
        quick = [s.submit(message(f"{platform}/ok")) for _ in range(5)]
        assert [f.result().status for f in quick] == [200] * 5
        assert not slow.done()
        answer = slow.result()
    assert (answer.status, answer.error) == (None, "no answer in time")
    assert answer.latency_ms >= 450


def test_bytes_that_are_not_text_are_kept_readable(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/binary")).result()
    assert answer.response.startswith("��y")
    assert len(answer.response) <= 100


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://",
        "//127.0.0.1/",
        "nonsense",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:1/",
        "http://exa mple/",
    ],
)
def test_an_address_we_cannot_call_is_an_answer_not_a_crash(url: str) -> None:
    with sender() as s:
        answer = s.submit(message(url)).result()
    assert answer.status is None
    assert answer.error


def test_a_header_that_http_forbids_is_an_answer_not_a_crash(platform: str) -> None:
    with sender() as s:
        answer = s.submit(message(f"{platform}/ok", evil="a\r\nb: c")).result()
    assert answer.status is None
    assert Platform.received == []


def test_stopping_does_not_wait_for_a_slow_endpoint(platform: str) -> None:
    with sender(Limits(timeout_s=60)) as s:
        future = s.submit(message(f"{platform}/slow"))
    assert future.cancelled()
