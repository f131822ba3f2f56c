"""Files that the writers of src/package made (COPY_WEIGHTS: tests/peer/copy_weights.c), read by
others: byte for byte against files that Python packed, by struct and json, and by the gguf and
safetensors packages where they are installed."""
import glob
import hashlib
import json
import os
import struct
import subprocess
import tempfile
import unittest

try:
    import gguf
    import numpy
except ImportError:
    gguf = None
try:
    import safetensors
except ImportError:
    safetensors = None

COPY = os.environ["COPY_WEIGHTS"]
FORMATS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "formats")
GGUF = os.path.join(FORMATS, "good", "gguf")
ST = os.path.join(FORMATS, "good", "safetensors")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def split_st(raw):
    n = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8:8 + n]), raw[8 + n:]


class Written(unittest.TestCase):
    def copy(self, path):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        out = os.path.join(folder.name, "out" + os.path.splitext(path)[1])
        done = subprocess.run([COPY, path, out], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), path)
        self.assertEqual(os.listdir(folder.name), [os.path.basename(out)])
        return out

    def copies(self, pattern):
        paths = sorted(glob.glob(pattern))
        self.assertTrue(paths)
        return [(path, self.copy(path)) for path in paths]

    def test_gguf_is_equal_byte_for_byte(self):
        n = 0
        for path, out in self.copies(os.path.join(GGUF, "[!s]*.gguf")):
            want, got = read(path), bytearray(read(out))
            if want[4] == 2:
                self.assertEqual(got[4], 3)
                got[4] = 2
            # The last tensor is padded too.
            self.assertEqual(got[:len(want)], want)
            self.assertLess(len(got) - len(want), 65536)
            self.assertEqual(bytes(got[len(want):]), bytes(len(got) - len(want)))
            n += 1
        self.assertGreater(n, 15)

    def test_safetensors_hold_the_same_and_are_aligned(self):
        width = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2,
                 "I16": 2, "U16": 2}
        n = 0
        for path, out in self.copies(os.path.join(ST, "*.safetensors")):
            (want, want_data), raw = split_st(read(path)), read(out)
            got, data = split_st(raw)
            self.assertEqual((len(raw) - len(data)) % 8, 0)
            self.assertEqual(got.pop("__metadata__", {}), want.pop("__metadata__", {}))
            self.assertEqual(set(got), set(want))
            end = 0
            for name, t in sorted(got.items(), key=lambda item: item[1]["data_offsets"]):
                w = want[name]
                begin = end
                self.assertEqual(t["data_offsets"][0], begin)
                end = t["data_offsets"][1]
                self.assertEqual((t["dtype"], t["shape"]), (w["dtype"], w["shape"]))
                self.assertEqual(data[begin:end], want_data[slice(*w["data_offsets"])], name)
                self.assertEqual(begin % width.get(t["dtype"], 1), 0, name)
            self.assertEqual(end, len(data))
            n += 1
        self.assertEqual(n, 11)

    def test_shards_become_one_file(self):
        path = os.path.join(ST, "model.safetensors.index.json")
        header, _ = split_st(read(self.copy(path)))
        with open(path, encoding="utf-8") as f:
            names = set(json.load(f)["weight_map"])
        self.assertEqual(set(header), names | {"extra", "__metadata__"})

    @unittest.skipUnless(gguf, "needs the gguf package")
    def test_the_gguf_package_reads_it(self):
        for path, out in self.copies(os.path.join(GGUF, "[!s]*.gguf")):
            want, got = gguf.GGUFReader(path), gguf.GGUFReader(out)
            self.assertEqual(list(got.fields), list(want.fields))
            for name, field in want.fields.items():
                if not name.startswith("GGUF."):
                    self.assertEqual(got.fields[name].types, field.types, name)
                    numpy.testing.assert_equal(got.fields[name].contents(), field.contents())
            self.assertEqual([t.name for t in got.tensors], [t.name for t in want.tensors])
            for a, b in zip(got.tensors, want.tensors):
                self.assertEqual(a.tensor_type, b.tensor_type)
                self.assertEqual(list(a.shape), list(b.shape))
                self.assertEqual(a.data.tobytes(), b.data.tobytes())

    @unittest.skipUnless(safetensors, "needs the safetensors package")
    def test_the_safetensors_package_reads_it(self):
        def seen(path):
            return {n: (t["dtype"], t["shape"], hashlib.sha256(t["data"]).hexdigest())
                    for n, t in safetensors.deserialize(read(path))}
        for path, out in self.copies(os.path.join(ST, "*.safetensors")):
            self.assertEqual(seen(out), seen(path))


if __name__ == "__main__":
    unittest.main()
