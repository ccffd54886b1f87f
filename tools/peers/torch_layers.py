#!/usr/bin/env python3
"""PyTorch on the paper's networks, on the CPU: each layer and direction, a training iteration, inference.

Padding is TensorFlow's SAME as everywhere in PBGen: 1 row and column before, 2 after."""

import common

ARGUMENTS = common.begin(__doc__)

try:
    import pathlib

    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F

    import generator
except ImportError:
    common.report(peer="torch", missing="pip install torch --index-url https://download.pytorch.org/whl/cpu; pip install numpy")
    raise SystemExit(0)


def conv(x, weight, bias):
    return F.conv2d(F.pad(x, (1, 2, 1, 2)), weight, bias, stride=2)


def deconv(x, weight, bias):
    return F.conv_transpose2d(x, weight, bias, stride=2, padding=1)[:, :, :-1, :-1]


def bench_layer(name, apply, weight_shape, x_shape):
    x = torch.rand(x_shape) * 2 - 1
    weight = torch.randn(weight_shape) * 0.02
    channels = weight_shape[1] if apply is deconv else weight_shape[0]
    bias = torch.zeros(channels)

    def forward():
        with torch.no_grad():
            apply(x, weight, bias)

    def gradient_of(argument):
        # One forward, many backwards: only the gradient asked for is computed.
        leaf = argument.detach().requires_grad_(True)
        y = apply(leaf if argument is x else x, leaf if argument is weight else weight, bias)
        dy = torch.rand_like(y) * 2 - 1
        return lambda: torch.autograd.grad(y, leaf, dy, retain_graph=True)

    if common.wanted(ARGUMENTS, "layers", name, "forward"):
        common.report_times(ARGUMENTS, "torch", "layers", name, "forward", forward)
    for op, argument in (("dx", x), ("dw", weight)):
        if common.wanted(ARGUMENTS, "layers", name, op):
            common.report_times(ARGUMENTS, "torch", "layers", name, op, gradient_of(argument))


class Deconv(nn.ConvTranspose2d):
    def __init__(self, c_in, c_out):
        super().__init__(c_in, c_out, 5, stride=2)

    def forward(self, x):
        return deconv(x, self.weight, self.bias)


class Conv(nn.Conv2d):
    def __init__(self, c_in, c_out):
        super().__init__(c_in, c_out, 5, stride=2)

    def forward(self, x):
        return conv(x, self.weight, self.bias)


def make_generator():
    layers = [nn.Linear(100, 8192), nn.Unflatten(1, (512, 4, 4)), nn.BatchNorm2d(512), nn.ReLU()]
    for _, c_in, c_out, _ in common.DECONVOLUTIONS:
        layers.append(Deconv(c_in, c_out))
        layers += [nn.Tanh()] if c_out == 3 else [nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers)


def make_discriminator():
    layers = []
    for _, c_in, c_out, _ in common.CONVOLUTIONS:
        layers.append(Conv(c_in, c_out))
        layers += ([] if c_in == 3 else [nn.BatchNorm2d(c_out)]) + [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8192, 1))


# Relative, of the losses D, G and G: before any update, after the discriminator's, after the generator's (as bench holds itself to).
ALLOWED_LOSSES = (1e-4, 1e-2, 1e-2)
GENERATOR_LAYERS = ("linear", "bn0", "deconv1", "bn1", "deconv2", "bn2", "deconv3", "bn3", "deconv4")
DISCRIMINATOR_LAYERS = ("conv1", "conv2", "bn2", "conv3", "bn3", "conv4", "bn4", "linear")


