/** @file Whole training steps, loss to updated parameters, equal PyTorch's. */
import { describe, expect, it } from "vitest";
import { openSession } from "#engine";
import type { Data, NdArray } from "../../src/core/array.ts";
import { gradients } from "../../src/graph/backward.ts";
import { sum } from "../../src/graph/build.ts";
import { emitOnnx } from "../../src/graph/emit.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import fixture from "../fixtures/circuits/steps.json" with { type: "json" };
import { hashed, STEP_CASES, type StepCase, stepFeeds, stepOf } from "../support/step-cases.ts";

interface Summary {
  readonly max: number;
  readonly at: readonly number[];
  readonly dot: number;
}

/** A case of the fixture: what it was made for, and PyTorch's results. */
type Expected = StepCase & {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly updated: Readonly<Record<string, Summary>>;
};

const CASES = fixture.cases as unknown as readonly Expected[];

/** The step's losses, gradients (as `gradient/<parameter>`) and updated parameters, from the engine. */
async function runStep(stepCase: StepCase): Promise<Record<string, NdArray<Data>>> {
  const step = stepOf(stepCase);
  const feeds = stepFeeds(stepCase, step);
  const { graph } = step;
  const trained = step.parameters.filter((parameter) => parameter.trained).map(({ name }) => name);
  const values = trained.map(
    (name) => graph.nodes.find((node) => node.kind === "parameter" && node.name === name)!.outputs[0]!,
  );
  const total = sum(graph.outputs.get("losses")!, [0], false);
  gradients(total, values).forEach((gradient, i) => {
    graph.output(`gradient/${trained[i]}`, gradient);
  });
  const session = await openSession(encodeOnnx(emitOnnx(graph)), { threads: 2 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/**
 * Largest difference of the sampled elements as a share of the tensor's maximum, and of one sum over all
 * elements as a share of what differences of that size can add up to by chance.
 */
function difference(name: string, { data }: NdArray<Data>, { max, at, dot }: Summary, scale: number): number {
  let largest = 0;
  at.forEach((value, k) => {
    const got = Number(data[Math.floor((k * data.length) / at.length)]);
    largest = Math.max(largest, Math.abs(got - value));
  });
  const weights = hashed(`${name}:dot`, data.length);
  const total = weights.reduce((all, weight, i) => all + weight * Number(data[i]), 0);
  return Math.max(largest, Math.abs(total - dot) / Math.sqrt(data.length)) / Math.max(max, scale);
}

describe.each(STEP_CASES)("a step of $name", (stepCase) => {
  const expected = CASES.find(({ name }) => name === stepCase.name);

  it("has the fixture of today's circuit and recipe", () => {
    expect(expected, "run scripts/fixtures/circuits.py").toMatchObject(JSON.parse(JSON.stringify(stepCase)));
  });

  it("has PyTorch's losses, gradients and updated parameters", async () => {
    const got = await runStep(stepCase);
    const worst = { losses: 0, gradients: 0, updated: 0 };
    expected!.losses.forEach((loss, r) => {
      worst.losses = Math.max(worst.losses, Math.abs(Number(got.losses!.data[r]) - loss) / loss);
    });
    const found = Object.entries(expected!.gradients);
    expect(found.length).toBeGreaterThan(9);
    const largest = Math.max(...found.map(([, { max }]) => max));
    for (const [name, summary] of found) {
      // Attention over one key, and a bias of all keys, change nothing: their gradients are zero but for
      // rounding, in PyTorch too, and are measured by the largest gradient of the step.
      const scale = summary.max < 1e-12 * largest ? largest : 0;
      const off = difference(name, got[`gradient/${name}`]!, summary, scale);
      expect(off, `gradient of ${name}`).toBeLessThan(1e-5);
      worst.gradients = Math.max(worst.gradients, off);
    }
    for (const [name, summary] of Object.entries(expected!.updated)) {
      const off = difference(name, got[`next/${name}`]!, summary, 0);
      expect(off, `updated ${name}`).toBeLessThan(1e-5);
      worst.updated = Math.max(worst.updated, off);
    }
    expect(worst.losses).toBeLessThan(1e-5);
    if (process.env.VCA_TEST_DIFFERENCES) console.log(stepCase.name, worst);
  });
});
