"""No request leaves for a private address: not by name, not by redirect, not by a second answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clients.webhooks import Limits, Message, Pools, Sender, call
from engine.webhooks.addresses import Reach
from tests.services.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUICK = Limits(timeout_s=1, connect_s=0.5)


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


class Names:
    """A name server whose answers change with every question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def post(names: Names, url: str, reach: Reach, times: int = 1) -> list[str]:
    """What each attempt ended with: the status, or why there was none."""
    with Sender(QUICK, Pools(lookup=names)) as sender:
        message = Message(url, {}, b"{}", reach=reach)
        answers = [sender.submit(message).result() for _ in range(times)]
    return [str(answer.status or answer.error) for answer in answers]


def port_of(platform: Receiver) -> str:
    return platform.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_this_machine_is_not_called_under_any_spelling(platform: Receiver, host: str) -> None:
    answer = call(Message(f"http://{host}:{port_of(platform)}/", {}, b"{}"), QUICK)
    assert "not a public address" in answer.error
    assert platform.received == []


def test_a_name_that_leads_inside_is_not_called(platform: Receiver) -> None:
    names = Names(["127.0.0.1"])
    [said] = post(names, f"http://rebind.example:{port_of(platform)}/", Reach())
    assert "not a public address" in said
    assert platform.received == []


def test_a_name_that_leads_inside_the_second_time_is_asked_once(platform: Receiver) -> None:
    """The first answer is an address that is allowed here; nobody is there."""
    names = Names(["::1"], ["127.0.0.1"])
    url, reach = f"http://rebind.example:{port_of(platform)}/", Reach(("::1",))
    [said] = post(names, url, reach)
    assert said != "200"
    assert (names.asked, platform.received) == (1, [])


def test_of_several_addresses_only_those_within_reach_are_used(platform: Receiver) -> None:
    names = Names(["169.254.169.254", "127.0.0.1"])
    url = f"http://hooks.example:{port_of(platform)}/"
    assert post(names, url, Reach(("127.0.0.1",))) == ["200"]


def test_the_host_header_is_the_name_not_the_address(platform: Receiver) -> None:
    url = f"http://hooks.example:{port_of(platform)}/"
    post(Names(["127.0.0.1"]), url, Reach(("hooks.example",)))
    [got] = platform.received
    assert got.headers["host"] == f"hooks.example:{port_of(platform)}"


def test_a_redirect_leads_nowhere_else(platform: Receiver) -> None:
    with receiver() as inside:
        platform.answer = lambda _: (307, {"location": f"{inside.url}/secrets"})
        reach = Reach(("127.0.0.1",))
        answer = call(Message(f"{platform.url}/", {}, b"{}", reach=reach), QUICK)
        assert inside.received == []
    assert "redirected to another place" in answer.error


def test_a_connection_of_one_allow_list_does_not_serve_another(platform: Receiver) -> None:
    with Sender(QUICK) as sender:
        allowed = Message(f"{platform.url}/", {}, b"{}", reach=Reach(("127.0.0.1",)))
        assert sender.submit(allowed).result().status == 200
        refused = Message(f"{platform.url}/", {}, b"{}", reach=Reach())
        assert sender.submit(refused).result().status is None
    assert len(platform.received) == 1


def test_one_connection_serves_many_messages_and_is_replaced_when_it_goes(
    platform: Receiver,
) -> None:
    message = Message(f"{platform.url}/", {}, b"{}", reach=Reach(("127.0.0.1",)))
    with Sender(QUICK) as sender:
        for _ in range(3):
            assert sender.submit(message).result().status == 200
        platform.answer = lambda _: (200, {"connection": "close"})
        for _ in range(3):
            assert sender.submit(message).result().status == 200
    assert len(platform.received) == 6
