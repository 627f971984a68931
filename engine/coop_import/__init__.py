"""Coop's condition sets as rules.

thresholds    what a comparator says of a score, with Coop's casts
inputs        what a condition reads, as SQL
searches      what a condition looks for in a text
aggregations  counts of items, as counters
leaves        one condition: a signal over an input
conditions    trees of conditions, with outcomes TRUE, FALSE and NULL as Coop has them
export        a file of item types, text banks and rules -> packs
"""

from engine.coop_import.conditions import Converted, convert
from engine.coop_import.export import Imported, import_rules

__all__ = ["Converted", "Imported", "convert", "import_rules"]
