#!/usr/bin/env python3
"""Writes the golden vectors of tests/gan/golden_test.cpp: what PyTorch's autograd says of every layer and of ten training iterations.

usage: python3 make_golden.py        (torch 2.13 CPU, safetensors; writes beside itself; README.md says what is in the files)

Inputs are float32 numbers; everything else is computed in float64 and rounded once, on writing.
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)


def uniform(*dims, low=-1.0, high=1.0):
    """Random float32 numbers, held in float64."""
    return (torch.rand(*dims, dtype=torch.float32) * (high - low) + low).double()


def normal(*dims, mean=0.0, sd=1.0):
    return (torch.randn(*dims, dtype=torch.float32) * sd + mean).double()


def save(name, tensors, description):
    path = os.path.join(HERE, name)
    stored = {key: value.detach().float().contiguous().clone() for key, value in tensors.items()}
    save_file(stored, path, metadata={"description": description})
    print(f"{name}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


# TensorFlow SAME for a 5x5 kernel and stride 2 pads 1 before and 2 after.
def conv(x, weight, bias):
    return F.conv2d(F.pad(x, (1, 2, 1, 2)), weight, bias, stride=2)


def deconv(x, weight, bias):
    return F.conv_transpose2d(x, weight, bias, stride=2, padding=1)[..., :-1, :-1]


def dense(height, width):
    """x is flattened channel-major, and so is the output: unit c * height * width + y * width + x."""
    return lambda x, weight, bias: F.linear(x.flatten(1), weight, bias).unflatten(1, (-1, height, width))


def record(tensors, name, function, inputs, y_grad=None):
    """Adds inputs, y, the upstream gradient dy and the gradient d<input> of <y, dy> for every input."""
    leaves = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    y = function(*leaves.values())
    dy = normal(*y.shape) if y_grad is None else y_grad
    y.backward(dy)
    tensors.update({f"{name}.{key}": value for key, value in leaves.items()})
    tensors.update({f"{name}.y": y, f"{name}.dy": dy})
    tensors.update({f"{name}.d{key}": value.grad for key, value in leaves.items()})


def loss_towards(kind, output, target):
    if kind == "dcgan":
        return F.binary_cross_entropy_with_logits(output, torch.full_like(output, target))
    if kind == "wgan":
        return -output.mean() if target == 1 else output.mean()
    return 0.5 * ((output - target) ** 2).mean()


def make_layers():
    torch.manual_seed(1)
    t = {}
    record(t, "linear_in", dense(2, 2), {"x": normal(16, 12, 1, 1), "weight": normal(6 * 4, 12, sd=0.3), "bias": normal(6 * 4)})
    record(t, "linear_out", dense(1, 1), {"x": normal(16, 5, 2, 2), "weight": normal(1, 5 * 4, sd=0.3), "bias": normal(1)})
    record(t, "conv", conv, {"x": normal(16, 3, 8, 8), "weight": normal(5, 3, 5, 5, sd=0.2), "bias": normal(5)})
    record(t, "conv_small", conv, {"x": normal(8, 4, 2, 2), "weight": normal(3, 4, 5, 5, sd=0.2), "bias": normal(3)})
    record(t, "deconv", deconv, {"x": normal(16, 5, 4, 4), "weight": normal(5, 3, 5, 5, sd=0.2), "bias": normal(3)})
    record(t, "deconv_small", deconv, {"x": normal(8, 4, 1, 1), "weight": normal(4, 3, 5, 5, sd=0.2), "bias": normal(3)})

    mean, var = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    inputs = {"x": normal(16, 5, 3, 4, mean=0.7, sd=1.5), "gamma": normal(5, mean=1.0, sd=0.3), "beta": normal(5)}
    record(t, "bn", lambda x, gamma, beta: F.batch_norm(x, mean, var, gamma, beta, training=True, momentum=0.1, eps=1e-5), inputs)
    t["bn.running_mean"], t["bn.running_var"] = mean, var
    t["bn.y_inference"] = F.batch_norm(inputs["x"], mean, var, inputs["gamma"], inputs["beta"], training=False, eps=1e-5)

    for name, function in (("relu", F.relu), ("leaky_relu", lambda x: F.leaky_relu(x, 0.2)), ("tanh", torch.tanh)):
        record(t, name, function, {"x": normal(8, 3, 3, 2, sd=2.0)})

    for kind in ("dcgan", "lsgan", "wgan"):
        for target in (0, 1):
            record(t, f"{kind}_towards_{target}", lambda x: loss_towards(kind, x, float(target)), {"x": normal(16, sd=4.0)},
                   torch.tensor(1.0).double())
    save("layers.safetensors", t, "layers and losses: inputs, outputs y, upstream gradients dy, gradients d<input>")


class Sign(torch.autograd.Function):
    """sign(0) = +1; the gradient passes straight through where |w| < 1."""

    @staticmethod
    def forward(context, w):
        context.save_for_backward(w)
        return sign(w)

    @staticmethod
    def backward(context, gradient):
        (w,) = context.saved_tensors
        return gradient * (w.abs() < 1)


def sign(w):
    return torch.where(w < 0, -1.0, 1.0).to(w.dtype)


def binarize_pbgen(w, dims):
    """alpha sign(w), alpha the mean |w| over dims; alpha's gradient is the true one, |w| being w sign(w)."""
    return (w * sign(w.detach())).mean(dims, keepdim=True) * Sign.apply(w)


