#!/usr/bin/env python3
"""LiteRT (TensorFlow Lite, with XNNPACK) on the whole generator in int8."""

import common

ARGUMENTS = common.begin(__doc__)
common.leave_if_held(ARGUMENTS, "litert int8")

try:
    import ai_edge_litert
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    import generator
    import generator_tflite
except ImportError:
    common.report(peer="litert int8", missing="pip install ai-edge-litert flatbuffers")
    raise SystemExit(0)


class Draw:
    def __init__(self, model, batch):
        encoded = generator_tflite.encode(model, batch, generator.calibration_latents(model))
        self.interpreter = Interpreter(model_content=encoded, num_threads=ARGUMENTS.threads)
        self.interpreter.allocate_tensors()
        self.z = self.interpreter.get_input_details()[0]["index"]
        self.image = self.interpreter.get_output_details()[0]["index"]

    def load(self, z):
        self.interpreter.set_tensor(self.z, np.clip(np.rint(z / generator_tflite.INPUT_SCALE), -128, 127).astype(np.int8))

    def run(self):
        self.interpreter.invoke()

    def images(self):
        return generator_tflite.OUTPUT_SCALE * self.interpreter.get_tensor(self.image).transpose(0, 3, 1, 2).astype(np.float32)


def main():
    common.introduce(ARGUMENTS, "litert int8", ai_edge_litert.__version__, common.processor(ARGUMENTS),
                     "pthreadpool's own; it has no setting")
    generator.measure(ARGUMENTS, "litert int8", Draw, int8=True)


if __name__ == "__main__":
    main()
