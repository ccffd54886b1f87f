"""The generator in int8 as LiteRT reads it, made with the schema that its package brings along: no TensorFlow is needed.

As TensorFlow's full integer quantization has it: weights with a scale for each output channel, activations with one scale and zero
point each, from the largest values of the calibration images; biases in int32.  Maps are [y][x][channel], and TRANSPOSE_CONV's
padding SAME is ours."""

import flatbuffers
import load_generator
import numpy as np
from ai_edge_litert import schema_py_generated as schema

INPUT_SCALE = OUTPUT_SCALE = 1 / 128  # of z and of images, both in [-1, 1]


def activations(model, z):
    """What each layer gives: before tanh, of the last."""
    weight, bias = model.layers["linear"]
    given = [np.maximum(z @ weight.T + bias, 0)]
    x = given[0].reshape(-1, *model.base)
    for name in load_generator.LAYERS[1:]:
        x = load_generator.deconvolution(x, *model.layers[name])
        if name != "deconv4":
            x = np.maximum(x, 0)
        given.append(x)
    return given


class Builder:
    """Tensors, their values and operators, in the order of their numbers."""

    def __init__(self):
        self.tensors, self.buffers, self.operators, self.codes = [], [schema.BufferT(data=[])], [], []

    def tensor(self, name, kind, shape, values=None, scale=None, zero_point=0, axis=0):
        tensor = schema.TensorT(shape=list(shape), type=kind, name=name, buffer=0)
        if values is not None:
            self.buffers.append(schema.BufferT(data=np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)))
            tensor.buffer = len(self.buffers) - 1
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            tensor.quantization = schema.QuantizationParametersT(scale=scales, zeroPoint=np.full(scales.size, zero_point, np.int64),
                                                                 quantizedDimension=axis)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def whole_numbers(self, name, values):
        return self.tensor(name, schema.TensorType.INT32, [len(values)], np.array(values, np.int32))

    def operator(self, code, version, inputs, output, kind=0, options=None):
        self.codes.append(schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=version))
        self.operators.append(schema.OperatorT(opcodeIndex=len(self.codes) - 1, inputs=inputs, outputs=[output],
                                               builtinOptionsType=kind, builtinOptions=options))

    def weights(self, name, values, bias, input_scale):
        """Numbers of the weights, [c_out] first, and of the biases."""
        scale = np.maximum(np.abs(values).reshape(len(values), -1).max(axis=1), 1e-12) / 127
        rounded = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
        biases = np.rint(bias / (scale * input_scale)).astype(np.int32)
        return (self.tensor(name + ".weight", schema.TensorType.INT8, values.shape, rounded, scale),
                self.tensor(name + ".bias", schema.TensorType.INT32, bias.shape, biases, scale * input_scale))

    def encode(self, first, last):
        graph = schema.SubGraphT(tensors=self.tensors, inputs=[first], outputs=[last], operators=self.operators, name="generator")
        model = schema.ModelT(version=3, operatorCodes=self.codes, subgraphs=[graph], buffers=self.buffers, description="generator")
        builder = flatbuffers.Builder(1 << 24)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def encode(model, batch, latents):
    """The bytes of a model with the input z [batch, z_dim] and the output image [batch, size, size, channels], both int8 in 128ths."""
    build = Builder()
    largest = [float(np.abs(x).max()) for x in activations(model, latents)]
    positive = {"scale": None, "zero_point": -128}  # of what a ReLU gives: all 256 numbers are for values from 0 on

    def map_tensor(name, shape, number):
        return build.tensor(name, schema.TensorType.INT8, shape, **{**positive, "scale": largest[number] / 255})

    channels, height, width = model.base
    z = build.tensor("z", schema.TensorType.INT8, [batch, model.network["z_dim"]], scale=INPUT_SCALE)
    weight, bias = (values.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(values.shape)
                    for values in model.layers["linear"])
    features = map_tensor("features", [batch, bias.size], 0)
    build.operator(schema.BuiltinOperator.FULLY_CONNECTED, 4, [z, *build.weights("linear", weight, bias, INPUT_SCALE)], features,
                   schema.BuiltinOptions.FullyConnectedOptions,
                   schema.FullyConnectedOptionsT(fusedActivationFunction=schema.ActivationFunctionType.RELU))
    shape = [batch, height, width, channels]
    x = map_tensor("map0", shape, 0)
    build.operator(schema.BuiltinOperator.RESHAPE, 1, [features, build.whole_numbers("base", shape)], x,
                   schema.BuiltinOptions.ReshapeOptions, schema.ReshapeOptionsT(newShape=shape))
    for number, name in enumerate(load_generator.LAYERS[1:], start=1):
        weight, bias = model.layers[name]
        shape = [batch, 2 * shape[1], 2 * shape[2], bias.size]
        last = name == "deconv4"
        y = (build.tensor("sums", schema.TensorType.INT8, shape, scale=largest[number] / 127) if last
             else map_tensor(f"map{number}", shape, number))
        weights, biases = build.weights(name, weight.transpose(1, 2, 3, 0), bias, largest[number - 1] / 255)
        activation = schema.ActivationFunctionType.NONE if last else schema.ActivationFunctionType.RELU
        build.operator(schema.BuiltinOperator.TRANSPOSE_CONV, 4, [build.whole_numbers(name + ".shape", shape), weights, x, biases], y,
                       schema.BuiltinOptions.TransposeConvOptions,
                       schema.TransposeConvOptionsT(padding=schema.Padding.SAME, strideW=2, strideH=2, fusedActivationFunction=activation))
        x = y
    image = build.tensor("image", schema.TensorType.INT8, shape, scale=OUTPUT_SCALE)
    build.operator(schema.BuiltinOperator.TANH, 2, [x], image)
    return build.encode(z, image)