def load_weights(module, ours, network, layers):
    """ours: the names of our checkpoints, such as generator.bn0.gamma."""
    weighted = [layer for layer in module if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, name in zip(weighted, layers, strict=True):
            weight, bias = ("gamma", "beta") if name.startswith("bn") else ("weight", "bias")
            layer.weight.copy_(torch.from_numpy(ours[f"{network}.{name}.{weight}"]))
            layer.bias.copy_(torch.from_numpy(ours[f"{network}.{name}.{bias}"]))


class Training:
    """1 discriminator step and 2 generator steps on one z, from our weights."""

    def __init__(self, ours):
        self.generator, self.discriminator = make_generator(), make_discriminator()
        load_weights(self.generator, ours, "generator", GENERATOR_LAYERS)
        load_weights(self.discriminator, ours, "discriminator", DISCRIMINATOR_LAYERS)
        self.g_adam = torch.optim.Adam(self.generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.d_adam = torch.optim.Adam(self.discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.real, self.first_z = torch.from_numpy(ours["real"]), torch.from_numpy(ours["z"])
        self.losses = []

    def next_z(self):
        z, self.first_z = self.first_z, None
        return torch.rand(len(self.real), 100) * 2 - 1 if z is None else z

    def step(self, optimiser, loss):
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        self.losses.append(loss.detach())

    def loss(self, images, target):
        logits = self.discriminator(images)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    def usual(self):
        """As scripts are usually written: the fake batch made anew in each step, gradients of the discriminator in all of them."""
        z = self.next_z()
        self.losses = []
        self.step(self.d_adam, self.loss(self.real, 1.0) + self.loss(self.generator(z).detach(), 0.0))
        for _ in range(2):
            self.step(self.g_adam, self.loss(self.generator(z), 1.0))

    def frugal(self):
        """Our 16 units: the first generator step takes the discriminator step's fake batch, the discriminator is frozen meanwhile."""
        z = self.next_z()
        self.losses = []
        fake = self.generator(z)
        self.step(self.d_adam, self.loss(self.real, 1.0) + self.loss(fake.detach(), 0.0))
        self.discriminator.requires_grad_(False)
        for step in range(2):
            self.step(self.g_adam, self.loss(fake if step == 0 else self.generator(z), 1.0))
        self.discriminator.requires_grad_(True)


def bench_training(peer):
    if not common.wanted(ARGUMENTS, "network", "iteration", "training"):
        return
    if ARGUMENTS.weights is None:
        common.report(peer=peer, missing=generator.NO_WEIGHTS)
        return
    with np.load(pathlib.Path(ARGUMENTS.weights) / "training.npz") as ours:
        training = Training(ours)
        expected = ours["losses"]
    run = training.usual if peer == "torch" else training.frugal
    run()
    losses = torch.stack(training.losses).numpy()
    differences = np.abs(losses - expected) / np.abs(expected)
    if not (differences <= ALLOWED_LOSSES).all():
        common.report(peer=peer, missing=f"its first iteration's losses are {losses}, ours {expected}")
        return
    common.report_times(ARGUMENTS, peer, "network", "iteration", "training", run, most_repeats=3, warm_up=False,
                        agreement=f"losses of an iteration, {differences.max():.0e}")


class Draw:
    """The exported weights: batch normalisation is folded into them, as it is in ours."""

    def __init__(self, model, batch):
        self.module = generator.load_generator.torch_module(model).eval()

    def load(self, z):
        self.z = torch.from_numpy(z)

    def run(self):
        with torch.inference_mode():
            self.drawn = self.module(self.z)

    def images(self):
        return self.drawn.numpy()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(ARGUMENTS.threads)
    for peer in ("torch", "torch, 16 units"):
        common.introduce(ARGUMENTS, peer, torch.__version__, torch.backends.cpu.get_cpu_capability(), common.openmp_waits())
    batch = ARGUMENTS.batch
    for name, c_in, c_out, side in common.DECONVOLUTIONS:
        bench_layer(name, deconv, (c_in, c_out, 5, 5), (batch, c_in, side, side))
    for name, c_in, c_out, side in common.CONVOLUTIONS:
        bench_layer(name, conv, (c_out, c_in, 5, 5), (batch, c_in, side, side))
    for peer in ("torch", "torch, 16 units"):
        bench_training(peer)
    generator.measure(ARGUMENTS, "torch", Draw)


if __name__ == "__main__":
    main()
