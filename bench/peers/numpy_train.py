"""NumPy by hand: python3 numpy_train.py JOB. It is as fast as NumPy gets.

Every array is allocated once, and products and ufuncs write with `out`. OPENBLAS_NUM_THREADS sets the number of
threads. Needs Debian's python3-numpy with libopenblas0-pthread.
"""

import ctypes

import numpy as np

import job
from job import batch_size, is_softmax, layers, learning_rate

x = job.read_inputs()
y = job.read_targets()
start = job.read_parameters()
f32 = np.float32
is_adam = job.job["optimizer"] == "adam"
DEPTH = len(layers)
ONE = f32(1)


class Buffers:
    """The arrays for batches of one size."""

    def __init__(self, rows: int):
        self.a = [np.empty((rows, layer["units"]), f32) for layer in layers]
        self.delta = [np.empty_like(a) for a in self.a]
        self.slope = [np.empty_like(a) for a in self.a]
        self.column = np.empty((rows, 1), f32)
        self.ones = np.ones(rows, f32)
        self.x = [x[first : first + rows] for first in range(0, len(x) - rows + 1, rows)]
        self.y = [y[first : first + rows] for first in range(0, len(x) - rows + 1, rows)]


buffers = {}


def buffers_for(rows: int) -> Buffers:
    if rows not in buffers:
        buffers[rows] = Buffers(rows)
    return buffers[rows]


class State:
    def __init__(self):
        # w is copied as [fan-in x units], so that the forward product needs no transposition
        self.w = [np.array(w.T, order="C") for w, _ in start]
        self.b = [b.copy() for _, b in start]
        self.dw = [np.empty_like(w) for w in self.w]
        self.db = [np.empty_like(b) for b in self.b]
        self.scratch = [np.empty_like(w) for w in self.w]
        self.scratch_b = [np.empty_like(b) for b in self.b]
        self.first = [np.zeros_like(p) for p in self.w + self.b]
        self.second = [np.zeros_like(p) for p in self.w + self.b]
        self.steps = 0


state = State()


def reset() -> None:
    for l, (w, b) in enumerate(start):
        state.w[l][...] = w.T
        state.b[l][...] = b
    for moment in state.first + state.second:
        moment.fill(0)
    state.steps = 0


def forward(rows: Buffers, batch_x: np.ndarray) -> np.ndarray:
    before = batch_x
    for l in range(DEPTH):
        a = rows.a[l]
        np.dot(before, state.w[l], out=a)
        a += state.b[l]
        name = layers[l]["activation"]
        if name == "relu":
            np.maximum(a, 0, out=a)
        elif name == "sigmoid":
            np.negative(a, out=a)
            np.exp(a, out=a)
            a += ONE
            np.reciprocal(a, out=a)
        elif name == "tanh":
            np.tanh(a, out=a)
        elif name == "softmax":
            np.amax(a, axis=1, keepdims=True, out=rows.column)
            a -= rows.column
            np.exp(a, out=a)
            np.sum(a, axis=1, keepdims=True, out=rows.column)
            a /= rows.column
        before = a
    return before


def adam(p: np.ndarray, g: np.ndarray, scratch: np.ndarray, moment: int) -> None:
    first, second = state.first[moment], state.second[moment]
    first *= f32(0.9)
    np.multiply(g, f32(0.1), out=scratch)
    first += scratch
    second *= f32(0.999)
    np.multiply(g, g, out=g)
    g *= f32(0.001)
    second += g
    # lr / (1 - b1^t) . m / (sqrt(v / (1 - b2^t)) + e), with all scalar factors combined
    correction = (1 - 0.999**state.steps) ** 0.5
    np.sqrt(second, out=g)
    g += f32(1e-8 * correction)
    np.divide(first, g, out=scratch)
    scratch *= f32(learning_rate * correction / (1 - 0.9**state.steps))
    p -= scratch


def update(l: int, before: np.ndarray, delta: np.ndarray, ones: np.ndarray) -> None:
    dw, db = state.dw[l], state.db[l]
    rows = len(delta)
    # delta gets the factor, because it is usually smaller than dw
    delta *= f32((1 if is_adam else learning_rate) / rows)
    np.dot(before.T, delta, out=dw)
    # a product is faster than sum(axis=0)
    np.dot(ones, delta, out=db)
    if is_adam:
        adam(state.w[l], dw, state.scratch[l], l)
        adam(state.b[l], db, state.scratch_b[l], DEPTH + l)
    else:
        state.w[l] -= dw
        state.b[l] -= db


def step(rows: Buffers, batch_x: np.ndarray, batch_y: np.ndarray) -> float:
    a = forward(rows, batch_x)
    delta, slope = rows.delta[-1], rows.slope[-1]
    np.subtract(a, batch_y, out=delta)
    if is_softmax:
        # targets are 0 or 1, so the sum of a row is the output whose target is 1
        np.multiply(a, batch_y, out=slope)
        np.sum(slope, axis=1, keepdims=True, out=rows.column)
        np.log(rows.column, out=rows.column)
        cost = -float(rows.column.sum())
    else:
        flat = delta.reshape(-1)
        cost = 0.5 * float(np.dot(flat, flat))
        multiply_by_slope(delta, a, slope, layers[-1]["activation"])
    state.steps += 1
    for l in range(DEPTH - 1, -1, -1):
        if l:
            np.dot(rows.delta[l], state.w[l].T, out=rows.delta[l - 1])
            multiply_by_slope(rows.delta[l - 1], rows.a[l - 1], rows.slope[l - 1], layers[l - 1]["activation"])
        update(l, rows.a[l - 1] if l else batch_x, rows.delta[l], rows.ones)
    return cost


def multiply_by_slope(delta: np.ndarray, a: np.ndarray, slope: np.ndarray, name: str) -> None:
    if name == "linear":
        return
    if name == "relu":
        np.sign(a, out=slope)
    elif name == "tanh":
        np.multiply(a, a, out=slope)
        np.subtract(ONE, slope, out=slope)
    else:
        np.subtract(ONE, a, out=slope)
        slope *= a
    delta *= slope


def train(samples: int) -> float:
    rows = buffers_for(batch_size)
    total = 0.0
    for batch in range(samples // batch_size):
        total += step(rows, rows.x[batch], rows.y[batch])
    return total / samples


def predict(first: int, batch: int) -> np.ndarray:
    rows = buffers_for(batch)
    return forward(rows, rows.x[first // batch])


def blas_core() -> str:
    """The kernels that OpenBLAS has chosen for this processor. NumPy has already loaded the library."""
    try:
        corename = ctypes.CDLL("libopenblas.so.0").openblas_get_corename
    except OSError:
        return "not Debian's OpenBLAS"
    corename.restype = ctypes.c_char_p
    return f"OpenBLAS {corename().decode()}"


job.serve(f"NumPy {np.__version__}, {blas_core()}", reset, train, predict)
