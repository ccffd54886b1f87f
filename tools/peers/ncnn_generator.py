#!/usr/bin/env python3
"""ncnn on the whole generator, one image at a time: it knows no batches."""

import common

ARGUMENTS = common.begin(__doc__)
common.leave_if_held(ARGUMENTS, "ncnn")

try:
    import pathlib
    import struct
    import tempfile

    import ncnn
    import numpy as np

    import generator
except ImportError:
    common.report(peer="ncnn", missing="pip install ncnn numpy")
    raise SystemExit(0)

FLOATS = struct.pack("<I", 0)  # before weights: the numbers that follow are float32
RELU = 1
# Weights and activations in halves, which some processors get without asking.
HALVES = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage")


def layer(kind, name, source, result, **parameters):
    """A line of a .param file; its parameters have numbers for names."""
    return " ".join([kind, name, "1 1", source, result, *(f"{key[1:]}={value}" for key, value in parameters.items())])


def write(model, stem):
    """stem.param and stem.bin, with the input z and the output image."""
    lines, weights = ["Input z 0 1 z"], b""
    weight, bias = model.layers["linear"]
    lines.append(layer("InnerProduct", "linear", "z", "features", _0=bias.size, _1=1, _2=weight.size, _9=RELU))
    weights += FLOATS + weight.astype("<f4").tobytes() + bias.astype("<f4").tobytes()
    channels, height, width = model.base
    lines.append(layer("Reshape", "reshape", "features", "map0", _0=width, _1=height, _2=channels))
    for i, name in enumerate(("deconv1", "deconv2", "deconv3", "deconv4")):
        weight, bias = model.layers[name]
        activation = {} if name == "deconv4" else {"_9": RELU}
        # Kernel and stride; 1 is cut before, 2 after.
        lines.append(layer("Deconvolution", name, f"map{i}", f"map{i + 1}", _0=bias.size, _1=5, _3=2, _4=1, _14=1, _15=2, _16=2, _5=1,
                           _6=weight.size, **activation))
        weights += FLOATS + weight.transpose(1, 0, 2, 3).astype("<f4").tobytes() + bias.astype("<f4").tobytes()
    lines.append(layer("TanH", "tanh", "map4", "image"))
    stem.with_suffix(".param").write_text("\n".join(["7767517", f"{len(lines)} {len(lines)}", *lines, ""]), encoding="utf-8")
    stem.with_suffix(".bin").write_bytes(weights)


class Draw:
    def __init__(self, model, batch):
        self.net = ncnn.Net()
        self.net.opt.num_threads = ARGUMENTS.threads
        for option in HALVES:
            setattr(self.net.opt, option, False)
        with tempfile.TemporaryDirectory() as folder:
            stem = pathlib.Path(folder) / "generator"
            write(model, stem)
            self.net.load_param(str(stem.with_suffix(".param")))
            self.net.load_model(str(stem.with_suffix(".bin")))

    def load(self, z):
        self.z = ncnn.Mat(z[0].copy())

    def run(self):
        extractor = self.net.create_extractor()
        extractor.input("z", self.z)
        _, self.image = extractor.extract("image")

    def images(self):
        return np.array(self.image)[np.newaxis]


def main():
    common.introduce(ARGUMENTS, "ncnn", ncnn.__version__, common.processor(ARGUMENTS), common.openmp_waits())
    generator.measure(ARGUMENTS, "ncnn", Draw, sections=("edge",))


if __name__ == "__main__":
    main()
