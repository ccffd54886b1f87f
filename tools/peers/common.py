"""What the scripts of this folder share: arguments, timing, and the lines that ./tools/bench --peers reads."""

import argparse
import json
import time

# name, input channels, output channels, side of the input: the convolution and deconvolution layers of the paper's networks
DECONVOLUTIONS = (("deconv1", 512, 256, 4), ("deconv2", 256, 128, 8), ("deconv3", 128, 64, 16), ("deconv4", 64, 3, 32))
CONVOLUTIONS = (("conv1", 3, 64, 64), ("conv2", 64, 128, 32), ("conv3", 128, 256, 16), ("conv4", 256, 512, 8))


def parse_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", action="append", default=[], metavar="SECTION", help="kernels, layers, network, edge, data, swd")
    parser.add_argument("--layer", default="")
    parser.add_argument("--op", default="")
    return parser.parse_args()


def wanted(arguments, section, layer, op):
    in_section = not arguments.only or section in arguments.only
    return in_section and arguments.layer in ("", layer) and arguments.op in ("", op)


def report(**line):
    print(json.dumps(line), flush=True)


def measure(run, repeats, warm_up=True):
    """(best, median) of so many runs after one that does not count, in seconds."""
    if warm_up:
        run()
    samples = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        samples.append(time.perf_counter() - begin)
    samples.sort()
    return samples[0], samples[len(samples) // 2]


def report_times(arguments, peer, section, layer, op, run, batch=None, least_repeats=1, most_repeats=1000, warm_up=True):
    best, median = measure(run, max(least_repeats, min(arguments.repeats, most_repeats)), warm_up)
    report(peer=peer, section=section, layer=layer, op=op, **({} if batch == 0 else {"batch": batch or arguments.batch}),
           threads=arguments.threads, best_s=best, median_s=median)
