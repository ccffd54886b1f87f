"""What the scripts of this folder share: arguments, timing, and the lines that ./tools/bench --peers reads.

A script calls begin() before it imports what it measures, for most libraries read the environment when they are loaded."""

import argparse
import json
import os
import time

# name, input channels, output channels, side of the input: the convolution and deconvolution layers of the paper's networks
DECONVOLUTIONS = (("deconv1", 512, 256, 4), ("deconv2", 256, 128, 8), ("deconv3", 128, 64, 16), ("deconv4", 64, 3, 32))
CONVOLUTIONS = (("conv1", 3, 64, 64), ("conv2", 64, 128, 32), ("conv3", 128, 256, 16), ("conv4", 256, 512, 8))

# How long threads turn before they sleep: our own do so for some microseconds (tools/lib/cli/thread_waiting.h).  OpenMP by a count,
# OpenBLAS by a power of two of clock cycles.  What a user has set wins.
SPIN_MICROSECONDS = 50
SHORT_SPINS = {"GOMP_SPINCOUNT": "300", "OPENBLAS_THREAD_TIMEOUT": "17"}
OPENMP_CHOICES = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY"}

# What holds libraries to AVX2: oneDNN (in PyTorch, in OpenVINO), PyTorch's own kernels, MKL, OpenBLAS, numpy.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}


def begin(description):
    """The arguments; the environment is set for them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", action="append", default=[], metavar="SECTION", help="kernels, layers, network, edge, data, swd")
    parser.add_argument("--layer", default="")
    parser.add_argument("--op", default="")
    parser.add_argument("--weights", metavar="FOLDER", help="our weights and results, as bench writes them; whole networks need it")
    parser.add_argument("--isa", choices=["avx2"], help="hold the library to it; without it what the processor has")
    arguments = parser.parse_args()
    for name, value in SHORT_SPINS.items():
        if name not in OPENMP_CHOICES or OPENMP_CHOICES.isdisjoint(os.environ):
            os.environ.setdefault(name, value)
    if arguments.isa:
        os.environ.update(AVX2)
    return arguments


def openmp_waits():
    """What the environment tells OpenMP's threads."""
    return ", ".join(f"{name}={os.environ[name]}" for name in sorted(OPENMP_CHOICES) if name in os.environ)


def openblas_waits():
    return "OPENBLAS_THREAD_TIMEOUT=" + os.environ["OPENBLAS_THREAD_TIMEOUT"]


def wanted(arguments, section, layer, op):
    in_section = not arguments.only or section in arguments.only
    return in_section and arguments.layer in ("", layer) and arguments.op in ("", op)


def processor(arguments):
    """Of libraries that choose their kernels by the processor and do not say which: what it offers, or what they are held to."""
    if arguments.isa:
        return "AVX2"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((line.split() for line in file if line.startswith("flags")), [])
    known = {"avx2": "AVX2", "avx_vnni": "AVX-VNNI", "avx512f": "AVX-512", "avx512_vnni": "AVX-512 VNNI", "amx_int8": "AMX int8"}
    return "by the processor: " + ", ".join(name for flag, name in known.items() if flag in flags)


def report(**line):
    print(json.dumps(line), flush=True)


def introduce(arguments, peer, version, isa, waits):
    report(peer=peer, version=version, isa=isa + (", held" if arguments.isa else ""), waits=waits)


def leave_if_held(arguments, peer):
    """Of a library that chooses its kernels by the processor alone: beside ours in AVX2 it would prove nothing."""
    if arguments.isa:
        report(peer=peer, missing="it cannot be held to AVX2; measure it without --isa and PBGEN_ISA")
        raise SystemExit(0)


def measure(run, repeats, warm_up=True):
    """(best, median) of so many runs after one that does not count, in seconds."""
    if warm_up:
        run()
    samples = []
    for _ in range(repeats):
        begin_time = time.perf_counter()
        run()
        samples.append(time.perf_counter() - begin_time)
    samples.sort()
    return samples[0], samples[len(samples) // 2]


def report_times(arguments, peer, section, layer, op, run, batch=None, least_repeats=1, most_repeats=1000, warm_up=True, agreement=""):
    """agreement: how far its result is from ours, where that was looked at."""
    best, median = measure(run, max(least_repeats, min(arguments.repeats, most_repeats)), warm_up)
    report(peer=peer, section=section, layer=layer, op=op, **({} if batch == 0 else {"batch": batch or arguments.batch}),
           threads=arguments.threads, best_s=best, median_s=median, **({"agreement": agreement} if agreement else {}))
