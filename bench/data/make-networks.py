"""Writes the networks of other libraries that docs/bring/ reads, with Debian's python3-torch, python3-sklearn and
python3-h5py: /usr/bin/python3 make-networks.py

All learn iris.csv. iris.keras has the layers of iris.pt in the structure of Keras 3, which is no package of Debian.
networks.json has what the programs that made them predict for the first row of each species; npm run format lays it out.
"""
import io
import json
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np
import torch
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
ROWS = [0, 50, 100]
data = load_iris()

# PyTorch
torch.manual_seed(1)
x = torch.tensor(data.data, dtype=torch.float32)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(400):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(x), torch.tensor(data.target)).backward()
    optimizer.step()
torch.save(model.state_dict(), HERE / "iris.pt")
predicted = {"torch": torch.softmax(model(x[ROWS]), 1).tolist()}

# Keras
layers = [
    {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "input_layer"}},
    {"class_name": "Dense", "config": {"name": "dense", "units": 8, "activation": "relu"}},
    {"class_name": "Dropout", "config": {"name": "dropout", "rate": 0.2}},
    {"class_name": "Dense", "config": {"name": "dense_1", "units": 3, "activation": "softmax"}},
]
config = {"class_name": "Sequential", "config": {"name": "iris", "layers": layers}}
buffer = io.BytesIO()
with h5py.File(buffer, "w") as file:
    for folder, linear in [("dense", model[0]), ("dense_1", model[2])]:
        file[f"layers/{folder}/vars/0"] = linear.weight.detach().numpy().T
        file[f"layers/{folder}/vars/1"] = linear.bias.detach().numpy()
with zipfile.ZipFile(HERE / "iris.keras", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
    archive.writestr("config.json", json.dumps(config))
    archive.writestr("model.weights.h5", buffer.getvalue())

# scikit-learn, written by the lines of docs/bring/scikit-learn.md
page = (HERE / "../../docs/bring/scikit-learn.md").read_text()
exec(re.search(r"```python\n(.*?def write_safetensors.*?)```", page, re.S).group(1))
pipeline = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=2000, random_state=1))
pipeline.fit(data.data, data.target_names[data.target])
write_safetensors(pipeline, HERE / "iris.safetensors")
predicted["sklearn"] = pipeline.predict_proba(data.data[ROWS]).tolist()

rounded = {name: np.round(rows, 6).tolist() for name, rows in predicted.items()}
(HERE / "networks.json").write_text(json.dumps(rounded))
