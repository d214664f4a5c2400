"""The bootstrap of rsa.bench.ts in rsatoolbox: RDMs in, per input line a comparison and a number of draws, processor seconds out."""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
import warnings

import numpy as np
from rsatoolbox.inference import eval_bootstrap_pattern, evaluate
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs

warnings.simplefilter("ignore")
evaluate.tqdm.trange = range
data, models = np.load(sys.argv[1]), np.load(sys.argv[2])
data = RDMs(data)
models = [ModelFixed(str(k), rdm) for k, rdm in enumerate(models)]
print("ready", flush=True)
for line in sys.stdin:
    comparison, draws = line.split()
    start = time.process_time()
    eval_bootstrap_pattern(models, data, method=comparison, N=int(draws))
    print(time.process_time() - start, flush=True)
