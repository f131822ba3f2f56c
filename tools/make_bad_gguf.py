#!/usr/bin/env python3
"""Writes the GGUF files that tests/unit/test_gguf.c reads, with nothing but struct.

tests/formats/bad/gguf/   one file a rule of src/package/gguf_parse.c and gguf.c, and index.tsv:
                          file, the text that the message must hold (offset first, then the rule)
tests/formats/good/gguf/  both versions, every metadata kind, every alignment, a split set

Layout of a file: "GGUF", u32 version, u64 tensors, u64 keys, keys, tensor rows, padding, data.
Run from the root of the repository; the result does not depend on the machine.
"""
import pathlib
import shutil
import struct

BAD = pathlib.Path("tests/formats/bad/gguf")
GOOD = pathlib.Path("tests/formats/good/gguf")
U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
PACK = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?",
        U64: "<Q", I64: "<q", F64: "<d"}
TYPE_F32, TYPE_F16, TYPE_Q8_0 = 0, 1, 8


def u32(v):
    return struct.pack("<I", v)


def u64(v):
    return struct.pack("<Q", v)


def text(s):
    raw = s if isinstance(s, bytes) else s.encode()
    return u64(len(raw)) + raw


def value(kind, v):
    return text(v) if kind == STRING else struct.pack(PACK[kind], v)


def key(name, kind, v):
    return text(name) + u32(kind) + value(kind, v)


def array(name, kind, items):
    return text(name) + u32(ARRAY) + u32(kind) + u64(len(items)) + b"".join(
        value(kind, v) for v in items)


def tensor(name, dims, type_id, offset):
    return text(name) + u32(len(dims)) + b"".join(map(u64, dims)) + u32(type_id) + u64(offset)


def head(n_tensors, n_keys, version=3, magic=b"GGUF"):
    return magic + u32(version) + u64(n_tensors) + u64(n_keys)


def padded(raw, alignment=32):
    return raw + b"\0" * (-len(raw) % alignment)


def whole(keys=(), tensors=(), data=b"", version=3, alignment=32):
    raw = head(len(tensors), len(keys), version) + b"".join(keys) + b"".join(tensors)
    return padded(raw, alignment) + data if tensors else raw


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


ARCH = key("general.architecture", STRING, "llama")
HEAD = 24
ROW = HEAD + len(ARCH)  # of the first tensor, in a file whose only key is ARCH
NAME = 8 + 1            # bytes of the name of tensor "t"


