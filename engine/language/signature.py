"""What an operator takes and gives, written once as people read it.

    text TEXT, pattern literal TEXT -> BOOLEAN
    list LIST(C), value C -> BOOLEAN
    value O... -> O

T is any type, C one that can be compared, O one that has an order; a letter means the same type
wherever it stands in one signature. TEXT takes everything held as text (URL, ID, ...). `literal`
asks for a written value, `optional` may be left out, `...` repeats the last parameter,
standing alone all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.language.types import NULL, TEXT, Base, Type, list_of, map_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_ORDERED: Final = frozenset({Base.NUMBER, Base.TIME, Base.DURATION})
_VARIABLES: Final = {"T": None, "C": _ORDERED | {Base.BOOLEAN}, "O": _ORDERED}

Bindings = dict[str, Type]


@dataclass(frozen=True)
class Slot:
    """container: LIST, MAP or empty; name: a base type or a variable."""

    name: str
    container: str = ""

    def __str__(self) -> str:
        if self.container == "MAP":
            return f"MAP(TEXT, {self.name})"
        return f"{self.container}({self.name})" if self.container else self.name

    def accepts(self, given: Type, bindings: Bindings) -> bool:
        if given.wild:
            return True
        if self.container:
            return given.base == self.container and self._takes(given.element or NULL, bindings)
        return self._takes(given, bindings)

    def _takes(self, given: Type, bindings: Bindings) -> bool:
        if given.wild:
            return True
        if self.name not in _VARIABLES:
            return given.textual if self.name == Base.TEXT else given.base == self.name
        allowed = _VARIABLES[self.name]
        if allowed is not None and given.base not in allowed and not given.textual:
            return False
        merged = unified(bindings.get(self.name, given), given)
        if merged is not None:
            bindings[self.name] = merged
        return merged is not None

    def resolve(self, bindings: Bindings) -> Type:
        bound = bindings.get(self.name, NULL) if self.name in _VARIABLES else Type(Base(self.name))
        match self.container:
            case "LIST":
                return list_of(bound)
            case "MAP":
                return map_of(bound)
            case _:
                return bound


def unified(first: Type, second: Type) -> Type | None:
    """The one type that both are; None where there is none."""
    if first.wild:
        return second
    if second.wild or first == second:
        return first
    if first.textual and second.textual:
        return TEXT
    if first.base == second.base == Base.LIST or first.base == second.base == Base.MAP:
        element = unified(first.element or NULL, second.element or NULL)
        return None if element is None else Type(first.base, element)
    return None


@dataclass(frozen=True)
class Parameter:
    name: str
    slot: Slot
    literal: bool = False
    optional: bool = False
    repeats: bool = False


@dataclass(frozen=True)
class Signature:
    """cycles: all parameters repeat in order, and the last may stand once more at the end."""

    text: str
    parameters: tuple[Parameter, ...]
    returns: Slot
    cycles: bool = False

    @property
    def fewest(self) -> int:
        return sum(not parameter.optional for parameter in self.parameters)

    def takes(self, count: int) -> bool:
        repeats = self.cycles or (bool(self.parameters) and self.parameters[-1].repeats)
        return self.fewest <= count and (repeats or count <= len(self.parameters))

    def expand(self, count: int) -> tuple[Parameter, ...]:
        """One parameter for each of so many arguments."""
        if self.cycles:
            rounds, rest = divmod(count, len(self.parameters))
            return self.parameters * rounds + self.parameters[-1:] * rest
        missing = count - len(self.parameters)
        return self.parameters[:count] + self.parameters[-1:] * missing

    def bind(self, given: Sequence[Type]) -> Bindings | None:
        """What the variables stand for; None where an argument does not fit."""
        bindings: Bindings = {}
        pairs = zip(self.expand(len(given)), given, strict=True)
        fits = all(parameter.slot.accepts(each, bindings) for parameter, each in pairs)
        return bindings if fits else None


def signature(text: str) -> Signature:
    given, _, returns = text.partition("->")
    parts = [part.split() for part in given.split(",") if part.strip()]
    cycles = parts[-1:] == [["..."]]
    parameters = tuple(_parameter(words) for words in parts if words != ["..."])
    return Signature(text.strip(), parameters, _slot(returns.strip()), cycles)


def _parameter(words: list[str]) -> Parameter:
    written = words[-1]
    return Parameter(
        name=words[0],
        slot=_slot(written.removesuffix("...")),
        literal="literal" in words,
        optional="optional" in words,
        repeats=written.endswith("..."),
    )


def _slot(text: str) -> Slot:
    container, opened, name = text.partition("(")
    return Slot(name.rstrip(")"), container) if opened else Slot(text)
