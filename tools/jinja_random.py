#!/usr/bin/env python3
"""Random templates, rendered by jinja2 and by weigh's interpreter, compared.

    tools/jinja_random.py [COUNT [SEED]]        (needs jinja2 and build/tests/test_jinja)

Writes fixtures of the kind of make_jinja_fixtures.py into a temporary folder and runs the unit test
over it, which prints what differs.
"""
import collections.abc
import functools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import jinja_oracle
import make_jinja_fixtures as fixtures

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATOMS = ["n", "z", "neg", "x", "yes", "no", "nil", "list", "words", "none_list", "nested", "d", "e",
         "users", "name", "text", "empty", "uni", "undef", "0", "1", "2", "-1", "3.5", "0.0", "1e3",
         "'a'", "'ab,c d'", "''", "'É日'", "'1.5'", "' 42 '", "true", "none", "[1, 'a']", "(1, 2)", "()",
         "{'k': 1}", "{}", "range(4)", "[[2, 'b'], [1, 'a']]", "html", "'<b>'|safe", "namespace(a=1)"]
# Variables only: jinja2 computes constants when it compiles, with other rules (3[1:] is undefined).
CONSTANTS = {f"v{i}": e for i, e in enumerate(e for e in ATOMS
                                             if not e.isidentifier() or e in ("true", "none"))}
NAMES = [e for e in ATOMS if e not in CONSTANTS.values()] + list(CONSTANTS)
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "and", "or"]
FILTERS = ["abs", "batch(2)", "capitalize", "center(7)", "count", "default('D')", "default('D', true)",
           "dictsort", "escape", "first", "float", "float(1.5)", "groupby(0)", "indent(2)", "indent(1, true, true)",
           "int", "int(5)", "int(base=16)", "items", "join", "join('-')", "last", "length", "list", "lower",
           "map('string')", "map('upper')", "map(attribute='name')", "map('first')", "max", "min", "reject",
           "reject('number')", "replace('a', 'b')", "reverse", "round", "round(1)", "round(1, 'floor')", "safe",
           "select", "select('string')", "selectattr('age')", "slice(2)", "sort", "sort(reverse=true)",
           "sort(case_sensitive=true)", "string", "sum", "title", "tojson", "tojson(indent=1)",
           "tojson(sort_keys=true)", "trim", "trim('a')", "truncate(5, leeway=0)", "truncate(6, true, '.')", "unique",
           "upper", "format(1)", "format(1, 'a')", "rejectattr('on')", "attr('k')"]
TESTS = ["boolean", "callable", "defined", "divisibleby(2)", "eq(1)", "even", "false", "float", "ge(1)", "gt(1)",
         "in([1, 'a'])", "integer", "iterable", "le(1)", "lower", "lt(1)", "mapping", "ne(1)", "none", "number",
         "odd", "sameas(none)", "sequence", "string", "true", "undefined", "upper", "escaped"]
METHODS = ["upper()", "lower()", "strip()", "lstrip('a')", "rstrip()", "split()", "split(',')", "split(' ', 1)",
           "rsplit(none, 1)", "splitlines()", "startswith('a')", "endswith(('c d', 'x'))", "find('a')", "rfind('b')",
           "count('a')", "replace('a', 'xx', 1)", "title()", "capitalize()", "zfill(6)", "partition(',')", "isdigit()",
           "isalpha()", "isupper()", "join(['a', 'b'])", "join(words)", "format(1, a=2)", "keys()", "values()", "items()",
           "get('b')", "get('zz', 0)", "index(1)", "copy()", "removeprefix('a')", "removesuffix('d')", "swapcase()",
           "center(9, '*')", "expandtabs(2)", "append(1)", "nope()"]
POSTFIX = ["[0]", "[-1]", "[1:]", "[:2]", "[::-1]", "[1:9:2]", "['k']", ".k", ".name", ".0", "[none]", "['b']", ".b", "[true]", "[-2:]"]


