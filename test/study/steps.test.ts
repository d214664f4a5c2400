/** @file Steps of a study: what names them, in which order they run, what a failure takes with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executor, executeSteps } from "../../src/study/executor.ts";
import { canonicalJson, findStep, makeStep, type Step, writePlan } from "../../src/study/step.ts";
import { STUDY_EXAMPLE } from "../../src/study/study-example.ts";
import { parseStudy } from "../../src/study/study-file.ts";

const plain = { kind: "fit", name: "a fit", labels: {}, options: { seed: 0 }, inputs: [] } as const;
const made = (changes: Partial<Parameters<typeof makeStep>[0]> = {}, depends = "pictures", version = "1") =>
  makeStep({ ...plain, ...changes }, { version, depends });

describe("a step's hash", () => {
  it("is that of its data, whatever the order of keys, its name and its labels", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
    const { hash } = made({ options: { a: 1, b: 2 } });
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(made({ options: { b: 2, a: 1 }, name: "other", labels: { circuit: "vca" } }).hash).toBe(hash);
  });

  it("changes with its kind, options, inputs, files and the program's version", () => {
    const others = [
      made({ kind: "test" }),
      made({ options: { seed: 1 } }),
      made({ inputs: [made()] }),
      made({}, "other pictures"),
      made({}, "pictures", "2"),
    ];
    expect(new Set([made(), ...others].map(({ hash }) => hash)).size).toBe(6);
  });
});

describe("a plan", () => {
  let folder = "";
  const [a, b] = [made(), made({ options: { seed: 1 } })];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vca-plan-"));
    await writePlan(folder, [a, b]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("gives a step by the first digits of its hash", async () => {
    expect((await findStep(folder, b.hash.slice(0, 9))).step).toEqual(b);
  });

  it("says what is missing", async () => {
    await expect(findStep(folder, "")).rejects.toThrow(
      "step: one step was expected, got 2 whose hash begins with . Write more digits.",
    );
    await expect(findStep(folder, "xyz")).rejects.toThrow('step: unknown step "xyz". Did you mean');
    await expect(findStep(join(folder, "no"), a.hash)).rejects.toThrow(
      `${folder}/no/plan.json: a study's plan was expected, got no file. Make it with \`vca run study.yaml --out ${folder}/no --dry-run\`.`,
    );
  });
});

describe("execution", () => {
  /** Steps by name, each reading those named after it. */
  function stepsOf(graph: Readonly<Record<string, readonly string[]>>): Step[] {
    const byName = new Map<string, Step>();
    for (const [name, inputs] of Object.entries(graph)) {
      byName.set(name, made({ name, options: { name }, inputs: inputs.map((input) => byName.get(input)!) }));
    }
    return [...byName.values()];
  }

  async function execute(
    steps: readonly Step[],
    {
      places = 2,
      broken = [] as string[],
      done = [] as string[],
      signal = undefined as AbortSignal | undefined,
    },
  ) {
    const order: string[] = [];
    let [now, most] = [0, 0];
    const executor: Executor = {
      places,
      run: async ({ name }, _, onProgress) => {
        order.push(name);
        most = Math.max(most, ++now);
        onProgress("training", 3, 8);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        if (broken.includes(name)) throw new Error(`${name} broke`);
      },
    };
    const isDone = async ({ name }: Step) => done.includes(name);
    const said: string[] = [];
    const told = { onChange: () => {}, onProgress: (now: string) => said.push(now) };
    const outcomes = await executeSteps({ steps, executor, isDone, signal, ...told });
    return { order, most, said, failures: outcomes.map(({ step, failure }) => [step.name, failure]) };
  }

  const graph = { a: [], b: ["a"], c: ["a"], d: ["b", "c"], e: [], f: ["e"] };

  it("runs each step once, after those that it reads, as many at once as there are places", async () => {
    const { order, most, failures } = await execute(stepsOf(graph), {});
    expect(order.toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
    for (const [name, inputs] of Object.entries(graph)) {
      for (const input of inputs) expect(order.indexOf(input)).toBeLessThan(order.indexOf(name));
    }
    expect([most, failures]).toEqual([2, []]);
    expect((await execute(stepsOf(graph), { places: 1 })).most).toBe(1);
  });

  it("leaves what is done, and gives up only what reads a failed step", async () => {
    expect((await execute(stepsOf(graph), { done: ["a", "e"] })).order.toSorted()).toEqual([
      "b",
      "c",
      "d",
      "f",
    ]);
    expect(await execute(stepsOf(graph), { broken: ["b"] })).toMatchObject({
      failures: [
        ["b", "b broke"],
        ["d", "not begun, because b failed"],
      ],
    });
  });

  it("does not begin steps that wait for one another, and names them", async () => {
    const [a, b, c] = stepsOf({ a: [], b: ["a"], c: ["b"] }) as [Step, Step, Step];
    const { order, failures } = await execute([{ ...a, inputs: [b.hash] }, b, c], {});
    expect(order).toEqual([]);
    expect(failures).toEqual([
      ["a", "not begun, because it waits for itself: a -> b -> a"],
      ["b", "not begun, because it waits for itself: b -> a -> b"],
      ["c", "not begun, because it waits for a step that waits for itself: b -> a -> b"],
    ]);
  });

  it("says what the running steps do, and nothing of those that ended", async () => {
    const { said } = await execute(stepsOf({ a: [], b: [], c: ["a"] }), {});
    expect(said).toEqual([
      "a",
      "a: training 37 %",
      "a: training 37 %; b",
      "a: training 37 %; b: training 37 %",
      expect.stringMatching(/c$/),
      expect.stringMatching(/c: training 37 %$/),
    ]);
    expect(said.at(-1)).not.toContain("a:");
  });

  it("stops when it is interrupted", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(execute(stepsOf(graph), { signal })).rejects.toThrow("stop");
  });
});

describe("study.yaml", () => {
  it("has every default, and the example is a study", () => {
    expect(parseStudy("stimuli: emoji", "s.yaml")).toMatchObject({
      encoders: ["efficientnet-lite0"],
      circuits: ["vca"],
      splits: ["random"],
      folds: 10,
      seeds: 3,
      analyses: ["units", "geometry", "lesions", "attention"],
    });
    expect(parseStudy(STUDY_EXAMPLE, "example")).toMatchObject({ circuits: ["vca", "serial-linear"] });
  });

  it("names the nearest key, at its line", () => {
    expect(() => parseStudy("stimuli: emoji\ncircuit: vca", "s.yaml")).toThrow(
      's.yaml line 2: study: unknown key "circuit". Did you mean "circuits"? Choices: stimuli, scale, encoders, circuits, splits, group, folds, seeds, seed, fit, test, analyses, lesions, shuffledRatings, report.',
    );
    expect(() => parseStudy("stimuli: emoji\nlesions:\n  drawz: 3", "s.yaml")).toThrow(
      's.yaml line 3: lesions: unknown key "drawz". Did you mean "draws"? Choices: draws, amplify.',
    );
  });

  it.each([
    ["circuits: [vca]", "line 1: study: stimuli: Invalid input: expected string, received undefined"],
    ["stimuli: emoji\nfolds: 1", "line 2: folds: Too small: expected number to be >=2"],
    [
      "stimuli: emoji\nsplits:\n  - grouped",
      'line 3: splits.0: a group was expected beside "grouped", got none',
    ],
    [
      "stimuli: [",
      "line 1: study: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ])("names the line: %s", (text, message) => {
    expect(() => parseStudy(text, "s.yaml")).toThrow(
      `s.yaml ${message}. \`vca run --init\` writes a commented study.`,
    );
  });
});