def bad_files():
    """name -> (bytes, text of the message)"""
    bad = {}

    def one(name, raw, offset, rule):
        bad[name + ".gguf"] = (raw, f"offset {offset}: {rule}")

    def with_tensor(row, data=b"\0" * 128):
        return whole([ARCH], [row], data)

    one("empty", b"", 0, "the magic number needs 4 bytes, 0 are left")
    one("magic", b"GGML" + head(0, 0)[4:], 0, "this is not a GGUF file")
    one("magic-short", b"GG", 0, "the magic number needs 4 bytes, 2 are left")
    one("version-0", head(0, 0, 0), 4, "GGUF version 0 is not known")
    one("version-1", head(0, 0, 1), 4, "GGUF version 1 is not read")
    one("version-4", head(0, 0, 4), 4, "GGUF version 4 is not known")
    one("big-endian", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), 4, "this GGUF file is big-endian")
    one("version-cut", b"GGUF\x03\0", 4, "the version needs 4 bytes")
    one("tensor-count-cut", b"GGUF" + u32(3) + b"\0" * 4, 8, "the number of tensors needs 8 bytes")
    one("key-count-cut", head(0, 0)[:20], 16, "the number of keys needs 8 bytes")
    one("tensor-count", head(2 ** 63, 1) + ARCH, 8, "the header says 9223372036854775808 tensors")
    one("key-count", head(0, 2 ** 40) + ARCH, 16, "the header says 1099511627776 keys")

    one("key-length", head(0, 1) + u64(2 ** 62) + ARCH, HEAD, "the length of a key is")
    one("key-length-limit", head(0, 1) + text("k" * 65536) + u32(U8) + b"\1", HEAD,
        "the length of a key is 65536, the limit is 65535")
    one("key-empty", whole([key("", U8, 1) + b"\0"]), HEAD, "a key is empty")
    one("key-nul", whole([key("a\0b", U8, 1)]), HEAD, "a key holds a control character")
    one("key-twice", whole([ARCH, key("a", U8, 1), ARCH]), HEAD + len(ARCH) + len(key("a", U8, 1)),
        'key "general.architecture" is there twice')
    one("key-cut", head(0, 1) + text("abcdefgh")[:14], HEAD, "the length of a key is 8, 6 bytes")
    one("key-fewer", head(0, 2) + ARCH, HEAD + len(ARCH),
        "a key needs 8 bytes, 0 are left")
    one("kind-unknown", whole([text("a") + u32(13) + u64(0)]), HEAD + NAME,
        'key "a" is of unknown kind 13')
    one("kind-huge", whole([text("a") + u32(2 ** 32 - 1) + u64(0)]), HEAD + NAME,
        'key "a" is of unknown kind 4294967295')
    one("value-cut", whole([text("abcd") + u32(U64) + b"\0" * 4]), HEAD + 16,
        "a value needs 8 bytes, 4 are left")
    one("bool-2", whole([text("a") + u32(BOOL) + b"\2"]), HEAD + NAME + 4,
        'key "a" is a bool with the value 2')
    one("bool-array-7", whole([text("a") + u32(ARRAY) + u32(BOOL) + u64(3) + b"\0\1\7"]),
        HEAD + NAME + 4 + 12 + 2, 'key "a" is a bool with the value 7')
    one("string-length", whole([text("a") + u32(STRING) + u64(2 ** 64 - 1)]), HEAD + NAME + 4,
        "the length of a string value is 18446744073709551615")
    one("array-of-arrays", whole([text("a") + u32(ARRAY) + u32(ARRAY) + u64(1) + u64(0)]),
        HEAD + NAME + 4, 'key "a" is an array of arrays')
    one("array-kind", whole([text("a") + u32(ARRAY) + u32(99) + u64(1) + u64(0)]),
        HEAD + NAME + 4, 'the items of key "a" are of unknown kind 99')
    one("array-count", whole([text("a") + u32(ARRAY) + u32(F64) + u64(2 ** 61 + 1) + u64(0)]),
        HEAD + NAME + 8, 'the array of key "a" has 2305843009213693953 items, 8 bytes are left')
    one("array-strings-count", whole([text("a") + u32(ARRAY) + u32(STRING) + u64(3) + u64(0) * 2]),
        HEAD + NAME + 8, 'the array of key "a" has 3 items, 16 bytes are left')
    one("array-string-length",
        whole([text("a") + u32(ARRAY) + u32(STRING) + u64(2) + text("xy") + u64(100)]),
        HEAD + NAME + 4 + 12 + 10, "the length of a string value is 100, 0 bytes are left")

    at = HEAD + len(text("general.alignment")) + 4
    for v in (0, 3, 24, 131072):
        one(f"alignment-{v}", whole([key("general.alignment", U32, v)]), at,
            f"general.alignment is {v}: it must be a power of two from 1 to 65536")
    bad["alignment-kind.gguf"] = (whole([key("general.alignment", STRING, "32")]),
                                  'key "general.alignment" is STRING, wanted is an integer')

    one("name-empty", with_tensor(tensor("", [4], TYPE_F32, 0)), ROW, "a tensor name is empty")
    one("name-nul", with_tensor(tensor("a\0", [4], TYPE_F32, 0)), ROW,
        "a tensor name holds a control character")
    one("name-escape", with_tensor(tensor("\x1b[2J", [4], TYPE_F32, 0)), ROW,
        "a tensor name holds a control character")
    one("name-limit", with_tensor(tensor("n" * 256, [4], TYPE_F32, 0)), ROW,
        "the length of a tensor name is 256, the limit is 255")
    one("name-length", with_tensor(u64(2 ** 40) + b"\0" * 32), ROW, "the length of a tensor name is")
    row = tensor("t", [4], TYPE_F32, 0)
    one("name-twice", whole([ARCH], [row, tensor("t", [4], TYPE_F32, 32)], b"\0" * 64),
        ROW + len(row), 'tensor "t" is there twice')
    one("tensor-fewer", head(2, 1) + ARCH + row + b"\0" * 3, ROW + len(row),
        "a tensor name needs 8 bytes, 3 are left")
    one("dims-5", with_tensor(tensor("t", [1] * 5, TYPE_F32, 0)), ROW + NAME,
        'tensor "t" has 5 dimensions, at most 4 are known')
    one("dims-huge", with_tensor(text("t") + u32(2 ** 32 - 1) + u64(4)), ROW + NAME,
        'tensor "t" has 4294967295 dimensions')
    one("dim-zero", with_tensor(tensor("t", [4, 0], TYPE_F32, 0)), ROW + NAME + 4 + 8,
        'dimension 1 of tensor "t" is 0')
    one("dim-limit", with_tensor(tensor("t", [2 ** 40 + 1], TYPE_F32, 0)), ROW + NAME + 4,
        'dimension 0 of tensor "t" is 1099511627777')
    one("dim-negative", with_tensor(tensor("t", [2 ** 64 - 1], TYPE_F32, 0)), ROW + NAME + 4,
        'dimension 0 of tensor "t" is 18446744073709551615')
    one("dims-product", with_tensor(tensor("t", [2 ** 40, 2 ** 40], TYPE_F32, 0)),
        ROW + NAME + 4 + 8, 'the dimensions of tensor "t" multiply to over 2^63')
    one("bytes-overflow", with_tensor(tensor("t", [2 ** 40, 2 ** 22], TYPE_F32, 0)),
        ROW + NAME + 4 + 16, 'the size of tensor "t" overflows')
    one("type-unknown", with_tensor(tensor("t", [4], 99, 0)), ROW + NAME + 4 + 8,
        'tensor "t" is of unknown type 99')
    for v in (4, 5, 31, 36):
        one(f"type-removed-{v}", with_tensor(tensor("t", [32], v, 0)), ROW + NAME + 4 + 8,
            f'tensor "t" is of unknown type {v}')
    for v in (48, 52):  # numbers of our own, for types of other formats
        one(f"type-other-{v}", with_tensor(tensor("t", [32], v, 0)), ROW + NAME + 4 + 8,
            f'tensor "t" is of unknown type {v}')
    one("row-block", with_tensor(tensor("t", [33], TYPE_Q8_0, 0)), ROW + NAME + 4 + 8,
        'rows of tensor "t" have 33 values, which is not a multiple of the 32 of a Q8_0 block')
    one("offset-unaligned", with_tensor(tensor("t", [4], TYPE_F32, 16)), ROW + NAME + 4 + 8 + 4,
        'the data offset 16 of tensor "t" is not a multiple of the alignment 32')
    one("offset-past-end", with_tensor(tensor("t", [4], TYPE_F32, 2 ** 40)), ROW,
        'the 16 bytes of tensor "t" from offset')
    one("offset-wraps", with_tensor(tensor("t", [4], TYPE_F32, 2 ** 64 - 32)), ROW,
        'the 16 bytes of tensor "t" from offset')
    one("data-cut", with_tensor(tensor("t", [32], TYPE_F32, 0), b"\0" * 127), ROW,
        'the 128 bytes of tensor "t" from offset')
    one("data-missing", head(1, 1) + ARCH + row, ROW, 'the 16 bytes of tensor "t" from offset')
    one("overlap-same", whole([ARCH], [row, tensor("u", [4], TYPE_F32, 0)], b"\0" * 64),
        ROW + len(row), 'the data of tensors "t" and "u" overlap')
    one("overlap-part", whole([ARCH], [tensor("t", [4], TYPE_F32, 32),
                                       tensor("u", [9], TYPE_F32, 0)], b"\0" * 64),
        ROW + len(row), 'the data of tensors "u" and "t" overlap')
    return bad


