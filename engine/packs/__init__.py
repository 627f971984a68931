"""Rules kept in files: packs of banks, rules and the examples that prove them.

source   YAML as plain values, each with the line it stands on
pack     a file's text -> Pack, strictly; and every mistake at once, with its line
render   Pack -> the text of its file
trial    whether every rule of some packs means something and its examples hold
plan     what saving the packs would change
live     what is live, as packs
"""

from engine.packs.pack import Pack, parse_pack, read_packs
from engine.packs.render import render_pack
from engine.packs.trial import PackTrial, RuleTrial, try_packs

__all__ = [
    "Pack",
    "PackTrial",
    "RuleTrial",
    "parse_pack",
    "read_packs",
    "render_pack",
    "try_packs",
]
