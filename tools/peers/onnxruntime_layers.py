#!/usr/bin/env python3
"""onnxruntime on the paper's layers, forward: Conv and ConvTranspose, one node a model."""

import common

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    common.report(peer="onnxruntime", missing="pip install onnxruntime onnx")
    raise SystemExit(0)


def session_of(node, weight_shape, x_shape, channels, threads):
    random = np.random.default_rng(0)
    weight = numpy_helper.from_array((random.standard_normal(weight_shape) * 0.02).astype(np.float32), "w")
    bias = numpy_helper.from_array(np.zeros(channels, dtype=np.float32), "b")
    graph = helper.make_graph([node], "layer", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [weight, bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def main():
    arguments = common.parse_arguments(__doc__)
    common.report(peer="onnxruntime", version=onnxruntime.__version__)
    layers = [(*layer, "ConvTranspose") for layer in common.DECONVOLUTIONS] + [(*layer, "Conv") for layer in common.CONVOLUTIONS]
    for name, c_in, c_out, side, operator in layers:
        if not common.wanted(arguments, "layers", name, "forward"):
            continue
        transposed = operator == "ConvTranspose"
        pads = [1, 1, 2, 2]  # a deconvolution's crop as well as a convolution's padding
        node = helper.make_node(operator, ["x", "w", "b"], ["y"], kernel_shape=[5, 5], strides=[2, 2], pads=pads)
        weight_shape = (c_in, c_out, 5, 5) if transposed else (c_out, c_in, 5, 5)
        x_shape = (arguments.batch, c_in, side, side)
        session = session_of(node, weight_shape, x_shape, c_out, arguments.threads)
        x = np.random.default_rng(1).uniform(-1, 1, x_shape).astype(np.float32)
        common.report_times(arguments, "onnxruntime", "layers", name, "forward", lambda: session.run(None, {"x": x}))


if __name__ == "__main__":
    main()
