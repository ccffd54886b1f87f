#!/usr/bin/env python3
"""Checks who includes whom, and who opens files.  Prints file:line: rule for every violation; exit code 1 where there is one.

  tests/lint/includes.py [ROOT]        the repository (default: the one that holds this file)
  tests/lint/includes.py --self-test   plants violations of every rule in a temporary tree and expects each to be found
"""

import os
import re
import sys

import script

# The rooms, from the ground up: each may include itself and those named beside it.  The longest folder that matches a file counts.
CORE = ["core/freestanding", "core/base", "core/tensor", "core/files", "core/gemm", "core/conv"]
DATA = ["data", "data/formats", "data/folder", "data/faces"]
ENGINE = CORE + DATA + ["layers", "optim", "metrics", "gan", "gan/edge"]
ROOMS = {
    "core/freestanding": [],
    "core/base": ["core/freestanding"],
    "core/tensor": ["core/freestanding", "core/base"],
    "core/files": ["core/freestanding", "core/base"],
    "core/gemm": ["core/freestanding", "core/base", "core/tensor"],
    "core/conv": ["core/freestanding", "core/base", "core/tensor", "core/gemm"],
    "layers": CORE,
    "optim": CORE,
    "metrics": CORE,
    "data": CORE,
    "data/formats": CORE + ["data"],
    "data/folder": CORE + ["data", "data/formats"],
    "data/faces": CORE + ["data"],
    "gan/edge": ["core/freestanding"],
    "gan": CORE + ["layers", "optim", "gan/edge"],
}
TOOLS = []
for room, more in {
    "cli": [], "mpi": [], "html": ["cli"], "runs": ["cli", "html"], "model": ["cli"], "images": ["cli", "runs", "model"],
    "train": ["cli", "html", "runs", "model", "images"], "trials": ["cli", "html", "runs", "model", "images", "train"],
    "plan": ["cli", "html", "runs", "model", "images", "train", "trials"], "bench": ["cli", "html", "runs", "model"],
    "paper": ["cli", "html", "runs", "model", "images", "train", "trials", "bench"],
    "paper/pieces": ["cli", "html", "runs", "model", "images", "train", "trials", "bench", "paper"],
}.items():
    ROOMS["tools/lib/" + room] = ENGINE + ["tools/lib/" + other for other in more]
    TOOLS.append("tools/lib/" + room)
ROOMS["tools"] = ENGINE + TOOLS
ROOMS["tools/web"] = ["core/freestanding", "gan/edge"]
for room in ["core", "layers", "optim", "metrics", "data", "gan", "edge", "tools", "support", "fuzz"]:
    ROOMS["tests/" + room] = ENGINE + TOOLS + ["tests/support"]

# system header -> who may include it: a file, or a folder with a closing slash.
RESERVED = {
    r"stb[_/].*": (["data/formats/image_io.cpp"], "only data/formats/image_io.cpp includes stb"),
    r"gtest/.*|gmock/.*": (["tests/"], "only tests include GoogleTest"),
    r"omp\.h": (["core/"], "threads come from core/base/parallel.h"),
    r"mpi\.h": (["tools/lib/mpi/"], "MPI is known to tools/lib/mpi alone: core/base/ranks.h"),
    r"random": (["tests/"], "random numbers come from core/base/rng.h"),
    r"iostream": (["tools/", "tests/"], "only tools print"),
}

# Files of the user's are opened where a pipe cannot hang us and nothing is overwritten: core/files/regular_file.h, core/files/file.h.
OPENING = re.compile(r"\b(?:std::)?(?:ifstream|ofstream|fstream|fopen|freopen)\b|(?<!\w)::(?:open|openat|creat|mmap)\(")
MAY_OPEN = [
    "core/files/regular_file.cpp", "core/files/file.cpp", "core/files/folder_lock.cpp", "core/files/file_batch.cpp",
    "gan/edge/map_file.cpp",
    "data/folder/image_cache.cpp",  # maps what RegularFile opened
    "core/base/aligned_buffer.h",  # memory without a file
    "core/base/cpu.cpp", "core/base/cgroup.cpp", "tools/lib/cli/memory_limits.cpp", "tools/lib/cli/thread_waiting.cpp",  # /proc and /sys
    "tools/lib/paper/pieces/measured_savings.cpp",
    "tools/lib/cli/standard_streams.cpp", "tools/lib/mpi/mpi_ranks.cpp",  # /dev/null
    "tests/",
]

