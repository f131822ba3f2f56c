#!/usr/bin/env python3
"""Writes tests/formats/bad/safetensors: one file, or one index with its shards, for every rule of
the safetensors reader; index.tsv beside them holds file name, tab, a part of the message that it
must give. Bytes are packed here with struct and json and nothing else.
usage: make_bad_safetensors.py
"""
import json
import pathlib
import shutil
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent
BAD = ROOT / "tests/formats/bad/safetensors"


def row(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def raw(text, data=b""):
    if isinstance(text, str):
        text = text.encode()
    return struct.pack("<Q", len(text)) + text + data


def whole(header, data=b""):
    return raw(json.dumps(header), data)


def with_entry(entry, data=b"\0" * 16):
    return whole({"t": entry}, data)


def good(names):
    return whole({n: row("F32", [2], 8 * i, 8 * i + 8) for i, n in enumerate(names)},
                 bytes(range(8 * len(names))))


def header_files():
    t = '"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}'
    zeros = b"\0" * 16
    return {
        "empty": (b"", "offset 0: the length of the header needs 8 bytes, 0 are left"),
        "length-cut": (b"\x40\0\0", "offset 0: the length of the header needs 8 bytes, 3 are left"),
        "length-past-end": (struct.pack("<Q", 100) + b"{}" * 20,
                            "offset 0: the length of the header is 100, the file has 48 bytes"),
        "length-limit": (struct.pack("<Q", 100000001) + b"{}",
                         "the length of the header is 100000001, the limit is 100000000"),
        "length-huge": (struct.pack("<Q", 2 ** 64 - 1) + b"{}",
                        "the length of the header is 18446744073709551615, the limit is"),
        "header-empty": (raw(""), "the header does not begin with '{'"),
        "header-space": (raw(" {}"), "the header does not begin with '{'"),
        "header-array": (raw("[]"), "the header does not begin with '{'"),
        "header-not-json": (raw('{"t":'), "header: line 1, column 5: not valid JSON"),
        "header-behind": (raw("{}x"), "header: line 1, column 3: not valid JSON"),
        "header-nul": (raw("{}\0"), "not valid JSON"),
        "header-utf8": (raw(b'{"\xff":1}'), "not valid JSON"),
        "header-deep": (raw('{"a":' + "[" * 5000), "not valid JSON: maximum parsing depth reached"),
        "name-twice": (raw("{" + t + "," + t + "}", zeros),
                       "not valid JSON: duplicate object key"),
        "field-twice": (raw('{"t":{"dtype":"F32","dtype":"F32","shape":[4],'
                            '"data_offsets":[0,16]}}', zeros),
                        "not valid JSON: duplicate object key"),
        "metadata-twice": (raw('{"__metadata__":{},"__metadata__":{}}'),
                           "not valid JSON: duplicate object key"),
        "metadata-list": (whole({"__metadata__": []}), '"__metadata__" is not an object'),
        "metadata-number": (whole({"__metadata__": {"format": 1}}),
                            'the value of "format" in "__metadata__" is not a string'),
        "metadata-nul": (whole({"__metadata__": {"format": "p\0t"}}),
                         'the value of "format" in "__metadata__" is not a string'),
    }


def entry_files():
    offsets = '"data_offsets" is missing or not two integers'
    dims = "of the shape is"
    return {
        "name-empty": (whole({"": row("F32", [4], 0, 16)}, b"\0" * 16), "a tensor name is empty"),
        "name-limit": (whole({"n" * 1024: row("F32", [4], 0, 16)}, b"\0" * 16),
                       "the name has 1024 bytes, the limit is 1023"),
        "name-escape": (whole({"\x1b[2J": row("F32", [4], 0, 16)}, b"\0" * 16),
                        "the name holds a control character"),
        "entry-list": (with_entry([]), 'tensor "t": its entry in the header is not an object'),
        "entry-null": (with_entry(None), "its entry in the header is not an object"),
        "entry-field": (with_entry({**row("F32", [4], 0, 16), "stride": [1]}),
                        'its entry has the unknown field "stride"'),
        "dtype-missing": (with_entry({"shape": [4], "data_offsets": [0, 16]}),
                          '"dtype" is missing or not a string'),
        "dtype-number": (with_entry(row(0, [4], 0, 16)), '"dtype" is missing or not a string'),
        "dtype-unknown": (with_entry(row("F33", [4], 0, 16)), 'dtype "F33" is not known'),
        "dtype-case": (with_entry(row("f32", [4], 0, 16)), 'dtype "f32" is not known'),
        "dtype-nul": (with_entry(row("F32\0", [4], 0, 16)), '"dtype" is missing or not a string'),
        "dtype-gguf": (with_entry(row("Q8_0", [32], 0, 34), b"\0" * 34),
                       'dtype "Q8_0" is not known'),
        "dtype-complex": (with_entry(row("C64", [2], 0, 16)), "dtype C64 is not supported"),
        "dtype-f4": (with_entry(row("F4", [32], 0, 16)), "dtype F4 is not supported"),
        "dtype-fnuz": (with_entry(row("F8_E4M3FNUZ", [16], 0, 16)),
                       "dtype F8_E4M3FNUZ is not supported"),
        "shape-missing": (with_entry({"dtype": "F32", "data_offsets": [0, 16]}),
                          '"shape" is missing or not an array'),
        "shape-number": (with_entry(row("F32", 4, 0, 16)), '"shape" is missing or not an array'),
        "shape-7": (with_entry(row("F32", [1, 1, 1, 1, 1, 1, 4], 0, 16)),
                    "the shape has 7 dimensions, at most 6 are supported"),
        "dim-real": (with_entry(row("F32", [4.0], 0, 16)), f"dimension 0 {dims} not an integer"),
        "dim-text": (with_entry(row("F32", [2, "2"], 0, 16)), f"dimension 1 {dims} not an integer"),
        "dim-negative": (with_entry(row("F32", [2, -2], 0, 16)), f"dimension 1 {dims} -2"),
        "dim-limit": (with_entry(row("F32", [2 ** 40 + 1], 0, 16)),
                      f"dimension 0 {dims} 1099511627777: it must be from 0 to 2^40"),
        "dim-bigint": (raw('{"t":{"dtype":"F32","shape":[18446744073709551620],'
                           '"data_offsets":[0,16]}}', b"\0" * 16),
                       "not valid JSON: too big integer"),
        "dims-product": (with_entry(row("F32", [2 ** 40, 2 ** 40], 0, 16)),
                         "the dimensions of the shape multiply to over 2^63"),
        # 2^64 values of a byte would be 0 bytes to a reader that wraps.
        "dims-wrap": (with_entry(row("U8", [2 ** 32, 2 ** 32], 0, 0), b""),
                      "the dimensions of the shape multiply to over 2^63"),
        "bytes-overflow": (with_entry(row("F64", [2 ** 40, 2 ** 21], 0, 0), b""),
                           "the size of the data overflows"),
        "offsets-missing": (with_entry({"dtype": "F32", "shape": [4]}), offsets),
        "offsets-one": (with_entry({**row("F32", [4], 0, 16), "data_offsets": [16]}), offsets),
        "offsets-three": (with_entry({**row("F32", [4], 0, 16), "data_offsets": [0, 16, 32]}),
                          offsets),
        "offsets-real": (with_entry(row("F32", [4], 0, 16.0)), offsets),
        "offsets-negative": (with_entry(row("F32", [4], -16, 0)),
                             "the data offsets -16 and 0 are not an ascending range"),
        "offsets-descend": (with_entry(row("F32", [4], 16, 0)),
                            "the data offsets 16 and 0 are not an ascending range"),
        "offsets-short": (with_entry(row("F32", [4], 0, 12), b"\0" * 12),
                          "the data offsets 0 and 12 hold 12 bytes, dtype and shape need 16"),
        "offsets-long": (with_entry(row("F16", [4], 0, 16)), "hold 16 bytes, dtype and shape need 8"),
        "offsets-max": (with_entry(row("U8", [4], 2 ** 63 - 5, 2 ** 63 - 1)),
                        "the data end at 9223372036854775807, the file has 16 bytes of data"),
        "data-cut": (with_entry(row("F32", [4], 0, 16), b"\0" * 15),
                     "the data end at 16, the file has 15 bytes of data"),
        "data-none": (with_entry(row("F32", [4], 0, 16), b""), "the file has 0 bytes of data"),
    }


def cover_files():
    a, zeros = row("F32", [4], 0, 16), b"\0" * 32
    return {
        "overlap-same": (whole({"t": a, "u": a}, zeros[:16]),
                         'tensor "u": the data overlap those of tensor "t"'),
        "overlap-part": (whole({"u": row("F32", [4], 8, 24), "t": a}, zeros[:24]),
                         'tensor "u": the data overlap those of tensor "t"'),
        "overlap-inside": (whole({"t": row("F32", [8], 0, 32), "u": row("U8", [1], 9, 10)}, zeros),
                           'tensor "u": the data overlap those of tensor "t"'),
        "hole-first": (with_entry(row("F32", [4], 8, 24), zeros[:24]),
                       "before its data, from offset"),
        "hole-middle": (whole({"t": a, "u": row("U8", [15], 17, 32)}, zeros),
                        'tensor "u": before its data, from offset'),
        "hole-empty": (whole({"t": row("F32", [0], 4, 4), "u": row("F32", [4], 4, 20)}, zeros[:20]),
                       'tensor "t": before its data, from offset'),
        "bytes-behind": (with_entry(a, zeros), "the file has 16 bytes after the data of its tensors"),
        "bytes-no-tensor": (raw("{}", b"\0"), "the file has 1 bytes after the data"),
    }


def index(weight_map):
    return json.dumps({"metadata": {"total_size": 0}, "weight_map": weight_map}).encode()


def index_files():
    """name of the index -> (bytes, shards beside it, text of the message)"""
    f = "index-a.safetensors"
    other = "leads to another folder"
    one = [("not-json", b"{", "not valid JSON"), ("list", b"[]", 'has no object "weight_map"'),
           ("no-map", b"{}", 'has no object "weight_map"'),
           ("map-list", index([]), 'has no object "weight_map"'),
           ("map-empty", index({}), '"weight_map" names no tensor'),
           ("map-number", index({"a": 1}), 'the file of tensor "a" is not a string'),
           ("map-twice", b'{"weight_map":{"a":"' + f.encode() + b'","a":"x.safetensors"}}',
            "not valid JSON: duplicate object key"),
           ("name-empty", index({"a": ""}), 'the file name "" of tensor "a" is empty'),
           ("name-long", index({"a": "x" * 1024}), "is too long"),
           ("name-control", index({"a": "x\n.safetensors"}), "holds a control character"),
           ("name-nul", index({"a": f + "\0.safetensors"}), "holds a control character"),
           ("name-up", index({"a": "../good/" + f}), other),
           ("name-root", index({"a": "/etc/passwd.safetensors"}), other),
           ("name-folder", index({"a": "sub/x.safetensors"}), other),
           ("name-backslash", index({"a": "..\\x.safetensors"}), other),
           ("name-dot", index({"a": ".safetensors"}), "begins with a dot"),
           ("name-end", index({"a": "x.bin"}), "does not end in .safetensors"),
           ("file-missing", index({"a": f, "c": "index-no.safetensors"}),
            "index-no.safetensors: is missing: index-file-missing.json names it"),
           ("tensor-missing", index({"a": f, "x": f}),
            'says that index-a.safetensors holds tensor "x": it does not'),
           ("tensor-elsewhere", index({"a": f, "c": f, "d": "index-cd.safetensors"}),
            'says that index-a.safetensors holds tensor "c": it is in index-cd.safetensors'),
           ("tensor-twice", index({"a": f, "c": "index-ac.safetensors"}),
            'index-ac.safetensors: tensor "a" is in an earlier shard too'),
           ("shard-damaged", index({"a": f, "c": "data-cut.safetensors"}),
            'data-cut.safetensors: tensor "t": the data end at 16')]
    shards = {f: good(["a"]), "index-cd.safetensors": good(["c", "d"]),
              "index-ac.safetensors": good(["a", "c"])}
    return {f"index-{name}.json": (text, rule) for name, text, rule in one}, shards


def main():
    bad = {f"{name}.safetensors": v
           for name, v in {**header_files(), **entry_files(), **cover_files()}.items()}
    indexes, shards = index_files()
    bad.update(indexes)
    shutil.rmtree(BAD, ignore_errors=True)
    BAD.mkdir(parents=True)
    for name, content in {**{n: v[0] for n, v in bad.items()}, **shards}.items():
        (BAD / name).write_bytes(content)
    (BAD / "index.tsv").write_text("".join(f"{n}\t{bad[n][1]}\n" for n in sorted(bad)))


if __name__ == "__main__":
    main()
