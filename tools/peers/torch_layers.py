#!/usr/bin/env python3
"""PyTorch on the paper's networks, on the CPU: each layer and direction, a training iteration, inference.

Padding is TensorFlow's SAME as everywhere in PBGen: 1 row and column before, 2 after."""

import common

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    common.report(peer="torch", missing="pip install torch --index-url https://download.pytorch.org/whl/cpu")
    raise SystemExit(0)


def conv(x, weight, bias):
    return F.conv2d(F.pad(x, (1, 2, 1, 2)), weight, bias, stride=2)


def deconv(x, weight, bias):
    return F.conv_transpose2d(x, weight, bias, stride=2, padding=1)[:, :, :-1, :-1]


def bench_layer(arguments, name, apply, weight_shape, x_shape):
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

    if common.wanted(arguments, "layers", name, "forward"):
        common.report_times(arguments, "torch", "layers", name, "forward", forward)
    for op, argument in (("dx", x), ("dw", weight)):
        if common.wanted(arguments, "layers", name, op):
            common.report_times(arguments, "torch", "layers", name, op, gradient_of(argument))


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


class Training:
    """1 discriminator step and 2 generator steps on one z."""

    def __init__(self, batch):
        self.generator, self.discriminator = make_generator(), make_discriminator()
        self.g_adam = torch.optim.Adam(self.generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.d_adam = torch.optim.Adam(self.discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.real = torch.rand(batch, 3, 64, 64) * 2 - 1
        self.batch = batch

    def loss(self, images, target):
        logits = self.discriminator(images)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    def usual(self):
        """As scripts are usually written: the fake batch made anew in each step, gradients of the discriminator in all of them."""
        z = torch.rand(self.batch, 100) * 2 - 1
        self.d_adam.zero_grad()
        (self.loss(self.real, 1.0) + self.loss(self.generator(z).detach(), 0.0)).backward()
        self.d_adam.step()
        for _ in range(2):
            self.g_adam.zero_grad()
            self.loss(self.generator(z), 1.0).backward()
            self.g_adam.step()

    def frugal(self):
        """Our 16 units: the first generator step takes the discriminator step's fake batch, the discriminator is frozen meanwhile."""
        z = torch.rand(self.batch, 100) * 2 - 1
        fake = self.generator(z)
        self.d_adam.zero_grad()
        (self.loss(self.real, 1.0) + self.loss(fake.detach(), 0.0)).backward()
        self.d_adam.step()
        self.discriminator.requires_grad_(False)
        for step in range(2):
            self.g_adam.zero_grad()
            self.loss(fake if step == 0 else self.generator(z), 1.0).backward()
            self.g_adam.step()
        self.discriminator.requires_grad_(True)


def bench_networks(arguments):
    for op, peer in (("training", "torch"), ("training", "torch, 16 units")):
        if common.wanted(arguments, "network", "iteration", op):
            training = Training(arguments.batch)
            run = training.usual if peer == "torch" else training.frugal
            common.report_times(arguments, peer, "network", "iteration", op, run, most_repeats=3)
    for section, batch, least_repeats in (("network", arguments.batch, 1), ("edge", 1, 50)):
        if common.wanted(arguments, section, "generator", "inference"):
            generator = make_generator().eval()
            z = torch.rand(batch, 100) * 2 - 1
            with torch.inference_mode():
                common.report_times(arguments, "torch", section, "generator", "inference", lambda: generator(z), batch=batch,
                                    least_repeats=least_repeats)


def main():
    arguments = common.parse_arguments(__doc__)
    torch.manual_seed(0)
    torch.set_num_threads(arguments.threads)
    for peer in ("torch", "torch, 16 units"):
        common.report(peer=peer, version=torch.__version__)
    batch = arguments.batch
    for name, c_in, c_out, side in common.DECONVOLUTIONS:
        bench_layer(arguments, name, deconv, (c_in, c_out, 5, 5), (batch, c_in, side, side))
    for name, c_in, c_out, side in common.CONVOLUTIONS:
        bench_layer(arguments, name, conv, (c_out, c_in, 5, 5), (batch, c_in, side, side))
    bench_networks(arguments)


if __name__ == "__main__":
    main()
