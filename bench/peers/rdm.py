"""The other side of bench/rdm.bench.ts: seconds and processor seconds of rsatoolbox's correlation RDM or of numpy's bare product on a file of patterns."""

import sys
import time

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

for line in sys.stdin:
    task, path, stimuli = line.split()
    patterns = np.fromfile(path).reshape(int(stimuli), -1)
    other = patterns.copy()  # numpy halves the work of x @ x.T alone
    start, processor = time.perf_counter(), time.process_time()
    if task == "rsatoolbox":
        result = calc_rdm(Dataset(patterns), method="correlation").dissimilarities[0]
    else:
        result = patterns @ other.T if task == "product" else patterns @ patterns.T
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    print(seconds, processor, *np.ravel(result)[:3], flush=True)
