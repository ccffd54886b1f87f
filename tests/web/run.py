#!/usr/bin/env python3
"""Tests pbgen.wasm under node, and the page of tools/web in a headless Chromium: against libpbgen's portable path, byte for byte.

  python3 tests/web/run.py [--bin build/release/bin] [--web build/web] [--pictures DIR] [-v] [TEST...]

--bin: a folder of tools, beside which libpbgen.so lies.  --pictures keeps screenshots, to be looked at.  `make test-web` runs it."""

import argparse
import base64
import ctypes
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import browser
import library

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ("pbgen.wasm", "pbgen_scalar.wasm")
EXPORTS = {"memory", "pbgen_latent", "pbgen_walk", "pbgen_generate", "pbgen_generate_seed", "pbgen_draw", "pbgen_draw_batch",
           "pbgen_draw_rows", "pbgen_query", "pbgen_open", "pbgen_version", "pbgen_error_text", "pbgen_take_memory", "pbgen_layers"}
GIGABYTE = 1 << 30

# name -> flags of train_gan, flags of export: every kind of layer, colour and grey, pixels in vectors that are not filled.
MODELS = {
    "bits": (["--size", "32", "--g-widths", "40,24,18,7", "--binarize-g", "0,1,2,3", "--binarize-d", "none"], []),
    "half": (["--size", "16", "--g-widths", "40,32,9,8", "--binarize-g", "1,2,3", "--binarize-d", "none"], ["--linear-precision", "half"]),
    "float": (["--size", "32", "--g-widths", "64,48,32,16", "--binarize-g", "none", "--binarize-d", "none"], []),
    "prepacked": (["--size", "32", "--g-widths", "40,24,18,7", "--binarize-g", "0,2", "--binarize-d", "none"], ["--prepacked"]),
    "grey": (["--size", "16", "--channels", "1", "--g-widths", "12,11,10,9", "--binarize-g", "1,4", "--binarize-d", "none"], []),
}
OTHERS = ["--d-widths", "8,8,8,8", "--z-dim", "10", "--synthetic-images", "64", "--batch", "8", "--iterations", "2", "--sample-every", "0",
          "--swd-every", "0", "--threads", "1"]

options = argparse.Namespace()
scratch = ""


