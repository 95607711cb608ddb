"""Reads the job's files and answers orders, for all Python rivals (bench/job.ts, bench/rival.ts)."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

directory = Path(sys.argv[1])
job = json.loads((directory / "job.json").read_text())
layers = job["layers"]
batch_size = job["batchSize"]
learning_rate = job["learningRate"]
is_softmax = layers[-1]["activation"] == "softmax"


def read_inputs() -> np.ndarray:
    """x [samples x inputs] in float32. Bytes are scaled before the clock starts: no rival trains on bytes."""
    dtype = np.uint8 if job["bytes"] else np.float32
    x = np.fromfile(directory / "x.bin", dtype).astype(np.float32)
    if job["bytes"]:
        x *= np.float32(1 / 255)
    return x.reshape(-1, job["inputs"])


def read_targets() -> np.ndarray:
    return np.fromfile(directory / "y.bin", np.float32).reshape(-1, layers[-1]["units"])


def read_parameters() -> list:
    """(w [units x fan-in], b [units]) of each layer."""
    floats = np.fromfile(directory / "parameters.bin", np.float32)
    parameters = []
    at, fan_in = 0, job["inputs"]
    for layer in layers:
        units = layer["units"]
        weights = floats[at : at + units * fan_in].reshape(units, fan_in)
        at += units * fan_in
        parameters.append((weights, floats[at : at + units]))
        at += units
        fan_in = units
    return parameters


def serve(version: str, reset, train, predict) -> None:
    """Answers `train SAMPLES EPOCHS` and `predict SAMPLES BATCH` with `MILLISECONDS VALUE`.

    train(samples) trains one epoch and returns its mean cost. predict(first, batch) returns the outputs of a batch. The
    value of a prediction is the sum of all outputs, weighted by 1, 2, ... along a row.
    """
    weights = np.arange(1, layers[-1]["units"] + 1, dtype=np.float64)
    # seconds: of the wall clock, or of the processor's time for this process
    now = time.process_time if os.environ.get("SIMDPROP_CLOCK") == "processor" else time.perf_counter
    print("ready", version, flush=True)
    for line in sys.stdin:
        order, samples, argument = line.split()
        samples, argument = int(samples), int(argument)
        reset()
        value = 0.0
        started = now()
        if order == "train":
            for _ in range(argument):
                value = train(samples)
        else:
            sums = []
            for first in range(0, samples - argument + 1, argument):
                # a copy, because the next call may write to the same place; a caller would keep one too
                sums.append(np.array(predict(first, argument)))
        elapsed = 1000 * (now() - started)
        if order == "predict":
            value = float((np.concatenate(sums).astype(np.float64) @ weights).sum())
        print(elapsed, value, flush=True)