class BinarizeXnor(torch.autograd.Function):
    """XNOR-Net's own gradient: (1/n + alpha 1[|w| < 1]) g (1 - 1/c_in) n."""

    @staticmethod
    def forward(context, w, dims, c_in):
        context.save_for_backward(w)
        context.dims, context.c_in = dims, c_in
        return w.abs().mean(dims, keepdim=True) * sign(w)

    @staticmethod
    def backward(context, gradient):
        (w,) = context.saved_tensors
        n = 1
        for dim in context.dims:
            n *= w.shape[dim]
        alpha = w.abs().mean(context.dims, keepdim=True)
        return (1 / n + alpha * (w.abs() < 1)) * gradient * (1 - 1 / context.c_in) * n, None, None


def project_xnor(w, input_dim):
    return (w - w.mean(input_dim, keepdim=True)).clamp(-1, 1)


def make_bwn():
    torch.manual_seed(2)
    t = {}
    # name, function, x, weight (reaching past 1), the filter's dimensions, the dimension of the input channels
    cases = (("conv", conv, normal(8, 3, 4, 4), normal(4, 3, 5, 5, sd=0.7), (1, 2, 3), 1),
             ("deconv", deconv, normal(8, 5, 3, 3), normal(5, 4, 5, 5, sd=0.7), (0, 2, 3), 0))
    for name, function, x, weight, dims, input_dim in cases:
        weight.view(-1)[7] = 0.0
        bias = normal(weight.shape[0] if name == "conv" else weight.shape[1])
        record(t, f"pbgen_{name}", lambda a, w, b: function(a, binarize_pbgen(w, dims), b), {"x": x, "weight": weight, "bias": bias})
        projected = project_xnor(weight, input_dim).float().double()
        t[f"xnor_{name}.weight_before"] = weight
        record(t, f"xnor_{name}", lambda a, w, b: function(a, BinarizeXnor.apply(w, dims, w.shape[input_dim]), b),
               {"x": x, "weight": projected, "bias": bias})
    # The linear layer has one alpha for each channel: for its 4 units together.
    x, weight, bias = normal(8, 7, 1, 1), normal(3 * 4, 7, sd=0.7), normal(3 * 4)
    by_channel = lambda binarize: lambda a, w, b: dense(2, 2)(a, binarize(w.unflatten(0, (3, 4))).flatten(0, 1), b)
    record(t, "pbgen_linear", by_channel(lambda w: binarize_pbgen(w, (1, 2))), {"x": x, "weight": weight, "bias": bias})
    projected = project_xnor(weight, 1).float().double()
    t["xnor_linear.weight_before"] = weight
    record(t, "xnor_linear", by_channel(lambda w: BinarizeXnor.apply(w, (1, 2), 7)), {"x": x, "weight": projected, "bias": bias})
    save("binary_weights.safetensors", t, "binarized layers: inputs, outputs y, upstream gradients dy, gradients d<input>")


class Adam:
    """TensorFlow's form: eps is added to the uncorrected sqrt(v)."""

    def __init__(self, params, lr, beta1=0.5, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.beta1, self.beta2, self.eps, self.t = params, lr, beta1, beta2, eps, 0
        self.m = [torch.zeros_like(p) for p in params]
        self.v = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self, gradients):
        self.t += 1
        rate = self.lr * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        for p, g, m, v in zip(self.params, gradients, self.m, self.v):
            m.mul_(self.beta1).add_(g, alpha=1 - self.beta1)
            v.mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
            p.sub_(rate * m / (v.sqrt() + self.eps))