# A leaf is compiled for one instruction set, which its name ends with.  What it and its header may include: nothing with inline code, of
# which the linker could keep a copy for everybody that not every machine can run.
INSTRUCTION_SETS = ("avx2", "avx512", "neon")
LEAF = re.compile(rf"_({'|'.join(INSTRUCTION_SETS)})\.cpp$")
LEAF_SYSTEM_HEADERS = {"immintrin.h", "arm_neon.h", "cstddef", "cstdint"}

# What a device's library is made of, for which a compiler is enough; the first holds headers alone, since it is in two libraries.
FREESTANDING = {
    "core/freestanding": {"bit", "cstddef", "cstdint", "type_traits"},
    "tools/web": {"cstddef", "cstdint", "stddef.h", "stdint.h"},
    "gan/edge": {"bit", "cfloat", "cpuid.h", "cstddef", "cstdint", "initializer_list", "new", "stddef.h", "stdint.h"} | LEAF_SYSTEM_HEADERS,
}
MAPS_FILES = "gan/edge/map_file.cpp"  # with what POSIX has for that, where there is POSIX

# A .cpp has a header of its name, or is a leaf or a definition (_ref, _portable) of a unit that has one, or a main, or a test.  Else it
# is one of many that define what one header declares:
DEFINES_PART_OF = {
    r"core/conv/conv_direct_(wide|narrow|weight_gradient)\.cpp": "core/conv/conv_blocked.h",
    r"core/conv/winograd_(pack|to_big|to_small|weight_gradient)\.cpp": "core/conv/winograd_blocked.h",
    r"core/conv/dispatch\.cpp": "core/conv/conv_kernels.h",
    r"core/gemm/dispatch\.cpp": "core/gemm/gemm_kernels.h",
    r"layers/dispatch\.cpp": "layers/layer_kernels.h",
    r"metrics/dispatch\.cpp": "metrics/metric_kernels.h",
    r"optim/dispatch\.cpp": "optim/adam_kernels.h",
    r"gan/edge/dispatch\.cpp": "gan/edge/run.h",
    r"tools/lib/mpi/(mpi_ranks|no_mpi)\.cpp": "tools/lib/mpi/joined_ranks.h",
    r"data/faces/face_\w+\.cpp": "data/faces/face_layers.h",
    r"gan/edge/(deconv_\w+)\.cpp": "gan/edge/run.h",
    r"gan/edge/(draw|library|map_file)\.cpp": "gan/edge/pbgen.h",
    r"gan/edge/model_header\.cpp": "gan/edge/model_file.h",
    r"tools/lib/bench/\w+\.cpp": "tools/lib/bench/case.h",
    r"tools/lib/paper/pieces\.cpp": "tools/lib/paper/piece.h",
    r"tools/lib/paper/pieces/settings_\w+\.cpp": "tools/lib/paper/pieces/settings_parts.h",
    r"tools/lib/paper/pieces/\w+\.cpp": "tools/lib/paper/piece.h",
}
DEFINITION = re.compile(r"_(ref|portable)\.cpp$")

# Which instructions there are is asked where a family of kernels chooses its table, and in cpu.cpp, which finds out.
CHOOSING = re.compile(r"\bisa\(\) *[!=]=|\bmachine_supports\(|^#.*\b__(x86_64|SSE\d*|AVX\w*|FMA|F16C|aarch64|ARM_NEON)__")
ENGINE_TOPS = ("core/", "layers/", "optim/", "metrics/", "data/", "gan/")
MAY_CHOOSE = re.compile(r"core/base/cpu\.(h|cpp)$|/dispatch\.cpp$|^gan/edge/four\.h$")  # four.h: what the whole build is compiled for

LONGEST_TOOL = 400  # lines of a main

INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")')


# Flags are the tools': whoever is below them names the field of a structure, by core/base/option_error.h, and tools say which flag that is.
COMMENT = re.compile(r"(^|\s)//.*")
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
FLAG_IN_TEXT = re.compile(r"(?<![\w-])--[a-z]")

