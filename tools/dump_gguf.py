#!/usr/bin/env python3
"""Writes tests/fixtures/gguf/good.json: what the Python package `gguf` (pip install gguf) reads in
each file of tests/formats/good/gguf. tests/unit/test_gguf.c holds the reader in src/package to it.

Integers are strings, as JSON readers differ above 2^53. Run from the root of the repository.
"""
import hashlib
import json
import pathlib

import gguf

GOOD = pathlib.Path("tests/formats/good/gguf")
OUT = pathlib.Path("tests/fixtures/gguf/good.json")


def plain(v):
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, bool) or isinstance(v, (str, float)):
        return v
    return str(int(v))


def dump(path):
    reader = gguf.GGUFReader(path)
    keys, kinds = {}, {}
    for name, field in reader.fields.items():
        if name.startswith("GGUF."):
            continue
        kinds[name] = [t.name for t in field.types]
        keys[name] = plain(field.contents()) if len(field.data) else []
    tensors = [{"name": t.name, "type": t.tensor_type.name, "ne": [str(int(d)) for d in t.shape],
                "offset": str(int(t.data_offset)), "bytes": str(int(t.n_bytes)),
                "sha256": hashlib.sha256(t.data.tobytes()).hexdigest()} for t in reader.tensors]
    return {"version": int(reader.fields["GGUF.version"].contents()),
            "alignment": int(reader.alignment), "kinds": kinds, "keys": keys, "tensors": tensors}


def main():
    OUT.parent.mkdir(parents=True, exist_ok=True)
    doc = {path.name: dump(path) for path in sorted(GOOD.glob("*.gguf"))}
    OUT.write_text(json.dumps(doc, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