def split_keys(no, count, tensors, kind=U16):
    return [key("split.no", kind, no), key("split.count", kind, count),
            key("split.tensors.count", I32, tensors)]


def split_part(no, count, tensors, names, keys=()):
    rows = [tensor(n, [4], TYPE_F32, 32 * i) for i, n in enumerate(names)]
    data = b"".join(padded(f32(no, i, 2, 3)) for i in range(len(names)))
    return whole(list(keys) + split_keys(no, count, tensors), rows, data)


def split_sets():
    """folder-like stem -> ({number of part: bytes}, text of the message or None)"""
    first = split_part(0, 3, 4, ["a", "b"], [ARCH])
    good = {1: first, 2: split_part(1, 3, 4, ["c"]), 3: split_part(2, 3, 4, ["d"])}
    return good, {
        "set-missing": ({1: first, 2: good[2]},
                        "set-missing-00003-of-00003.gguf: is missing: it is part 3 of 3"),
        "set-swapped": ({1: first, 2: good[3], 3: good[2]},
                        "says it is part 3 of 3, by its name it is part 2 of 3"),
        "set-count": ({1: first, 2: split_part(1, 4, 4, ["c"]), 3: good[3]},
                      "says it is part 2 of 4, by its name it is part 2 of 3"),
        "set-tensors": ({1: split_part(0, 3, 9, ["a"], [ARCH]), 2: good[2], 3: good[3]},
                        "split.tensors.count is 9, the 3 parts hold 3 tensors"),
        "set-twice": ({1: first, 2: split_part(1, 3, 4, ["a"]), 3: good[3]},
                      'set-twice-00002-of-00003.gguf: tensor "a" is in an earlier part too'),
        "set-damaged": ({1: first, 2: good[2][:-20], 3: good[3]},
                        'the 16 bytes of tensor "c" from offset'),
    }


