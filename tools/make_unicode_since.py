#!/usr/bin/env python3
"""Writes src/text/unicode_since.h: what Unicode 15.0 to 16.0 assigned, by general category.

Usage: make_unicode_since.py   (Python 3.11, whose unicodedata is Unicode 14; needs tokenizers, whose
Oniguruma is Unicode 16)
"""
import os
import unicodedata

from tokenizers import Regex
from tokenizers import pre_tokenizers as pre

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEAD = """/*
 * Characters that Unicode 15.0 to 16.0 assigned, by general category: the tokenizers' own regular
 * expressions know them, the PCRE2 of a stable distribution may not. Written by
 * tools/make_unicode_since.py.
 */
#ifndef WG_TEXT_UNICODE_SINCE_H
#define WG_TEXT_UNICODE_SINCE_H

/* X(category, first, last), sorted by category. */
// clang-format off
#define WG_UNICODE_SINCE_14(X) \\
"""
assert unicodedata.unidata_version == "14.0.0"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def in_oniguruma(category):
    split = pre.Split(Regex(rf"\p{{{category}}}"), "removed", invert=True)
    found = set()
    for k in range(0, len(POINTS), 4096):
        for piece, _ in split.pre_tokenize_str("".join(map(chr, POINTS[k:k + 4096]))):
            found.update(map(ord, piece))
    return found


def rows():
    for category in "Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So".split():
        new = sorted(c for c in in_oniguruma(category) if unicodedata.category(chr(c)) == "Cn")
        first = None
        for c, after in zip(new, new[1:] + [None]):
            first = c if first is None else first
            if after != c + 1:
                yield f"    X({category}, 0x{first:X}, 0x{c:X})"
                first = None


with open(os.path.join(ROOT, "src", "text", "unicode_since.h"), "w", encoding="ascii") as f:
    f.write(HEAD + " \\\n".join(rows()) + "\n// clang-format on\n\n#endif\n")