def make_adam():
    torch.manual_seed(3)
    weight, gradients = normal(24, sd=0.02), normal(5, 24)
    gradients[:, 12:] *= 1e-7  # where eps counts
    gradients = gradients.float().double()
    t = {"weight": weight.clone(), "gradients": gradients}
    adam, after = Adam([weight], lr=2e-4), []
    for gradient in gradients:
        adam.step([gradient])
        after.append(weight.clone())
    t.update({"weight_after": torch.stack(after), "first_moment": adam.m[0], "second_moment": adam.v[0]})
    save("adam.safetensors", t, "five steps of Adam in TensorFlow's form: lr 2e-4, beta1 0.5, beta2 0.999, eps 1e-8")


SIZE, BASE, BATCH, Z_DIM, WIDTH, LR, ITERATIONS, REAL_BATCHES = 32, 2, 8, 8, 4, 5e-4, 10, 2
CRITIC_STEPS, CLIP = 2, 0.1  # of wgan; the bound is about one standard deviation of the initial weights
G_WIDTHS = [WIDTH * 8, WIDTH * 4, WIDTH * 2, WIDTH]
D_WIDTHS = [WIDTH, WIDTH * 2, WIDTH * 4, WIDTH * 8]


def initial_weights():
    """Further from 0 than training begins, so that the losses depend on everything."""
    g = {"linear.weight": normal(G_WIDTHS[0] * BASE * BASE, Z_DIM, sd=0.3), "linear.bias": normal(G_WIDTHS[0] * BASE * BASE, sd=0.1)}
    d = {}
    g_channels, d_channels = G_WIDTHS + [3], [3] + D_WIDTHS
    for i in range(4):
        g[f"bn{i}.gamma"], g[f"bn{i}.beta"] = normal(g_channels[i], mean=1.0, sd=0.2), normal(g_channels[i], sd=0.2)
        g[f"deconv{i + 1}.weight"] = normal(g_channels[i], g_channels[i + 1], 5, 5, sd=0.1)
        g[f"deconv{i + 1}.bias"] = normal(g_channels[i + 1], sd=0.1)
        d[f"conv{i + 1}.weight"] = normal(d_channels[i + 1], d_channels[i], 5, 5, sd=0.1)
        d[f"conv{i + 1}.bias"] = normal(d_channels[i + 1], sd=0.1)
        if i > 0:
            d[f"bn{i + 1}.gamma"], d[f"bn{i + 1}.beta"] = normal(d_channels[i + 1], mean=1.0, sd=0.2), normal(d_channels[i + 1], sd=0.2)
    d["linear.weight"], d["linear.bias"] = normal(1, D_WIDTHS[3] * BASE * BASE, sd=0.1), normal(1, sd=0.1)
    return g, d


class Network:
    def __init__(self, weights, binarized, dtype):
        self.weights = {name: value.to(dtype).clone().requires_grad_() for name, value in weights.items()}
        self.binarized = binarized
        self.running_var = {}

    def params(self):
        return list(self.weights.values())

    def weight(self, name, dims):
        w = self.weights[name]
        return binarize_pbgen(w, dims) if self.binarized(name) else w

    def bn(self, x, name):
        if name not in self.running_var:
            self.running_var[name] = torch.ones(x.shape[1], dtype=x.dtype)
        unused_mean = torch.zeros(x.shape[1], dtype=x.dtype)
        gamma, beta = self.weights[f"{name}.gamma"], self.weights[f"{name}.beta"]
        return F.batch_norm(x, unused_mean, self.running_var[name], gamma, beta, training=True, momentum=0.1, eps=1e-5)


class Generator(Network):
    def __call__(self, z):
        w = self.weights
        x = dense(BASE, BASE)(z, w["linear.weight"], w["linear.bias"])
        for i in range(4):
            x = F.relu(self.bn(x, f"bn{i}"))
            x = deconv(x, self.weight(f"deconv{i + 1}.weight", (0, 2, 3)), w[f"deconv{i + 1}.bias"])
        return torch.tanh(x)