# What a terminal gets goes through say() and text_table(), which show names: only where memory has run out nothing is left to do so.
SAYS_RAW = {"tools/lib/cli/exit.cpp", "tools/lib/cli/last_words.cpp"}
RAW_ERROR = re.compile(r"\bfprintf\(stderr\b|\bf(puts|write)\(.*\bstderr\)")
RAW_NAME = re.compile(r"\bprintf\(.*(path|folder|\bout|model|file|name)\w*(\([^()]*\))?\.c_str\(\)")


def folder_of(path):
    """The room of a file; "" where it lies in none."""
    parts = path.split("/")[:-1]
    while parts and "/".join(parts) not in ROOMS:
        parts.pop()
    room = "/".join(parts)
    return "" if room == "tools" and path.count("/") > 1 else room


def is_leaf(path):
    return LEAF.search(path) is not None


def set_of(path):
    """The instruction set that a file is for alone; None of others."""
    match = re.search(rf"_({'|'.join(INSTRUCTION_SETS)})\.(h|cpp)$", path)
    return match and match.group(1)


def is_header_of_leaf(header, leaf):
    """core/gemm/gemm.h and core/gemm/gemm_leaf.h belong to core/gemm/gemm_avx2.cpp and to core/gemm/gemm_wide_avx2.cpp; what is for an
    instruction set alone, such as core/gemm/transpose_avx2.h, to all of its leaves; X_loops.h, loops written once for the vectors of every
    set, to X's."""
    if set_of(header) and set_of(header) == set_of(leaf):
        return True
    stem = re.sub(r"(_leaf|_loops)?\.h$", "", header)
    return re.match(re.escape(stem) + rf"(_\w+)?{LEAF.pattern}", leaf) is not None


def headers_of(root, path):
    """The headers that may declare what a .cpp defines: one of them must, and does where it is included."""
    is_there = lambda header: os.path.isfile(os.path.join(root, header))
    own = path.removesuffix(".cpp") + ".h"
    if is_there(own):
        return [own]
    stem = DEFINITION.sub("", LEAF.sub("", path))
    if stem != path:
        while "_" in stem.rpartition("/")[2] and not is_there(stem + ".h") and not is_there(stem + "_leaf.h"):
            stem = stem.rpartition("_")[0]
        return [header for header in (stem + "_leaf.h", stem + ".h") if is_there(header)]
    return [header for pattern, header in DEFINES_PART_OF.items() if re.fullmatch(pattern, path)]