def path_of(name):
    return os.path.join(scratch, name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tool(name, *words):
    result = subprocess.run([os.path.join(options.bin, name), *words], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{name} {' '.join(words)}: {result.returncode}, {result.stderr}")
    return result.stdout


@functools.cache
def device_library():
    return library.Library(os.path.abspath(os.path.join(options.bin, "..", "libpbgen.so")))


@functools.cache
def model(name):
    """The path of an exported model, made once."""
    path = path_of(name + ".pbgen")
    training, exporting = MODELS[name]
    tool("train_gan", *training, *OTHERS, "--out", path_of(name))
    tool("export", path_of(name), "-o", path, *exporting)
    return path


@functools.cache
def broken_models():
    """Paths by name, each with the library's sentence."""
    whole = read(model("bits"))
    middle = len(whole) // 2
    contents = {
        "truncated": whole[:-1], "no-model": b"GIF89a" + bytes(1000),
        "damaged": whole[:middle] + bytes([whole[middle] ^ 16]) + whole[middle + 1:],
        "version": whole.replace(b'"version":"1"', b'"version":"9"'), "network": whole.replace(b'\\"z_dim\\":10', b'\\"z_dim\\":11'),
    }
    found = {}
    for name, data in contents.items():
        with open(path_of(name + ".pbgen"), "wb") as file:
            file.write(data)
        try:
            device_library().open(data)
            raise AssertionError(name + " is no broken model")
        except ValueError as error:
            found[path_of(name + ".pbgen")] = str(error)
    return found


class Module(unittest.TestCase):
    """Under node."""

    def run_node(self, module, path, count):
        words = ["node", os.path.join(HERE, "module.mjs"), os.path.join(options.web, module), path, str(count)]
        result = subprocess.run(words, capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return json.loads(result.stderr.decode().strip().split("\n")[-1]), result.stdout

    def test_draws_the_bytes_of_the_portable_path(self):
        count = 5
        for name in MODELS:
            data = read(model(name))
            reference = device_library().open(data)
            expected = b"".join(reference.draw(i, i + 1, 1 / 3) for i in range(count))
            self.assertGreater(len(set(expected)), 10, name)
            for module in MODULES:
                with self.subTest(model=name, module=module):
                    told, drawn = self.run_node(module, model(name), count)
                    self.assertNotIn("error", told)
                    self.assertEqual(drawn, expected)
                    self.assertEqual(told["layers"], library.layers_of(data))

    def test_imports_nothing_and_is_small(self):
        for module in MODULES:
            told, _ = self.run_node(module, model("bits"), 0)
            self.assertEqual(told["imports"], [])
            self.assertEqual(set(told["exports"]), EXPORTS)
            self.assertLess(os.path.getsize(os.path.join(options.web, module)), 100_000)

    def test_a_broken_model_gets_the_library_s_sentence(self):
        for path, sentence in broken_models().items():
            for module in MODULES:
                with self.subTest(path=path, module=module):
                    told, drawn = self.run_node(module, path, 1)
                    self.assertEqual((told["error"], told["trapped"], drawn), (sentence, False, b""))

    def test_memory_ends_at_a_gigabyte(self):
        """Few bytes describe a network whose activations take half of it; what does not fit is refused, and nothing grows."""
        data = library.one_bit_model(1024, [1, 1, 1024, 256])
        self.assertLess(len(data), 1_000_000)
        wants = device_library().open(data).info.arena_bytes
        self.assertGreater(wants, GIGABYTE // 2)
        with open(path_of("large.pbgen"), "wb") as file:
            file.write(data)
        for module in MODULES:
            told, _ = self.run_node(module, path_of("large.pbgen"), 0)
            self.assertNotIn("error", told)
            self.assertGreater(told["memory"], wants)
            self.assertLess(told["memory"], wants + len(data) + 4 * 1024 * 1024 + (1 << 20))  # file, image, constants
            self.assertEqual(told["most"], 0)
            self.assertTrue(told["kept"])


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


class Page(unittest.TestCase):
    """In Chromium."""

    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        tool("export", model("bits"), "--web", path_of("one"))
        tool("export", model("bits"), "--web", path_of("two"), "--beside", model("float"))
        handler = functools.partial(QuietHandler, directory=scratch)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.origin = f"http://127.0.0.1:{cls.server.server_address[1]}/"

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.shutdown()
        cls.server.server_close()

    def tearDown(self):
        self.assertEqual(self.browser.faults, [])

    def open(self, url, models=1, **how):
        self.browser.open(url, **how)
        self.browser.wait_for("document.body.dataset.begun !== undefined")
        self.assertEqual(self.browser.run("views.length"), models)
        if models > 0:
            self.browser.wait_for("document.body.dataset.tiles !== undefined")

    def from_disk(self, name="one", query=""):
        return "file://" + path_of(name + "/index.html") + query

    def pixels(self, selector):
        """The bytes of a canvas, read from a copy: Chromium warns where one is read twice."""
        text = self.browser.run(f"""(() => {{
            const canvas = document.querySelector({json.dumps(selector)});
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
            copy.drawImage(canvas, 0, 0);
            return [...copy.getImageData(0, 0, canvas.width, canvas.height).data].join(" ") }})()""")
        return bytes(map(int, text.split()))

    def go(self, place):
        """Moves the slider as a person does, and waits until all is drawn."""
        self.browser.run(f'slider.value = {place}, slider.dispatchEvent(new Event("input"))')
        self.browser.wait_for("!drawing && !stale")

    def expect_drawn(self, place, selector="figure .screen", name="bits", first=0):
        tile = int(place)
        t = ctypes.c_float(place - tile).value
        expected = device_library().open(read(model(name))).draw(first + tile, first + (tile + 1) % 16, t)
        self.assertEqual(self.pixels(selector), expected)

    def fault(self):
        return self.browser.wait_for('!document.querySelector("#fault").hidden && document.querySelector("#fault span").textContent')

    def test_draws_the_library_s_bytes(self):
        for query, module in (("", "with SIMD"), ("?module=scalar", "without SIMD")):
            for url in (self.from_disk(query=query), self.origin + "one/index.html" + query):
                with self.subTest(url=url):
                    self.open(url)
                    self.assertIn(module, self.browser.run('document.querySelector("#module").textContent'))
                    for place in (0, 2.4, 15.75):
                        self.go(place)
                        self.expect_drawn(place)
                    self.go(16)
                    self.expect_drawn(0)
                    for tile in (0, 7, 15):
                        self.expect_drawn(tile, f".tile:nth-child({tile + 1}) canvas")
                    self.assertEqual([asked for asked in self.browser.requests if not asked.startswith(("blob:", "data:"))], [url])

    def test_as_built_it_has_the_gallery_s_model_or_asks_for_one(self):
        gallery = os.path.join(HERE, "..", "..", "tools", "gallery", "faces.pbgen")
        there = os.path.exists(gallery)
        self.open("file://" + os.path.abspath(os.path.join(options.web, "index.html")), models=int(there))
        self.assertEqual(self.browser.run('document.querySelector("#empty").hidden'), there)
        self.assertEqual(self.browser.run('document.querySelector("main").hidden'), not there)
        if there:
            self.go(2.5)
            self.assertEqual(self.pixels("figure .screen"), device_library().open(read(gallery)).draw(2, 3, 0.5))

    def test_takes_module_and_model_from_beside_it(self):
        """The page of the sources, served as they lie, with what was built beside them."""
        root = path_of("served")
        shutil.copytree(os.path.join(HERE, "..", "..", "tools", "web"), os.path.join(root, "tools", "web"))
        shutil.copytree(options.web, os.path.join(root, "build", "web"))
        url = self.origin + "served/tools/web/page.html"
        os.makedirs(os.path.join(root, "tools", "gallery"))
        shutil.copy(model("grey"), os.path.join(root, "tools", "gallery", "faces.pbgen"))
        self.open(url)
        self.go(3.5)
        self.expect_drawn(3.5, name="grey")
        os.remove(os.path.join(root, "build", "web", "pbgen.wasm"))
        self.browser.open(url)
        self.assertIn("make wasm", self.fault())
        self.browser.faults = [fault for fault in self.browser.faults if "404" not in fault]  # the browser says so in its console

    def test_shows_the_library_s_sentence_of_a_broken_model_and_keeps_the_one_it_has(self):
        self.open(self.from_disk())
        for field in ("#open", "#beside"):
            for path, sentence in broken_models().items():
                with self.subTest(path=path):
                    self.browser.give_files(field, [path])
                    self.assertEqual(self.fault(), f"{os.path.basename(path)}: {sentence}")
                    self.browser.run('document.querySelector("#fault button").click()')
                    self.assertTrue(self.browser.run('document.querySelector("#fault").hidden'))
        self.go(1.5)
        self.expect_drawn(1.5)
        with open(path_of("empty.pbgen"), "wb"):
            pass
        self.browser.give_files("#open", [path_of("empty.pbgen")])
        self.assertEqual(self.fault(), "empty.pbgen: the file is empty")

    def test_survives_a_module_that_stops(self):
        """A trap, and memory that is not to be had, are sentences too."""
        self.open(self.from_disk())
        stops = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 30, 2, 6, *b"memory", 2, 0,
                 17, *b"pbgen_take_memory", 0, 0, 10, 5, 1, 3, 0, 0, 11]
        self.browser.run(f'code = Uint8Array.of({",".join(map(str, stops))}).buffer, undefined')
        self.browser.give_files("#open", [model("grey")])
        self.assertIn("grey.pbgen: the module stopped (unreachable", self.fault())
        self.go(0.5)
        self.expect_drawn(0.5)

    def test_says_so_where_a_model_cannot_be_drawn_any_more(self):
        self.open(self.from_disk(), calm=False)
        self.browser.run('views[0].model.worker.dispatchEvent(new ErrorEvent("error", {message: "out of memory", cancelable: true}))')
        self.assertEqual(self.fault(), "bits.pbgen cannot be drawn: the browser stopped it (out of memory)")
        self.assertFalse(self.browser.run("playing"))
        self.browser.give_files("#open", [model("grey")])
        self.browser.wait_for('views[0].model.name === "grey.pbgen"')
        self.go(7.5)
        self.expect_drawn(7.5, name="grey")

    def drop(self, paths):
        contents = [(os.path.basename(path), base64.b64encode(read(path)).decode()) for path in paths]
        self.browser.run(f"""(() => {{
            const files = new DataTransfer();
            for (const [name, text] of {json.dumps(contents)})
                files.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
            document.body.dispatchEvent(new DragEvent("dragenter", {{dataTransfer: files, bubbles: true, cancelable: true}}));
            document.body.dispatchEvent(new DragEvent("drop", {{dataTransfer: files, bubbles: true, cancelable: true}}));
        }})()""")

    def test_asks_nobody_for_anything(self):
        policy = read(path_of("one/index.html")).decode().partition('Content-Security-Policy" content="')[2].partition('"')[0]
        self.assertTrue(policy.startswith("default-src 'none'; "), policy)
        self.assertNotIn("connect-src", policy)
        self.assertNotIn("'self'", policy)

    def test_files_are_dropped_on_it(self):
        self.open(self.origin + "one/index.html")
        self.drop([model("grey")])
        self.browser.wait_for('views[0].model.name === "grey.pbgen"')
        self.go(5.25)
        self.expect_drawn(5.25, name="grey")
        self.assertTrue(self.browser.run('document.querySelector("#veil").hidden'))
        self.drop([model("half"), model("float")])
        self.browser.wait_for('views.length === 2 && views[1].model.name === "float.pbgen"')
        self.go(9.5)
        self.expect_drawn(9.5, name="half")
        self.expect_drawn(9.5, "figure + figure .screen", "float")
        self.drop([model("half"), model("float"), model("grey")])
        self.assertEqual(self.fault(), "3 files: give one, or two to compare them")

    def test_two_stand_side_by_side(self):
        self.open(self.from_disk("two"), models=2)
        self.go(4.5)
        self.expect_drawn(4.5)
        self.expect_drawn(4.5, "figure + figure .screen", "float")
        tables = self.browser.run('[...document.querySelectorAll("table")].map((table) => [...table.rows].map((row) => [...row.cells].map('
                                  '(cell) => cell.firstChild?.textContent ?? "")))')
        for rows, name in zip(tables, ("bits", "float"), strict=True):
            data = read(model(name))
            whole = lambda text: int(text.replace(",", ""))
            layers = library.layers_of(data)
            shown = [[whole(cell) for cell in row[1:]] for row in rows[1:6]]
            self.assertEqual(shown, [[count, bits, stored] for _, _, _, bits, count, stored, _ in layers])
            self.assertEqual(whole(rows[6][3]), sum(layer[6] for layer in layers))
            self.assertEqual(sum(whole(row[3]) for row in rows[1:8]), len(data))
            self.assertEqual(whole(rows[8][3]), len(data))
        self.browser.run('document.querySelector(".close").click()')
        self.assertEqual(self.browser.run("views.length"), 1)
        self.assertEqual(self.browser.run("document.activeElement.id"), "beside")

    def test_tiles_are_seeds_to_go_to(self):
        self.open(self.from_disk())
        self.browser.run('document.querySelector(".tile:nth-child(7)").click()')
        self.browser.wait_for("!drawing && !stale")
        self.expect_drawn(6)
        self.assertEqual(self.browser.run('document.querySelector(".tile[aria-pressed=true]").ariaLabel'), "Seed 6")
        self.browser.run('document.querySelector("#later").click()')
        self.browser.wait_for('document.body.dataset.tiles === "bits.pbgen 16"')
        self.browser.wait_for("!drawing && !stale")
        self.expect_drawn(6, first=16)
        self.expect_drawn(3, ".tile:nth-child(4) canvas", first=16)

    def test_plays_unless_motion_is_to_be_reduced(self):
        self.open(self.from_disk(), calm=True)
        self.assertFalse(self.browser.run("playing"))
        self.open(self.from_disk(), calm=False)
        self.assertTrue(self.browser.run("playing"))
        self.browser.wait_for('Number(document.querySelector("#frames").textContent) > 0')
        begun = self.browser.run("slider.value")
        self.browser.wait_for(f'slider.value !== "{begun}"')
        self.assertRegex(self.browser.run('document.querySelector("#time").textContent'), r"^\d+(\.\d)? ms$")

    def test_the_keyboard_reaches_all_of_it(self):
        self.open(self.from_disk("two"), models=2)
        self.browser.run("document.activeElement.blur()")
        reached = []
        for _ in range(40):
            self.browser.press("Tab")
            told = self.browser.run("""(() => {
                const at = document.activeElement;
                const marked = at.closest(".file") ?? at;
                const {width} = marked.getBoundingClientRect();
                return [at.id || at.className + " " + (at.ariaLabel ?? ""), getComputedStyle(marked).outlineStyle, width]
            })()""")
            if self.browser.run("document.activeElement === document.body") or told[0] in [name for name, _, _ in reached]:
                break
            reached.append(told)
        names = [name for name, _, _ in reached]
        self.assertEqual(names[:5], ["open", "beside", "close Close float.pbgen", "play", "place"])
        self.assertEqual(names[5:21], [f"tile Seed {seed}" for seed in range(16)])
        self.assertEqual(names[21:], ["later"])  # there are no seeds before the first
        for name, outline, width in reached:
            self.assertEqual(outline, "solid", name)
            self.assertGreaterEqual(width, 24, name)

        self.browser.run("document.activeElement.blur()")
        self.browser.press(" ", "Space", " ")
        self.assertTrue(self.browser.run("playing"))
        self.browser.run("slider.focus()")
        self.browser.press(" ", "Space", " ")
        self.assertFalse(self.browser.run("playing"))
        before = float(self.browser.run("slider.value"))
        self.browser.press("ArrowRight")
        self.assertGreater(float(self.browser.run("slider.value")), before)
        self.browser.run('document.querySelector("#play").focus()')
        self.browser.press(" ", "Space", " ")
        self.assertTrue(self.browser.run("playing"))
        self.browser.press("Enter", text="\r")
        self.assertFalse(self.browser.run("playing"))

    # The least contrast of any text with what lies under it, as WCAG 2.1 defines it, and where.
    LEAST_CONTRAST = """(() => {
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        let least = [Infinity, ""];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (walker.currentNode.textContent.trim() === "" || element.getClientRects().length === 0) continue;
            let under = element;
            while (numbers(getComputedStyle(under).backgroundColor)[3] === 0) under = under.parentElement;
            const [a, b] = [light(numbers(getComputedStyle(element).color)), light(numbers(getComputedStyle(under).backgroundColor))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < least[0] && !element.disabled) least = [contrast, element.outerHTML];
        }
        return least })()"""

    def test_fits_and_reads_on_every_screen(self):
        for scheme in ("light", "dark"):
            for width in (320, 390, 768, 1280):
                for name, models in (("one", 1), ("two", 2)):
                    with self.subTest(scheme=scheme, width=width, models=models):
                        self.open(self.from_disk(name), models=models, width=width, height=844, scheme=scheme, mobile=width < 500)
                        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
                        self.assertEqual(self.browser.run("innerWidth"), width)
                        self.browser.give_files("#open", [path_of("empty.pbgen")])
                        with open(path_of("empty.pbgen"), "wb"):
                            pass
                        self.fault()
                        least, where = self.browser.run(self.LEAST_CONTRAST)
                        self.assertGreaterEqual(least, 4.5, where)
                        targets = self.browser.run('[...document.querySelectorAll("button, .file, input[type=range]")]'
                                                   ".map((e) => e.getBoundingClientRect()).filter((r) => r.width > 0)"
                                                   ".map((r) => Math.min(r.width, r.height))")
                        self.assertGreaterEqual(min(targets), 24)
                        if options.pictures:
                            self.browser.run('document.querySelector("#fault button").click()')
                            self.go(2.4)
                            self.browser.screenshot(os.path.join(options.pictures, f"{width}-{scheme}-{name}.png"))


def main():
    global options, scratch
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--web", default="build/web")
    parser.add_argument("--pictures", default="")
    options, rest = parser.parse_known_args()
    for program, there in (("node", shutil.which("node")), ("chromium", browser.program())):
        if there is None:
            sys.exit(f"there is no {program}: run `make deps-web`")
    if options.pictures:
        os.makedirs(options.pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pbgen-web-") as folder:
        scratch = folder
        unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