def every_kind():
    edge = {U8: [0, 255], I8: [-128, 127], U16: [0, 65535], I16: [-32768, 32767],
            U32: [0, 2 ** 32 - 1], I32: [-2 ** 31, 2 ** 31 - 1], F32: [-1.5, 3.4028234663852886e38],
            BOOL: [False, True], STRING: ["", "weigh \u00e9\u4e2d"], U64: [0, 2 ** 64 - 1],
            I64: [-2 ** 63, 2 ** 63 - 1], F64: [-0.1, 1.7976931348623157e308]}
    names = {U8: "u8", I8: "i8", U16: "u16", I16: "i16", U32: "u32", I32: "i32", F32: "f32",
             BOOL: "bool", STRING: "string", U64: "u64", I64: "i64", F64: "f64"}
    keys = [ARCH]
    for kind, values in edge.items():
        keys.append(key(f"low.{names[kind]}", kind, values[0]))
        keys.append(key(f"high.{names[kind]}", kind, values[1]))
        keys.append(array(f"list.{names[kind]}", kind, values + values[:1]))
    keys.append(array("list.empty", U32, []))
    keys.append(array("list.no_strings", STRING, []))
    return keys


def good_files(good_set):
    rows = [tensor("scalar", [1], TYPE_F32, 0), tensor("matrix", [4, 2], TYPE_F16, 32),
            tensor("cube", [2, 3, 2], TYPE_F32, 64), tensor("blocks", [64, 2], TYPE_Q8_0, 128)]
    data = padded(f32(1.25)) + padded(struct.pack("<8e", *range(8))) + padded(
        f32(*range(12)), 64) + bytes(i % 251 for i in range(4 * 34))
    files = {"v2.gguf": whole([ARCH, key("general.name", STRING, "two")], rows, data, 2),
             "v3.gguf": whole([ARCH, key("general.name", STRING, "three")], rows, data, 3),
             "kinds.gguf": whole(every_kind())}
    for i in range(17):
        a = 1 << i
        rows = [tensor("t", [3], TYPE_F32, 0), tensor("u", [1], TYPE_F32, -(-12 // a) * a)]
        files[f"alignment-{a}.gguf"] = whole([ARCH, key("general.alignment", U32, a)], rows,
                                             padded(f32(1, 2, 3), a) + f32(4), alignment=a)
    for no, raw in good_set.items():
        files[f"set-{no:05}-of-00003.gguf"] = raw
    return files


def write(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


def main():
    good_set, bad_sets = split_sets()
    bad = bad_files()
    files = {name: raw for name, (raw, _) in bad.items()}
    index = [(name, rule) for name, (_, rule) in bad.items()]
    for stem, (parts, rule) in bad_sets.items():
        files.update({f"{stem}-{no:05}-of-00003.gguf": raw for no, raw in parts.items()})
        index.append((f"{stem}-00001-of-00003.gguf", rule))
    files["set-name.gguf"] = good_set[1]
    index.append(("set-name.gguf", "its name must end in -00001-of-00003.gguf"))
    files["set-no.gguf"] = whole(split_keys(3, 3, 4))
    index.append(("set-no.gguf", "split.no is 3 of a set of 3"))
    files["set-huge.gguf"] = whole(split_keys(0, 65535, 4))
    index.append(("set-huge.gguf", "split.count is 65535: it must be from 1 to 1024"))
    index.append(("set-swapped-00002-of-00003.gguf", "its name must end in"))
    index.append(("set-missing-00002-of-00003.gguf", "open its first file"))
    write(BAD, files)
    (BAD / "index.tsv").write_text("".join(f"{name}\t{rule}\n" for name, rule in sorted(index)))
    write(GOOD, good_files(good_set))


if __name__ == "__main__":
    main()
