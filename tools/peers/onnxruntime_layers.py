#!/usr/bin/env python3
"""onnxruntime on the paper's layers, forward: Conv and ConvTranspose, one node a model; and on the whole generator."""

import common

ARGUMENTS = common.begin(__doc__)
common.leave_if_held(ARGUMENTS, "onnxruntime")

try:
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    import generator
    import generator_onnx
except ImportError:
    common.report(peer="onnxruntime", missing="pip install onnxruntime onnx")
    raise SystemExit(0)


def session_of(model_bytes):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = ARGUMENTS.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(common.SPIN_MICROSECONDS))
    return onnxruntime.InferenceSession(model_bytes, options, providers=["CPUExecutionProvider"])


def layer_session(node, weight_shape, x_shape, channels):
    random = np.random.default_rng(0)
    weight = numpy_helper.from_array((random.standard_normal(weight_shape) * 0.02).astype(np.float32), "w")
    bias = numpy_helper.from_array(np.zeros(channels, dtype=np.float32), "b")
    graph = helper.make_graph([node], "layer", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [weight, bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return session_of(model.SerializeToString())


def measure_layers():
    layers = [(*layer, "ConvTranspose") for layer in common.DECONVOLUTIONS] + [(*layer, "Conv") for layer in common.CONVOLUTIONS]
    for name, c_in, c_out, side, operator in layers:
        if not common.wanted(ARGUMENTS, "layers", name, "forward"):
            continue
        transposed = operator == "ConvTranspose"
        node = helper.make_node(operator, ["x", "w", "b"], ["y"], **generator_onnx.DECONVOLUTION)  # a convolution pads what that crops
        weight_shape = (c_in, c_out, 5, 5) if transposed else (c_out, c_in, 5, 5)
        x_shape = (ARGUMENTS.batch, c_in, side, side)
        session = layer_session(node, weight_shape, x_shape, c_out)
        x = np.random.default_rng(1).uniform(-1, 1, x_shape).astype(np.float32)
        common.report_times(ARGUMENTS, "onnxruntime", "layers", name, "forward", lambda: session.run(None, {"x": x}))


class Draw:
    def __init__(self, model, batch):
        self.session = session_of(generator_onnx.encode(model, batch))

    def load(self, z):
        self.inputs = {"z": z}

    def run(self):
        (self.drawn,) = self.session.run(None, self.inputs)

    def images(self):
        return self.drawn


def main():
    common.introduce(ARGUMENTS, "onnxruntime", onnxruntime.__version__, common.processor(ARGUMENTS),
                     f"spin_duration_us={common.SPIN_MICROSECONDS}")
    measure_layers()
    generator.measure(ARGUMENTS, "onnxruntime", Draw)


if __name__ == "__main__":
    main()
