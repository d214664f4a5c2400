"""Tokens of pictures in PyTorch and Pillow: DeiT-Tiny with the weights of an ONNX file, eager, batches of 8.

Run by features.bench.ts: python features.py MODEL.onnx OUT.npy WORKERS < list of picture files; prints seconds.
WORKERS 1 decodes in a process beside, 0 in the same one.
"""

import sys
import time

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from PIL import Image
from torch.utils.data import DataLoader, Dataset

L, D, H = 12, 192, 3
torch.set_num_threads(2)
model_file, out, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = sys.stdin.read().splitlines()

graph = onnx.load(model_file).graph
weights = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
products = [weights[n.input[1]] for n in graph.node if n.op_type == "MatMul" and n.input[1] in weights]
MEAN, SD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class Pictures(Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, i):
        picture = Image.open(files[i]).convert("RGB").resize((256, 256), Image.BICUBIC).crop((16, 16, 240, 240))
        pixels = torch.from_numpy(np.array(picture)).float() / 255
        return ((pixels - MEAN) / SD).permute(2, 0, 1)


def forward(x):
    w = lambda name: weights[f"m.{name}"]
    B = len(x)
    x = F.conv2d(x, w("patch_embed.proj.weight"), w("patch_embed.proj.bias"), stride=16).flatten(2).transpose(1, 2)
    x = torch.cat([w("cls_token").expand(B, -1, -1), x], 1) + w("pos_embed")
    for i in range(L):
        b = lambda name: w(f"blocks.{i}.{name}")
        qkv, proj, fc1, fc2 = products[4 * i : 4 * i + 4]
        h = F.layer_norm(x, (D,), b("norm1.weight"), b("norm1.bias"), 1e-6)
        q, k, v = (h @ qkv + b("attn.qkv.bias")).view(B, -1, 3, H, D // H).permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, -1, D)
        x = x + h @ proj + b("attn.proj.bias")
        h = F.layer_norm(x, (D,), b("norm2.weight"), b("norm2.bias"), 1e-6)
        x = x + F.gelu(h @ fc1 + b("mlp.fc1.bias")) @ fc2 + b("mlp.fc2.bias")
    return x


start = time.perf_counter()
with torch.inference_mode():
    tokens = [forward(batch).numpy() for batch in DataLoader(Pictures(), batch_size=8, num_workers=workers)]
seconds = time.perf_counter() - start
np.save(out, np.concatenate(tokens))
print(seconds)
