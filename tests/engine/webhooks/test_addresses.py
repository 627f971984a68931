"""Which addresses callbacks may reach, however they are spelled."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.webhooks.addresses import Reach, entry_problem, is_public, literal, refusal

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:1::1", "100::1", "3fff::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]

SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433",
    "017700000001", "127.0.0.1.", "localhost", "LOCALHOST.", "app.localhost",
    "localhost.localdomain", "[::ffff:127.0.0.1]", "[::1]", "0", "0.0.0.0", "[::]",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_of_the_public_internet_is_out_of_reach(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_within_reach(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.integers(0, 2**32 - 1))
def test_an_address_in_another_ones_clothes_is_judged_as_itself(number: int) -> None:
    plain = is_public(ipaddress.IPv4Address(number))
    for prefix in (0xFFFF << 32, int(ipaddress.ip_address("64:ff9b::"))):
        assert is_public(ipaddress.IPv6Address(prefix | number)) == plain
    assert is_public(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))) == plain


@given(st.integers(0, 2**32 - 1))
def test_every_old_way_to_write_an_address_is_read(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    first, *rest = str(address).split(".")
    left = number & 0xFFFFFF
    forms = [str(number), hex(number), f"0{number:o}", f"{int(first):#x}.{left}", f"{first}.{left}"]
    assert {literal(form) for form in [*forms, ".".join([first, *rest])]} == {address}


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_callback_cannot_be_configured_to_this_machine(host: str) -> None:
    assert "not a public address" in refusal(f"http://{host}:8080/hook", Reach())


@pytest.mark.parametrize(
    "host", ["hooks.example", "1.2.3.4.example", "999.1.1.1", "1.1.1.1", "a.b.c.d.e", "08.1.1.1"]
)
def test_a_name_is_judged_when_it_is_resolved(host: str) -> None:
    assert refusal(f"https://{host}/hook", Reach()) == ""


@pytest.mark.parametrize(
    ("entry", "host", "address", "admitted"),
    [
        ("10.0.0.0/8", "hooks.internal", "10.2.3.4", True),
        ("10.0.0.0/8", "hooks.internal", "11.2.3.4", True),
        ("10.1.0.0/16", "hooks.internal", "10.2.3.4", False),
        ("127.0.0.1", "localhost", "127.0.0.1", True),
        ("127.0.0.1", "x", "::ffff:127.0.0.1", True),
        ("::1", "localhost", "::1", True),
        ("hooks.internal", "Hooks.Internal.", "10.2.3.4", True),
        ("*.internal", "a.b.internal", "10.2.3.4", True),
        ("*.internal", "internal.example", "10.2.3.4", False),
        ("*.internal", "xinternal", "10.2.3.4", False),
    ],
)
def test_an_allow_list_names_hosts_addresses_and_networks(
    entry: str, host: str, address: str, *, admitted: bool
) -> None:
    assert Reach((entry,)).admits(host, ipaddress.ip_address(address)) is admitted
    assert Reach((), (entry,)).admits(host, ipaddress.ip_address(address)) is admitted


@pytest.mark.parametrize("text", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"])
def test_only_the_operator_opens_the_cloud_machines_own_secrets(text: str) -> None:
    address, everything = ipaddress.ip_address(text), ("0.0.0.0/0", "::/0", "metadata")
    assert not Reach((), everything).admits("metadata", address)
    assert Reach(everything).admits("metadata", address)


@pytest.mark.parametrize("entry", ["", "10.0.0.0/99", "http://x", "a b", "*", "a.*"])
def test_an_entry_that_means_nothing_is_refused(entry: str) -> None:
    assert entry_problem(entry)
