"""What people do: each scene is a script of waits in seconds and things that then happen.

A scene is told the time when it goes on after a wait, so it never asks a clock.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from engine.simulation.chance import happens, weighted
from engine.simulation.disguise import disguise
from engine.simulation.events import Appealed, Event, Offence, Ref, Reported, Thing, Written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.simulation.people import Person
    from engine.simulation.town import Town

# Yields either seconds to wait or an event that happens now; is sent the time after each.
Scene = Generator["float | Event", "datetime", None]

_SPAM_DOMAINS: Final = ("fast-profit", "coin-rush", "win-daily", "prize-hub", "easy-signals")
_SPAM_ENDINGS: Final = ("example.net", "example.org", "example.com")
_MARKET: Final = ("bikes", "furniture", "music", "electronics", "housing", "tickets", "other")


def everyday(town: Town, person: Person, *, is_new: bool, now: datetime) -> Scene:
    """One visit of an ordinary person: a few posts, comments, messages, now and then a listing."""
    if is_new:
        now = yield town.profile(person, now)
    for _ in range(1 + int(town.chance.expovariate(0.7))):
        now = yield town.chance.expovariate(1 / 40)
        kind = weighted(town.chance, {"post": 4, "comment": 5, "message": 2, "listing": 0.6})
        made = _honest(town, person, kind, now)
        now = yield made
        if happens(town.chance, 0.004):
            yield from reports(town, made, Offence.SPAM, now)


def _honest(town: Town, person: Person, kind: str, now: datetime) -> Written:
    language = person.language
    if kind == "comment" and town.recent:
        under, _ = town.chance.choice(town.recent)
        return town.reply(person, now, town.says(language, "comment"), under)
    if kind == "message":
        return _message(town, person, now, town.says(language, "message"), cold=0.2)
    if kind == "listing":
        price = round(town.chance.lognormvariate(4.4, 0.9), 2)
        return _listing(town, person, now, "listing", price, ("cash", "bank transfer"), {})
    return town.post(person, now, town.says(language, "post"))


def _message(
    town: Town,
    person: Person,
    now: datetime,
    text: str,
    *,
    cold: float,
    offence: Offence | None = None,
) -> Written:
    """cold: how likely the two have never written to each other."""
    other = town.chance.choice(town.people) if town.people else person
    data = {"text": text, "first_contact": happens(town.chance, cold)}
    refs = {"recipient": town.account_of(other)}
    return town.written(Thing.MESSAGE, person, now, data, refs=refs, offence=offence)


def _listing(
    town: Town,
    person: Person,
    now: datetime,
    symbol: str,
    price: float,
    payments: tuple[str, ...],
    contact: Mapping[str, str],
) -> Written:
    data = {
        "title": town.says(person.language, f"{symbol}_title"),
        "text": town.says(person.language, f"{symbol}_description"),
        "price": price,
        "category": town.chance.choice(_MARKET),
        "payment_methods": list(payments),
        "contact": dict(contact),
    }
    offence = Offence.SCAM if symbol == "scam" else None
    return town.written(Thing.LISTING, person, now, data, offence=offence)


def spam_campaign(town: Town, language: str, now: datetime) -> Scene:
    """A handful of young accounts push one domain, and disguise their words as time goes on."""
    domain = f"{town.chance.choice(_SPAM_DOMAINS)}.{town.chance.choice(_SPAM_ENDINGS)}"
    link = f"https://{domain}/{town.chance.randint(100, 999)}"
    crew = [town.throwaway(now, language) for _ in range(town.chance.randint(3, 8))]
    for person in crew:
        now = yield town.profile(person, now, Offence.SPAM)
        now = yield town.chance.expovariate(1 / 3)
    volleys = town.chance.randint(3, 9) * len(crew)
    for volley in range(volleys):
        person = town.chance.choice(crew)
        text = town.says(language, "spam", {"link": link})
        if happens(town.chance, volley / volleys):
            text = disguise(text, town.chance, share=0.7)
        made = _spam_item(town, person, now, text)
        now = yield made
        if happens(town.chance, 0.12):
            yield from reports(town, made, Offence.SPAM, now)
        now = yield town.chance.expovariate(1 / 5)


def _spam_item(town: Town, person: Person, now: datetime, text: str) -> Written:
    where = weighted(town.chance, {"post": 5, "comment": 3, "message": 3})
    if where == "comment" and town.recent:
        under, _ = town.chance.choice(town.recent)
        return town.reply(person, now, text, under, Offence.SPAM)
    if where == "message":
        return _message(town, person, now, text, cold=0.97, offence=Offence.SPAM)
    return town.post(person, now, text, Offence.SPAM)


def pile_on(town: Town, now: datetime) -> Scene:
    """One to three people go after one author, in that author's language."""
    if not town.recent:
        return
    target, victim = town.chance.choice(town.recent)
    for _ in range(town.chance.randint(1, 3)):
        bully = town.newcomer(now)
        now = yield town.profile(bully, now)
        for _ in range(town.chance.randint(1, 4)):
            text = town.says(victim.language, "insult")
            if happens(town.chance, 0.15):
                text = disguise(text, town.chance, share=0.5)
            made = town.reply(bully, now, text, target, Offence.HARASSMENT)
            now = yield made
            if happens(town.chance, 0.45):
                yield from reports(town, made, Offence.HARASSMENT, now)
            now = yield town.chance.expovariate(1 / 25)
        if happens(town.chance, 0.3):
            yield _appeal(town, bully, made, now)


def scam_seller(town: Town, language: str, now: datetime) -> Scene:
    """Too cheap, paid in an odd way, and please not over this platform."""
    seller = town.throwaway(now, language)
    now = yield town.profile(seller, now, Offence.SCAM)
    for _ in range(town.chance.randint(1, 4)):
        price = float(town.chance.choice((20, 35, 49, 80, 120)))
        odd = town.chance.choice(("gift card", "wire transfer", "crypto", "prepaid voucher"))
        contact = {"messenger": f"@{seller.name}"} if happens(town.chance, 0.7) else {}
        made = _listing(town, seller, now, "scam", price, (odd,), contact)
        now = yield made
        if happens(town.chance, 0.25):
            yield from reports(town, made, Offence.SCAM, now)
        now = yield town.chance.expovariate(1 / 30)


def worry(town: Town, person: Person, now: datetime) -> Scene:
    """Somebody is not well. It breaks no rule; it needs a person, soon."""
    made = town.post(person, now, town.says(person.language, "worry"), Offence.SELF_HARM)
    now = yield made
    if happens(town.chance, 0.3):
        yield from reports(town, made, Offence.SELF_HARM, now)


def reports(town: Town, made: Written, reason: Offence, now: datetime) -> Scene:
    """Readers report; at the third report the platform sends the item again with the count."""
    count = town.chance.randint(1, 5)
    for _ in range(count):
        now = yield town.chance.expovariate(1 / 8)
        reader = town.chance.choice(town.people) if town.people else None
        if reader is not None:
            now = yield Reported(now, town.account_of(reader), made.ref, reason)
    if count >= 3 and "reports" in made.data:  # noqa: PLR2004
        yield Written(made.ref, now, {**made.data, "reports": count}, made.refs, made.offence)


def _appeal(town: Town, person: Person, made: Written, now: datetime) -> Appealed:
    author: Ref = town.account_of(person)
    return Appealed(now, author, made.ref, town.says(person.language, "appeal"))
