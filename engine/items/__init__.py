from engine.items.item import Item, ItemRef, RawItem, Variant
from engine.items.item_type import Container, Field, ItemType, Kind, Role, Scalar

__all__ = [
    "Container",
    "Field",
    "Item",
    "ItemRef",
    "ItemType",
    "Kind",
    "RawItem",
    "Role",
    "Scalar",
    "Variant",
]
