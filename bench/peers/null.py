"""The tests of null.bench.ts and null-partial.bench.ts in rsatoolbox: per input line the RDMs of a study, a comparison and a number of draws, p-values out."""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import sys
import warnings

import numpy as np
from rsatoolbox.inference import eval_dual_bootstrap, evaluate
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs

warnings.simplefilter("ignore")
evaluate.tqdm.trange = range
methods = {"pearson": "corr"}
for line in sys.stdin:
    study = json.loads(line)
    np.random.seed(0)
    models = [ModelFixed(str(k), np.array(rdm)) for k, rdm in enumerate(study["models"])]
    result = eval_dual_bootstrap(
        models,
        RDMs(np.array(study["data"])),
        method=methods.get(study["comparison"], study["comparison"]),
        N=study["draws"],
        n_cv=1,
        use_correction=False,
    )
    pairs = result.test_pairwise()[np.triu_indices(len(models), 1)]
    ceiling = result.test_noise()
    answer = {
        "zero": list(result.test_zero()),
        "pairs": list(pairs),
        "ceiling": list(ceiling),
        # what its test against the ceiling compares
        "scores": list(np.nanmean(result.evaluations, axis=(0, 2, 3, 4))),
        "lower": np.nanmean(result.noise_ceiling[0]),
    }
    print(json.dumps(answer), flush=True)