class Discriminator(Network):
    def __call__(self, x):
        w = self.weights
        for i in range(1, 5):
            x = conv(x, self.weight(f"conv{i}.weight", (1, 2, 3)), w[f"conv{i}.bias"])
            x = F.leaky_relu(self.bn(x, f"bn{i}") if i > 1 else x, 0.2)
        return dense(1, 1)(x, w["linear.weight"], w["linear.bias"]).flatten()


def train(g_weights, d_weights, z, real, kind, setting, dtype):
    """Returns [iteration][loss_d, loss_g of the first step, of the second, D(real), D(fake)], the generator's moving variances.

    wgan: two updates of D an iteration, the last of which is logged, each on a batch and a z of its own and followed by clipping.
    """
    d_steps, beta1 = (CRITIC_STEPS, 0.0) if kind == "wgan" else (1, 0.5)
    g_binarized = {"a": (), "h": ("deconv1.weight", "deconv2.weight", "deconv3.weight")}[setting]
    g = Generator(g_weights, lambda name: name in g_binarized, dtype)
    d = Discriminator(d_weights, lambda name: setting == "h" and name.startswith("conv"), dtype)
    adam_g, adam_d = Adam(g.params(), LR, beta1), Adam(d.params(), LR, beta1)
    said = torch.sigmoid if kind == "dcgan" else lambda output: output
    log = []
    for i in range(ITERATIONS):
        for update in range(i * d_steps, (i + 1) * d_steps):
            latent, images = z[update].to(dtype), real[update % REAL_BATCHES].to(dtype)
            fake = g(latent)
            d_real, d_fake = d(images), d(fake.detach())  # normalised apart
            loss_d = loss_towards(kind, d_real, 1.0) + loss_towards(kind, d_fake, 0.0)
            row = [loss_d.item(), 0.0, 0.0, said(d_real).mean().item(), said(d_fake).mean().item()]
            adam_d.step(torch.autograd.grad(loss_d, d.params()))
            if kind == "wgan":
                with torch.no_grad():
                    for p in d.params():
                        p.clamp_(-CLIP, CLIP)
        for step in range(2):
            if step > 0:  # the first step takes the discriminator's fake images
                fake = g(latent)
            loss_g = loss_towards(kind, d(fake), 1.0)
            row[1 + step] = loss_g.item()
            adam_g.step(torch.autograd.grad(loss_g, g.params()))
        log.append(row)
    return torch.tensor(log, dtype=torch.float64), g.running_var


# Loss, setting, seed of the latents.  Training amplifies rounding wherever a value falls within rounding of a kink of ReLU or of a sign:
# these latents are ones with which 24 runs in float32, from weights moved by 3e-7 of themselves, all stayed within 1e-5 of float64.
RUNS = (("dcgan", "a", 101), ("dcgan", "h", 101), ("lsgan", "a", 105), ("lsgan", "h", 101),
        ("wgan", "a", 101), ("wgan", "h", 102))


def make_gan():
    torch.manual_seed(4)
    g_weights, d_weights = initial_weights()
    # Smooth blobs, so that real images differ from generated ones.
    real = F.interpolate(uniform(REAL_BATCHES * BATCH, 3, 4, 4), size=(SIZE, SIZE), mode="bilinear").float().double()
    real = real.unflatten(0, (REAL_BATCHES, BATCH))
    weights = {f"generator.{name}": value for name, value in g_weights.items()}
    weights |= {f"discriminator.{name}": value for name, value in d_weights.items()}
    save("gan_weights.safetensors", weights, "initial weights of both networks")
    t = {"real": real}
    for kind, setting, seed in RUNS:
        torch.manual_seed(seed)
        z = uniform(ITERATIONS * (CRITIC_STEPS if kind == "wgan" else 1), BATCH, Z_DIM)
        log, running_var = train(g_weights, d_weights, z, real, kind, setting, torch.float64)
        in_float, _ = train(g_weights, d_weights, z, real, kind, setting, torch.float32)
        print(f"  {kind} {setting}: float32 differs by {((in_float - log) / log)[:, :3].abs().max():.1e}\n{log.numpy().round(4)}")
        t[f"{kind}_{setting}.z"], t[f"{kind}_{setting}.log"] = z, log
        t.update({f"{kind}_{setting}.generator.{name}.running_var": value for name, value in running_var.items()})
    save("gan_run.safetensors", t, "ten iterations: latents, real images, what they lead to")


if __name__ == "__main__":
    make_layers()
    make_bwn()
    make_adam()
    make_gan()