def includes_of(root, path):
    """Yields (line, system header or None, own header or None)."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(2), match.group(3)


def check_system(path, header):
    for pattern, (allowed, rule) in RESERVED.items():
        if re.fullmatch(pattern, header) and not any(path == place or place.endswith("/") and path.startswith(place) for place in allowed):
            yield rule
    room = folder_of(path)
    if room in FREESTANDING and header not in FREESTANDING[room] and path != MAPS_FILES:
        yield f"{room} includes <{header}>; a device's library takes only {', '.join(sorted(FREESTANDING[room]))}"
    if is_leaf(path) and header not in LEAF_SYSTEM_HEADERS:
        yield f"a leaf includes <{header}>; only {', '.join(sorted(LEAF_SYSTEM_HEADERS))} bring no code that others share"


def check_own(root, path, header):
    if re.match(r"stb[_/]", header):
        yield from check_system(path, header)
        return
    if path.startswith("gan/edge/examples/") and header == "pbgen.h":  # as the program of a user's includes it
        return
    if not header.endswith(".h"):
        yield f'"{header}" is no header'
    if ".." in header.split("/") or not os.path.isfile(os.path.join(root, header)):
        yield f'"{header}" is not a path from the repository\'s root'
        return
    target = folder_of(header)
    room = folder_of(path)
    if target != room and target not in ROOMS.get(room, []):
        yield f"{room or 'a folder that is no room'} may not include {target or 'a folder that is no room'}"
    if is_leaf(path):
        if not is_header_of_leaf(header, path):
            yield f'a leaf includes "{header}", which is not its own'
        for _, system, own in includes_of(root, header):
            if own and header.endswith("_loops.h") and is_header_of_leaf(own, path):
                continue
            if system not in LEAF_SYSTEM_HEADERS:
                yield f'a leaf includes "{header}", which includes {system or own}'


def check_file(root, path):
    """Yields (line, rule)."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = file.read().splitlines()
    if path.endswith(".h") and "#pragma once" not in lines:
        yield 1, "a header without #pragma once"
    if path.endswith("_loops.h") and "namespace {" not in lines:
        yield 1, "loops for the leaves of several sets stand in an unnamed namespace: the linker must have none to share"
    if path.endswith(".h") and set_of(path):
        for number, line in enumerate(lines, 1):
            if re.match(r"[\w\[].*\) (const )?\{$", line) and "static" not in line:
                yield number, "a function for an instruction set alone is static: the linker must have none to share"
    if path.startswith("core/freestanding/") and not path.endswith(".h"):
        yield 1, "core/freestanding holds headers alone: a device's library is compiled of gan/edge"
    if path.endswith(".cpp") and not re.match(r"tests/|tools/[^/]+$", path):
        headers = headers_of(root, path)
        if not headers:
            yield 1, "defines what no header of its name declares; give it one, or say in DEFINES_PART_OF whose part it is"
        elif not set(headers) & {own for _, _, own in includes_of(root, path)}:
            yield 1, f"does not include {' or '.join(headers)}, which declares what it defines"
    if re.fullmatch(r"tools/[^/]+\.cpp", path) and len(lines) >= LONGEST_TOOL:
        yield LONGEST_TOOL, f"a tool's main has {len(lines)} lines, fewer than {LONGEST_TOOL} are thin; what it shares goes to tools/lib"
    if not any(path == place or place.endswith("/") and path.startswith(place) for place in MAY_OPEN):
        for number, line in enumerate(lines, 1):
            if OPENING.search(line.split("//")[0]):
                yield number, "opens a file by itself: RegularFile, read_file, AtomicFile and open_to_append refuse pipes and lose nothing"
    if not path.startswith(("tools/", "tests/")):
        for number, line in enumerate(lines, 1):
            if any(FLAG_IN_TEXT.search(text) for text in TEXT.findall(COMMENT.sub("", line))):
                yield number, "names a flag: flags are the tools', below them an error names the option's field (core/base/option_error.h)"
    if path.startswith(ENGINE_TOPS) and not MAY_CHOOSE.search(path) and not LEAF.search(path):
        for number, line in enumerate(lines, 1):
            if CHOOSING.search(line.split("//")[0]):
                yield number, "asks for an instruction set; each family of kernels chooses in its dispatch.cpp"
    if path.startswith("tools/") and path not in SAYS_RAW:
        for number, line in enumerate(lines, 1):
            if RAW_ERROR.search(line) or RAW_NAME.search(line):
                yield number, "prints what may hold a stranger's name: say() of tools/lib/cli/shown.h shows it"
    for number, system, own in includes_of(root, path):
        for rule in check_system(path, system) if system else check_own(root, path, own):
            yield number, rule


def needed_by(root, paths):
    """unit -> the units that it includes; a unit is a header and what is compiled under its name."""
    needs = {}
    for path in paths:
        unit = path.rpartition(".")[0]
        needs.setdefault(unit, set()).update(own.rpartition(".")[0] for _, _, own in includes_of(root, path) if own)
    return {unit: {other for other in others if other in needs and other != unit} for unit, others in needs.items()}


