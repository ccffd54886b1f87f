#!/usr/bin/env python3
"""OpenVINO on the whole generator: in floats, which must be forced (it takes bfloat16 where the processor has it, and is then more than
1e-3 off), and in int8 as nncf quantizes it."""

import common

ARGUMENTS = common.begin(__doc__)

try:
    import numpy as np
    import openvino

    import generator
    import generator_onnx
except ImportError:
    for name in ("openvino", "openvino int8"):
        common.report(peer=name, missing="pip install openvino onnx nncf")
    raise SystemExit(0)

WAITS = "TBB's own; it has no setting"


class Draw:
    def __init__(self, model, batch):
        converted = self.convert(openvino.Core().read_model(generator_onnx.encode(model, 1)), model)
        converted.reshape({0: [batch, model.network["z_dim"]]})
        settings = {"INFERENCE_NUM_THREADS": ARGUMENTS.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_PRECISION_HINT": "f32"}
        self.compiled = openvino.Core().compile_model(converted, "CPU", settings)
        self.request = self.compiled.create_infer_request()

    def convert(self, floats, model):
        return floats

    def load(self, z):
        self.request.set_input_tensor(openvino.Tensor(z))

    def run(self):
        self.request.infer()

    def images(self):
        return self.request.get_output_tensor().data

    def kernels(self):
        """What the products run on, such as brgemm_avx512_amx_i8."""
        found = []
        for node in self.compiled.get_runtime_model().get_ops():
            about = {key: str(node.get_rt_info()[key].astype(str)) for key in ("layerType", "primitiveType") if key in node.get_rt_info()}
            kernel = about.get("primitiveType")
            if about.get("layerType") in ("FullyConnected", "Deconvolution", "Convolution", "MatMul") and kernel not in found:
                found.append(kernel)
        return ", ".join(found)


class QuantizedDraw(Draw):
    def convert(self, floats, model):
        latents = generator.calibration_latents(model)
        return nncf.quantize(floats, nncf.Dataset([z[np.newaxis] for z in latents]), subset_size=len(latents))


def measure(peer, draw, int8):
    kernels = []

    def make(model, batch):
        made = draw(model, batch)
        kernels.append(made.kernels())
        return made

    generator.measure(ARGUMENTS, peer, make, int8=int8)
    # Known only by what was compiled.
    common.introduce(ARGUMENTS, peer, openvino.__version__.split("-")[0], "; ".join(dict.fromkeys(kernels)), WAITS)


def main():
    global nncf
    if not generator.is_wanted(ARGUMENTS):
        return
    measure("openvino", Draw, int8=False)
    try:
        import nncf
    except ImportError:
        common.report(peer="openvino int8", missing="pip install nncf")
        return
    measure("openvino int8", QuantizedDraw, int8=True)


if __name__ == "__main__":
    main()