LAZY = ["batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "unique"]


class Lazy:
    """An iterator that prints without its address, as weigh prints it."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return self.inner

    def __repr__(self):
        return "<generator object>"


def lazy(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        out = function(*args, **kwargs)
        return Lazy(out) if isinstance(out, collections.abc.Iterator) else out
    return call


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def expr(self, depth):
        r = self.r
        if depth <= 0 or r.random() < 0.15:
            return r.choice(NAMES)
        kind = r.randrange(13)
        if kind < 3:
            return f"({self.expr(depth - 1)} {r.choice(BINARY)} {self.expr(depth - 1)})"
        if kind < 6:
            return f"({self.expr(depth - 1)})|{r.choice(FILTERS)}"
        if kind < 7:
            return f"(({self.expr(depth - 1)}) is {r.choice(['', 'not '])}{r.choice(TESTS)})"
        if kind < 9:
            return f"({self.expr(depth - 1)}).{r.choice(METHODS)}"
        if kind < 10:
            return f"({self.expr(depth - 1)}){r.choice(POSTFIX)}"
        if kind < 11:
            return f"({self.expr(depth - 1)} if {self.expr(depth - 1)} else {self.expr(depth - 1)})"
        if kind < 12:
            return f"[{self.expr(depth - 1)}, {self.expr(depth - 1)}]"
        return r.choice([f"(not {self.expr(depth - 1)})", f"(-{self.expr(depth - 1)})",
                         f"{{'q': {self.expr(depth - 1)}}}",
                         f"('%s|%5s|%r' % ({self.expr(depth - 1)}, 1, {self.expr(depth - 1)}))",
                         f"('{{}}-{{:>6}}'.format({self.expr(depth - 1)}, {self.expr(depth - 1)}))"])

    def name(self):
        return self.r.choice(["p", "q", "n", "name", "list"])

    def mark(self):
        return self.r.choice(["", "", "", "-", "+"])

    def tag(self, text):
        end = self.mark()
        return "{%" + self.mark() + " " + text + " " + end + "%}"

    def space(self):
        return self.r.choice(["", "", "\n", "  ", " \n ", "\n\n", "x", " y\n"])

    def body(self, depth):
        return "".join(self.space() + self.statement(depth) for _ in range(self.r.randint(1, 3))) + self.space()

    def statement(self, depth):
        r = self.r
        e = lambda: self.expr(2)  # noqa: E731
        kind = r.randrange(10) if depth > 0 else r.randrange(3)
        if kind < 2:
            return "{{" + r.choice(["", "-"]) + " " + e() + " " + r.choice(["", "-"]) + "}}"
        if kind == 2:
            return self.tag(f"set {self.name()} = {e()}")
        if kind < 5:
            return (self.tag(f"if {e()}") + self.body(depth - 1) +
                    (self.tag("else") + self.body(depth - 1) if r.random() < 0.5 else "") + self.tag("endif"))
        if kind < 7:
            test = f" if {e()}" if r.random() < 0.3 else ""
            jump = self.tag("if loop.index > 2") + self.tag(r.choice(["break", "continue"])) + self.tag("endif")
            show = "{{ loop.index }}{{ loop.last }}{{ loop.length }}" if r.random() < 0.5 else ""
            return (self.tag(f"for {self.name()} in {e()}{test}") + show + (jump if r.random() < 0.3 else "") +
                    self.body(depth - 1) + (self.tag("else") + self.body(depth - 1) if r.random() < 0.3 else "") +
                    self.tag("endfor"))
        if kind == 7:
            return self.tag(f"set {self.name()}") + self.body(depth - 1) + self.tag("endset")
        if kind == 8:
            p = self.name()
            return (self.tag(f"macro m({p}, q2={e()})") + self.body(depth - 1) + self.tag("endmacro") +
                    "{{ m(" + e() + ") }}")
        return r.choice([
            self.tag(f"with {self.name()} = {e()}") + self.body(depth - 1) + self.tag("endwith"),
            self.tag("filter upper") + self.body(depth - 1) + self.tag("endfilter"),
            self.tag("generation") + self.body(depth - 1) + self.tag("endgeneration"),
            "{# c #}", self.tag("raw") + "{{ raw }}" + self.tag("endraw")])


def comparable(out):
    """False for what cannot be the same: addresses, and whole numbers that need over 64 bits."""
    if isinstance(out, Exception):
        return True
    return " at 0x" not in out.lower() and not re.search(r"\d{19}", out) and len(out) < 100000


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    maker, rows = Maker(seed), []
    for name in LAZY:
        jinja_oracle.ENV.filters[name] = lazy(jinja_oracle.ENV.filters[name])
    while len(rows) < count:
        template = "{{ %s }}" % maker.expr(3) if len(rows) % 2 else maker.body(2)
        used = sorted(set(re.findall(r"\bv\d+\b", template)))
        template = "".join("{%% set %s = %s %%}" % (v, CONSTANTS[v]) for v in used) + template
        out = jinja_oracle.render(template, fixtures.VARS)
        if not comparable(out):
            continue
        rows.append({"template": template, **({"raises": type(out).__name__}
                                              if isinstance(out, Exception) else {"text": out})})
        jinja_oracle.CACHE.clear()
    with tempfile.TemporaryDirectory() as folder:
        for i in range(0, count, 1000):
            with open(f"{folder}/{i}.json", "w", encoding="utf-8") as f:
                json.dump({"vars": fixtures.VARS, "cases": rows[i:i + 1000]}, f)
        done = subprocess.run([str(ROOT / "build/tests/test_jinja")], env={**os.environ, "JINJA_FIXTURES": folder},
                              cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False)
    print(done.stderr.decode(errors="replace"))
    print(f"{count} templates, {sum('raises' in r for r in rows)} of them raise, exit {done.returncode}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
