"""scikit-learn's GridSearchCV over an MLP, for bench/search.ts.

Prints `ready VERSION`, and answers each line `search N_JOBS` with `MILLISECONDS COST`: the time of the search, and the
mean log loss of the best setting over the folds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
x = np.fromfile(folder / "x.bin", np.float32).reshape(-1, job["inputs"])
y = np.fromfile(folder / "y.bin", np.uint8)

print("ready", sklearn.__version__, flush=True)
for line in sys.stdin:
    jobs = int(line.split()[1])
    network = MLPClassifier(
        (job["units"],),
        activation="relu",
        solver="adam",
        batch_size=job["batchSize"],
        max_iter=job["epochs"],
        # all epochs are trained
        tol=0,
        n_iter_no_change=job["epochs"],
        random_state=1,
    )
    grid = {"learning_rate_init": job["rates"], "alpha": job["alphas"]}
    folds = KFold(job["folds"], shuffle=True, random_state=1)
    search = GridSearchCV(network, grid, scoring="neg_log_loss", cv=folds, n_jobs=jobs, refit=False)
    start = time.perf_counter()
    search.fit(x, y)
    elapsed = time.perf_counter() - start
    print(1000 * elapsed, -search.best_score_, flush=True)
