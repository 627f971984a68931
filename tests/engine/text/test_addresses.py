# ruff: noqa: RUF001 - letters of other scripts are what is tested
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.addresses import hashtags, mentions, registrable_domain, url_domains, url_hosts

HOSTS = [
    ("see https://user:pw@a.b.co.uk:80/x?y=z.com", ("a.b.co.uk",)),
    ("HTTP://Example.COM. and WWW.Example.ORG", ("example.com", "www.example.org")),
    ("bit.ly/abc, bit.ly/def", ("bit.ly",)),
    ("http://[::1]/ http://1.2.3.4:8080/", ("::1", "1.2.3.4")),
    ("http://ｅｘａｍｐｌｅ。com", ("example.com",)),
    ("пример.рф", ("xn--e1afmkfd.xn--p1ai",)),
    ("It ended.So he went. e.g. this; me@example.com 1.5 a.invalid", ()),
]


@pytest.mark.parametrize(("text", "hosts"), HOSTS)
def test_hosts_of_links_are_found(text: str, hosts: tuple[str, ...]) -> None:
    assert url_hosts(text) == hosts


DOMAINS = [
    ("a.b.co.uk", "b.co.uk"),
    ("x.you.github.io", "you.github.io"),
    ("co.uk", "co.uk"),
    ("1.2.3.4", "1.2.3.4"),
    ("a.b.unknown", "b.unknown"),
]


@pytest.mark.parametrize(("host", "domain"), DOMAINS)
def test_a_host_belongs_to_a_registrable_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_domains_are_named_once() -> None:
    assert url_domains("http://a.x.com http://b.x.com y.org") == ("x.com", "y.org")


def test_mentions_and_hashtags_are_told_from_addresses_and_fragments() -> None:
    text = "@bob, @a.b. foo@bar.com #tag #été #1 a#b &#39; ＠ann ＃全角 @bob"
    assert mentions(text) == ("bob", "a.b", "ann")
    assert hashtags(text) == ("tag", "été", "全角")


@given(st.text())
def test_any_text_has_hosts_of_a_sound_size(text: str) -> None:
    assert all(0 < len(host) <= 253 for host in url_hosts(text))


@pytest.mark.parametrize("part", ["a.", "a-", "@a", "#", "http://", "a@", "http://a:", "é."])
def test_hostile_texts_take_no_time(part: str) -> None:
    text = part * 20_000
    assert len(url_hosts(text)) <= 1
    assert len(mentions(text)) + len(hashtags(text)) <= 1
