"""The cross-validation of cross-validation.bench.ts in PyTorch eager: one model per fold, on the same batches.

Run by that file: python cross_validation.py FOLDER BATCH SEED THREADS CIRCUIT, where FOLDER holds tokens, ratings, folds, orders and
rates as .npy; writes predictions.npy there and prints seconds of the clock and of the processor.
"""

import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

W, H = 96, 4
AB, B, ITC, CEA, P, K = 30, 78, 12, 12, 64, 16
folder, batch, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(seed)
torch.set_num_threads(int(sys.argv[4]))
tokens, ratings, folds, orders, rates = (
    torch.from_numpy(np.load(f"{folder}/{name}.npy")) for name in ("tokens", "ratings", "folds", "orders", "rates")
)
ratings = ratings.float()
S, T, D = tokens.shape


def linear(inputs, units, he=False):
    layer = nn.Linear(inputs, units)
    if he:
        nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5)
    else:
        nn.init.uniform_(layer.weight, -(inputs**-0.5), inputs**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """Self-attention and feed-forward, each normed after its residual sum; one product makes query, key and value."""

    def __init__(self):
        super().__init__()
        self.qkv, self.merge = linear(W, 3 * W), linear(W, W)
        self.expand, self.reduce = linear(W, 2 * W), linear(2 * W, W)
        self.norm1, self.norm2 = nn.LayerNorm(W), nn.LayerNorm(W)

    def forward(self, x):
        q, k, v = self.qkv(x).view(x.shape[0], T, 3, H, W // H).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        z = self.norm1(x + self.merge(mixed))
        return self.norm2(z + self.reduce(F.relu(self.expand(z))))


class Attention(nn.Module):
    """A block per nucleus."""

    def __init__(self):
        super().__init__()
        self.visual = linear(D, W, he=True)
        self.ab, self.b = linear(W, W, he=True), linear(W, W, he=True)
        self.cea = nn.ModuleList(linear(W, W) for _ in range(3))
        for layer in self.cea:
            nn.init.normal_(layer.weight, std=(2 / (3 * W)) ** 0.5)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.readout = linear(W, 2)
        nn.init.zeros_(self.readout.weight)

    def forward(self, x, summary):
        la, ab, b, cea = self.blocks
        y = la(self.visual(x))
        y1, y2 = ab(self.ab(y)), b(self.b(y))
        arriving = sum(layer(source) for layer, source in zip(self.cea, (y, y1, y2)))
        return self.readout(cea(arriving).mean(1))


class Vca(nn.Module):
    """The summary looks at the tokens in LA; ITC inhibits CeA."""

    def __init__(self):
        super().__init__()
        self.reduced, self.query, self.key = linear(D, P, he=True), linear(2 * D, H * K), linear(P, H * K)
        self.whole, self.found = linear(2 * D, W, he=True), linear(H * P, W)
        self.gate = nn.Parameter(torch.ones(W))
        self.ab, self.b = linear(W, AB, he=True), linear(W, B, he=True)
        self.itc = nn.ModuleList(linear(n, ITC, he=True) for n in (W, B))
        self.cea = nn.ModuleList(linear(n, CEA, he=True) for n in (W, AB, B))
        self.inhibition, self.readout = linear(ITC, CEA), linear(CEA, 2)
        nn.init.constant_(self.inhibition.bias, -2)
        nn.init.zeros_(self.readout.weight)
        self.register_buffer("exists", (torch.rand(CEA, W) < 0.1).float())

    def looks(self, x, summary):
        p = self.reduced(x)
        q, k = self.query(summary).view(-1, H, 1, K), self.key(p).view(-1, T, H, K).transpose(1, 2)
        return F.scaled_dot_product_attention(q, k, p.unsqueeze(1).expand(-1, H, -1, -1)).reshape(-1, H * P)

    def forward(self, x, summary):
        looks = self.looks(x, summary)
        la = F.relu(self.whole(summary) + self.gate * self.found(looks))
        ab, b = F.relu(self.ab(la)), F.relu(self.b(la))
        itc = F.relu(self.itc[0](la) + self.itc[1](b))
        direct = F.linear(la, self.cea[0].weight * self.exists, self.cea[0].bias)
        arriving = direct + self.cea[1](ab) + self.cea[2](b)
        return self.readout(F.relu(arriving * (1 - torch.sigmoid(self.inhibition(itc)))))


class Reordered(Vca):
    """The same function with the products in our order: the query is taken to the tokens' channels."""

    def looks(self, x, summary):
        q, keys = self.query(summary).view(-1, H, K), self.key.weight.view(H, K, P)
        wanted = torch.einsum("bhk,hkp->bhp", q, keys) @ self.reduced.weight
        weights = torch.softmax(wanted @ x.transpose(1, 2) / K**0.5, -1)
        return ((weights @ x) @ self.reduced.weight.T + self.reduced.bias).flatten(1)


Circuit = {"attention": Attention, "vca": Vca, "vca-reordered": Reordered}[sys.argv[5]]
predictions = torch.zeros(S, 2)
start, processor = time.perf_counter(), time.process_time()
for fold in range(int(folds.max()) + 1):
    seen = folds != fold
    center, scale = ratings[seen].mean(0), ratings[seen].std(0)
    flat = tokens[seen].view(-1, D)
    x = (tokens - flat.mean(0)) / flat.std(0)
    summary = torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1)
    summary = (summary - summary[seen].mean(0)) / summary[seen].std(0)
    y = (ratings - center) / scale
    model = Circuit()
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}], betas=(0.9, 0.99)
    )
    t = 0
    for order in orders.long():
        for rows in order.split(batch):
            rows = rows[seen[rows]]
            for group in optimizer.param_groups:
                group["lr"] = float(rates[t])
            loss = F.mse_loss(model(x[rows], summary[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            t += 1
    with torch.inference_mode():
        predictions[~seen] = model(x[~seen], summary[~seen]) * scale + center
print(time.perf_counter() - start, time.process_time() - processor)
np.save(f"{folder}/predictions.npy", predictions.numpy())
