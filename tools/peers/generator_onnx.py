"""The generator as an ONNX model, for onnxruntime and OpenVINO.  Needs onnx."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

DECONVOLUTION = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}  # 1 is cut before, 2 after


def encode(model, batch):
    """The bytes of a model with the input z [batch, z_dim] and the output image [batch, channels, size, size]."""
    network = model.network
    constants, nodes = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    weight, bias = model.layers["linear"]
    nodes.append(helper.make_node("Gemm", ["z", constant("linear.weight", weight), constant("linear.bias", bias)], ["linear"], transB=1))
    nodes.append(helper.make_node("Relu", ["linear"], ["positive"]))
    nodes.append(helper.make_node("Reshape", ["positive", constant("base", np.array([-1, *model.base], np.int64))], ["map0"]))
    for i, name in enumerate(("deconv1", "deconv2", "deconv3", "deconv4")):
        weight, bias = model.layers[name]
        inputs = [f"map{i}", constant(name + ".weight", weight), constant(name + ".bias", bias)]
        nodes.append(helper.make_node("ConvTranspose", inputs, [name], **DECONVOLUTION))
        last = name == "deconv4"
        nodes.append(helper.make_node("Tanh" if last else "Relu", [name], ["image" if last else f"map{i + 1}"]))
    shape = [batch, network["channels"], network["size"], network["size"]]
    graph = helper.make_graph(nodes, "generator", [helper.make_tensor_value_info("z", TensorProto.FLOAT, [batch, network["z_dim"]])],
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
