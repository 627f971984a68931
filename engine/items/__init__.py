from engine.items.coercion import coerce_item, compiled, creator_of
from engine.items.document import item_type_document, parse_item_type
from engine.items.inference import infer_item_type
from engine.items.item import Item, ItemRef, RawItem, Variant
from engine.items.item_type import Container, Field, ItemType, Kind, Role, Scalar
from engine.items.rows import row_values
from engine.items.validation import validate_item_type

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
    "coerce_item",
    "compiled",
    "creator_of",
    "infer_item_type",
    "item_type_document",
    "parse_item_type",
    "row_values",
    "validate_item_type",
]