def cycles(needs):
    """Sets of units that need each other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for other in sorted(needs[unit]):
            if other not in index:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], index[other])
        if low[unit] == index[unit]:
            component = stack[stack.index(unit):]
            del stack[stack.index(unit):]
            if len(component) > 1:
                found.append(sorted(component))

    for unit in sorted(needs):
        if unit not in index:
            visit(unit)
    return found


def lint(root):
    """All violations as 'file:line: rule', and the count of files seen."""
    found, paths = [], []
    for top in sorted({room.split("/")[0] for room in ROOMS}):
        for folder, subfolders, names in os.walk(os.path.join(root, top)):
            subfolders.sort()
            for name in sorted(names):
                if name.endswith((".h", ".cpp")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    found += [f"{path}:{line}: {rule}" for line, rule in check_file(root, path)]
                    paths.append(path)
    for units in cycles(needed_by(root, paths)):
        found.append(f"{units[0]}.h:1: {' and '.join(units)} need each other; part what both need from them")
    return found, len(paths)


# file -> its text and what must be found in it, as (line, part of the rule).
PLANTED = {
    "core/base/good.h": ("#pragma once\n#include <vector>\n", []),
    "core/base/no_guard.h": ("int x;\n", [(1, "#pragma once")]),
    "core/base/reader.h": ("#pragma once\n", []),
    "core/base/reader.cpp": ('#include "core/base/reader.h"\nint f = ::open("x", 0);  // std::ifstream\n'
                             '// std::ifstream\nstd::ifstream g;\n',
                             [(2, "opens a file"), (4, "opens a file")]),
    "core/base/alone.cpp": ("#include <vector>\n", [(1, "no header of its name")]),
    "core/base/stranger.h": ("#pragma once\n", []),
    "core/base/stranger.cpp": ("#include <vector>\n", [(1, "does not include core/base/stranger.h")]),
    "core/base/round.h": ('#pragma once\n#include "core/base/about.h"\n', []),
    "core/base/about.h": ("#pragma once\n", [(1, "core/base/about and core/base/round need each other")]),
    "core/base/about.cpp": ('#include "core/base/about.h"\n#include "core/base/round.h"\n', []),
    "core/base/flags.h": ('#pragma once\n// "--batch"\nint f = g("a", --n, "b-- c");\nint h = fail("--batch ", n);\n'
                          'int i = fail("; give --size");\n',
                          [(4, "names a flag"), (5, "names a flag")]),
    "core/files/file.h": ("#pragma once\n", []),
    "core/files/file.cpp": ('#include "core/files/file.h"\nint f = ::open("x", 0);\n', []),
    "core/base/upward.h": ('#pragma once\n#include "core/base/good.h"\n#include "layers/layer.h"\n#include "core/files/file.h"\n',
                           [(3, "core/base may not include layers"), (4, "core/base may not include core/files")]),
    "core/base/lost.h": ('#pragma once\n#include "good.h"\n  #  include "core/../layers/layer.h"\n',
                         [(2, "not a path"), (3, "not a path")]),
    "core/base/source.h": ('#pragma once\n#include "core/base/reader.cpp"\n', [(2, "no header")]),
    "core/base/draw.h": ("#pragma once\n#include <omp.h>\n#include <random>\n#include <iostream>\n",
                         [(3, "core/base/rng.h"), (4, "only tools print")]),
    "core/gemm/gemm_leaf.h": ("#pragma once\n#include <cstdint>\n", []),
    "core/gemm/turn_avx2.h": ("#pragma once\n#include <immintrin.h>\nstatic inline void f() {\n}\nvoid g() {\n}\n", [(5, "static")]),
    "core/gemm/gemm_ref.cpp": ('#include "core/gemm/gemm_leaf.h"\n', []),
    "core/gemm/gemm_loops.h": ('#pragma once\n#include "core/gemm/gemm_leaf.h"\ntemplate <class V>\nvoid f() {}\n', [(1, "unnamed")]),
    "core/gemm/gemm_avx2.cpp": ('#include "core/gemm/gemm_leaf.h"\n#include <immintrin.h>\n#include "core/gemm/turn_avx2.h"\n', []),
    "core/gemm/gemm_wide_avx512.cpp": ('#include "core/gemm/gemm_leaf.h"\n#include "core/gemm/turn_avx2.h"\n', [(2, "not its own")]),
    "core/gemm/dispatch.cpp": ('#include "core/gemm/gemm_kernels.h"\n#if defined(__x86_64__)\nbool a = isa() == Isa::avx2;\n#endif\n', []),
    "core/gemm/gemm_kernels.h": ("#pragma once\n", []),
    "core/gemm/choosy.h": ("#pragma once\n#if defined(__x86_64__)\nbool a = isa() != Isa::ref;\n#endif\n",
                           [(2, "dispatch.cpp"), (3, "dispatch.cpp")]),
    "core/conv/conv.h": ("#pragma once\n#include <vector>\n", []),
    "core/conv/conv_avx2.cpp": ('#include "core/conv/conv.h"\n#include "core/gemm/gemm_leaf.h"\n#include <vector>\n',
                                [(1, "which includes vector"), (2, "not its own"), (3, "a leaf includes <vector>")]),
    "layers/layer.h": ('#pragma once\n#include "core/base/good.h"\n#include "optim/adam.h"\n', [(3, "layers may not include optim")]),
    "optim/adam.h": ('#pragma once\n#include "core/base/good.h"\n#include "metrics/swd.h"\n', [(3, "optim may not include metrics")]),
    "metrics/swd.h": ('#pragma once\n#include "data/image_set.h"\n', [(2, "metrics may not include data")]),
    "data/image_set.h": ('#pragma once\n#include "data/formats/image_io.h"\n', [(2, "data may not include data/formats")]),
    "data/formats/image_io.h": ("#pragma once\n", []),
    "data/formats/image_io.cpp": ('#include "data/formats/image_io.h"\n#include <stb/stb_image.h>\n', []),
    "data/other.h": ('#pragma once\n#include <stb/stb_image.h>\n#include "stb_image.h"\n', [(2, "includes stb"), (3, "includes stb")]),
    "gan/nets.h": ('#pragma once\n#include "layers/layer.h"\n#include "metrics/x.h"\n', [(3, "not a path")]),
    "gan/score.h": ('#pragma once\n#include "data/image_set.h"\n#include <omp.h>\n',
                    [(2, "gan may not include data"), (3, "core/base/parallel.h")]),
    "core/freestanding/half.h": ('#pragma once\n#include <bit>\n#include "core/base/good.h"\n'
                                 '#include "core/freestanding/tanh.h"\n#include <span>\n',
                                 [(3, "core/freestanding may not include core/base"), (5, "core/freestanding includes <span>")]),
    "core/freestanding/tanh.h": ("#pragma once\n", []),
    "core/freestanding/tanh.cpp": ('#include "core/freestanding/tanh.h"\n', [(1, "headers alone")]),
    "gan/edge/run_leaf.h": ('#pragma once\n#include "core/freestanding/tanh.h"\n', []),
    "gan/edge/run_neon.cpp": ('#include "gan/edge/run_leaf.h"\n#include "core/freestanding/tanh.h"\n',
                              [(1, "which includes core/freestanding/tanh.h"), (2, "not its own")]),
    "gan/edge/run.h": ('#pragma once\n#include "gan/nets.h"\n#include "core/base/good.h"\n#include <vector>\n',
                       [(2, "gan/edge may not"), (3, "gan/edge may not"), (4, "gan/edge includes <vector>")]),
    "gan/reader.h": ('#pragma once\n#include "gan/edge/run.h"\n#include "core/freestanding/half.h"\n', []),
    "tools/lib/cli/args.h": ('#pragma once\n#include "tests/support/naive.h"\n', [(2, "tools/lib/cli may not include tests/support")]),
    "tools/lib/paper/piece.h": ('#pragma once\n#include "tools/lib/cli/args.h"\n', []),
    "tools/lib/paper/pieces/savings.cpp": ('#include "tools/lib/paper/piece.h"\n', []),
    "tools/lib/trials/search.h": ('#pragma once\n#include "tools/lib/paper/piece.h"\n',
                                  [(2, "tools/lib/trials may not include tools/lib/paper")]),
    "tools/lib/nowhere.h": ('#pragma once\n#include "core/base/good.h"\n', [(2, "no room")]),
    "tools/thin.cpp": ('#include "tools/lib/cli/args.h"\n#include "gan/nets.h"\n' + "\n" * (LONGEST_TOOL - 3), []),
    "tools/thick.cpp": ("#include <iostream>\n#include <gtest/gtest.h>\n" + "\n" * (LONGEST_TOOL - 2),
                        [(2, "GoogleTest"), (LONGEST_TOOL, "thin")]),
    "tools/lib/cli/exit.h": ('#pragma once\n', []),
    "tools/lib/cli/exit.cpp": ('#include "tools/lib/cli/exit.h"\nvoid f() { std::fprintf(stderr, "%s", "x"); }\n', []),
    "tools/lib/runs/raw.h": ('#pragma once\nvoid f() {\n  std::fprintf(stderr, "x");\n  std::printf("%s", run.path().c_str());\n'
                             '  std::fputs("x", stderr);\n  std::printf("%s", table.c_str());\n  say(stderr, path);\n}\n',
                             [(3, "say()"), (4, "say()"), (5, "say()")]),
    "tests/support/naive.h": ('#pragma once\n#include <gtest/gtest.h>\n#include "gan/nets.h"\n', []),
}


if __name__ == "__main__":
    sys.exit(script.run(sys.argv[1:], "lint", lint, PLANTED, "{} files, nothing to complain about", "no sources here"))
