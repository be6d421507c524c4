"""PyTorch, and NumPy over OpenBLAS: answers the requests of works.ts, one JSON object a line."""

import ctypes
import json
import sys
import time

import numpy as np
import torch
from torch import nn

VOCAB = 65
GENERATED = 64
ROUND = 20e-3
WARM = 0.3
LONG = 0.3
GOLDEN = 0.6180339887498949


def evenly(length, seed, scale=1.0):
    i = np.arange(length, dtype=np.float64) + seed * 1000
    return ((((i * GOLDEN) % 1) * 2 - 1) * scale).astype(np.float32)


def openblas():
    """The library that NumPy and PyTorch multiply with, if it is OpenBLAS."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.split()[-1]
            if "blas" in path and ".so" in path:
                library = ctypes.CDLL(path)
                if hasattr(library, "openblas_set_num_threads"):
                    return library
    return None


BLAS = openblas()
threads_now = None


def set_threads(threads):
    global threads_now
    if threads == threads_now:
        return
    torch.set_num_threads(threads)
    if BLAS is not None:
        BLAS.openblas_set_num_threads(threads)
    threads_now = threads


class CharModel(nn.Module):
    def __init__(self, embed, hidden, layers, cell="LSTM"):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, embed)
        self.rnn = getattr(nn, cell)(embed, hidden, layers)
        self.head = nn.Linear(hidden, VOCAB)

    def forward(self, ids, state=None):
        y, state = self.rnn(self.emb(ids), state)
        return self.head(y), state


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def gemm(m, n, k, transA, transB, **_):
    if BLAS is None:
        raise RuntimeError("NumPy has no OpenBLAS here")
    a = evenly(m * k, 1).reshape((k, m) if transA else (m, k))
    b = evenly(k * n, 2).reshape((n, k) if transB else (k, n))
    a, b = (a.T if transA else a), (b.T if transB else b)
    c = np.empty((m, n), np.float32)
    np.matmul(a, b, out=c)
    return lambda: np.matmul(a, b, out=c), 1, float(np.abs(c).mean(dtype=np.float64))


def lstm(inputs, hidden, batch, steps, **_):
    layer = nn.LSTM(inputs, hidden)
    for i, parameter in enumerate(layer.parameters()):
        values = evenly(parameter.numel(), i, 1 / np.sqrt(hidden))
        parameter.data.copy_(torch.from_numpy(values).reshape(parameter.shape))
    x = torch.from_numpy(evenly(steps * batch * inputs, 9)).reshape(steps, batch, inputs)

    def run():
        with torch.no_grad():
            return layer(x)[0]

    return run, 1, run().abs().double().mean().item()


def train(embed, hidden, layers, batch, steps, cell, **_):
    model = CharModel(embed, hidden, layers, cell)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    ids = torch.randint(0, VOCAB, (steps, batch))
    targets = torch.randint(0, VOCAB, (steps * batch,))
    state = None

    def run():
        nonlocal state
        adam.zero_grad(set_to_none=True)
        logits, end = model(ids, state)
        nn.functional.cross_entropy(logits.reshape(-1, VOCAB), targets).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        adam.step()
        state = detached(end)

    return run, 1, None


def generate(embed, hidden, layers, **_):
    model = CharModel(embed, hidden, layers).eval()

    def run():
        with torch.no_grad():
            ids, state = torch.zeros((1, 1), dtype=torch.long), None
            for _ in range(GENERATED):
                logits, state = model(ids, state)
                ids = torch.multinomial(torch.softmax(logits[0] / 0.8, -1), 1)

    return run, GENERATED, None


def vector(kind, elements, **_):
    x = torch.from_numpy(evenly(elements, 1, 4))
    y = torch.empty_like(x)
    function = getattr(torch, kind)
    function(x, out=y)
    return lambda: function(x, out=y), 1, y.abs().double().mean().item()


def trained(net, optimizer, loss_function, x, target):
    def run():
        optimizer.zero_grad(set_to_none=True)
        loss_function(net(x), target).backward()
        optimizer.step()

    return run, 1, None


def xor():
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return trained(net, torch.optim.Adam(net.parameters(), lr=0.01), nn.functional.mse_loss, x, target)


def mlp():
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    x, target = torch.randn(128, 784), torch.randint(0, 10, (128,))
    return trained(net, torch.optim.SGD(net.parameters(), lr=0.01), nn.functional.cross_entropy, x, target)


def cnn():
    net = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )
    x, target = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    return trained(net, torch.optim.Adam(net.parameters(), lr=1e-3), nn.functional.cross_entropy, x, target)


def add():
    a, b = (torch.from_numpy(evenly(16, seed)).requires_grad_() for seed in (1, 2))
    return lambda: a + b, 1, None


def prepare(work):
    kind = work["kind"]
    set_threads(work["threads"])
    if kind in ("tanh", "exp"):
        return vector(**work)
    makers = {"gemm": gemm, "lstm": lstm, "train": train, "generate": generate}
    if kind in makers:
        return makers[kind](**{name: value for name, value in work.items() if name != "kind"})
    return {"xor": xor, "mlp": mlp, "cnn": cnn, "add": add}[kind]()


def timed(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - start


def calls_of_round(run):
    spent = timed(run, 1)
    if spent > LONG:
        return 1
    while spent < WARM:
        spent += timed(run, 1)
    calls = 1
    while True:
        seconds = timed(run, calls)
        if seconds > ROUND / 2:
            return max(1, int(np.ceil(calls * ROUND / seconds)))
        calls *= 2


def resident(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no /proc/self/status")


lanes = {}


def answer(request):
    if "prepare" in request:
        run, times, check = prepare(request["prepare"])
        lanes[request["id"]] = [run, times, request["prepare"]["threads"], calls_of_round(run), 0.0]
        return {} if check is None else {"check": check}
    if "run" in request:
        lane = lanes[request["run"]]
        run, times, threads, calls, before = lane
        set_threads(threads)
        if before < LONG:
            timed(run, -(-calls // 4))
        lane[4] = timed(run, calls) / calls
        return {"seconds": lane[4] / times}
    if "drop" in request:
        lanes.pop(request["drop"], None)
        return {}
    run = prepare(request["memory"])[0]
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
    before = resident("VmRSS")
    for _ in range(request["steps"]):
        run()
    return {"before": before, "most": resident("VmHWM")}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:
        reply = {"none": str(error).split("\n")[0]}
    print(json.dumps(reply), flush=True)
