/** @file From a study to its steps: encoders x circuits x splits, then everything that reads their results. */
import { packageVersion, readBytes, sha256 } from "#files";
import { attends, type Circuit } from "../circuits/circuit.ts";
import { loadCircuit } from "../circuits/load.ts";
import { openEncoder } from "../encoders/encoder.ts";
import { fitConfig } from "./fit-config.ts";
import { readStimuli } from "./prepare.ts";
import type { Reporter } from "./reporter.ts";
import { folderName } from "./run-folder.ts";
import { type Json, makeStep, type Step } from "./step.ts";
import type { Analysis, Study } from "./study-file.ts";

/** Circuits are hashed as they are at this width; how they follow from it is the program's version. */
const ANY_WIDTH = 64;

/** A digest of everything that a picture set says. @throws DataError when the set cannot be read. */
async function digestOfStimuli(spec: string, scale: string | undefined, reporter: Reporter): Promise<string> {
  const { ids, files, ratings, columns } = await readStimuli(spec, scale, reporter);
  const digests: string[] = [];
  for (const file of files) digests.push(sha256(await readBytes(file)));
  return sha256(JSON.stringify({ ids, digests, ratings: [...ratings.data], columns }));
}

/** What an analysis is told. */
function optionsOf(kind: Analysis, { seed, lesions }: Study): Json {
  if (kind === "attention") return {}; // nothing in it is drawn
  return kind === "lesions" ? { seed, ...lesions } : { seed };
}

/** The circuit without anatomy against which a circuit's geometry is judged: the first serial one, in the same mode. */
function serialControl({ circuits }: Study, circuit: string): string | undefined {
  const mode = (name: string) => name.endsWith("-pooled");
  if (circuit.startsWith("serial-")) return undefined;
  return circuits.find((name) => name.startsWith("serial-") && mode(name) === mode(circuit));
}

/** The steps found so far, each once. */
class Steps {
  readonly all: Step[] = [];
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  /** The step, made or found. */
  add(step: Parameters<typeof makeStep>[0], depends: Json): Step {
    const made = makeStep(step, { version: this.#version, depends });
    const found = this.all.find(({ hash }) => hash === made.hash);
    if (!found) this.all.push(made);
    return found ?? made;
  }
}

/** What a study names, looked up. */
interface Named {
  /** By name, at `ANY_WIDTH`. */
  readonly circuits: ReadonlyMap<string, Circuit>;
  /** Ids by name. */
  readonly encoders: ReadonlyMap<string, string>;
  readonly pictures: string;
  /** Digests of the sets to test on. */
  readonly tests: ReadonlyMap<string, string>;
}

async function lookUp(study: Study, reporter: Reporter): Promise<Named> {
  const circuits = new Map<string, Circuit>(); // names are checked before pictures are read
  for (const circuit of study.circuits) circuits.set(circuit, await loadCircuit(circuit, ANY_WIDTH));
  const encoders = new Map<string, string>();
  for (const encoder of study.encoders) encoders.set(encoder, (await openEncoder(encoder, { reporter })).id);
  const pictures = await digestOfStimuli(study.stimuli, study.scale, reporter);
  const tests = new Map<string, string>();
  for (const spec of study.test) tests.set(spec, await digestOfStimuli(spec, undefined, reporter));
  return { circuits, encoders, pictures, tests };
}

/** Adds a fit, and the features that it sees where no fit before it sees the same. */
type Fit = (
  circuit: string,
  design: { what: string; name: string; options: Readonly<Record<string, Json>> },
) => Step;

function fitsOn(encoder: string, study: Study, { circuits, encoders, pictures }: Named, steps: Steps): Fit {
  const { stimuli, scale, group, seeds, seed } = study;
  const shortEncoder = folderName(encoder);
  const features = new Map<string, Step>(); // by what makes tokens alike
  return (circuit, { what, name, options }) => {
    const loaded = circuits.get(circuit)!;
    const labels = { encoder: shortEncoder, circuit: folderName(circuit), design: name };
    const common = { stimuli, scale, encoder, circuit, group, seeds, seed };
    const config = fitConfig({ ...common, ...study.fit, ...options });
    const alike = `${loaded.visual} ${config.recipe}`;
    const seen =
      features.get(alike) ??
      steps.add(
        {
          kind: "features",
          name: `features of ${shortEncoder}, ${loaded.visual}`,
          labels: { encoder: shortEncoder },
          options: config,
          inputs: [],
        },
        { pictures, encoder: encoders.get(encoder)! },
      );
    features.set(alike, seen);
    return steps.add(
      {
        kind: "fit",
        name: `fit ${labels.circuit} on ${shortEncoder}, ${what}`,
        labels,
        options: config,
        inputs: [seen],
      },
      { pictures, encoder: encoders.get(encoder)!, circuit: JSON.stringify(loaded) },
    );
  };
}

/** The two fits on two halves of the pictures that analyses read. */
interface Halves {
  readonly run: Step;
  readonly shuffled: Step | undefined;
}

function fitHalves(fit: Fit, circuit: string, { shuffledRatings }: Study): Halves {
  const half = { folds: 2, split: "halves" };
  const run = fit(circuit, { what: "two halves", name: "halves", options: half });
  const shuffled = {
    what: "two halves, shuffled ratings",
    name: "shuffled",
    options: { ...half, shuffleRatings: true },
  };
  return { run, shuffled: shuffledRatings ? fit(circuit, shuffled) : undefined };
}

/** Adds the analyses of a circuit's halves, beside their controls. */
function addAnalyses(
  circuit: string,
  halves: ReadonlyMap<string, Halves>,
  study: Study,
  { circuits }: Named,
  steps: Steps,
) {
  const { run, shuffled } = halves.get(circuit)!;
  const serial = serialControl(study, circuit);
  const controls = { units: shuffled, geometry: serial && halves.get(serial)?.run };
  for (const kind of study.analyses) {
    if (kind === "attention" && !attends(circuits.get(circuit)!)) continue;
    const control = kind === "units" || kind === "geometry" ? controls[kind] : undefined;
    steps.add(
      {
        kind,
        name: `${kind} of ${run.labels.circuit} on ${run.labels.encoder}`,
        labels: run.labels,
        options: optionsOf(kind, study),
        inputs: control ? [run, control] : [run],
      },
      null,
    );
  }
}

/**
 * All steps of a study, each after those that it reads.
 * @throws ConfigError, DataError when an encoder, a circuit or a set is not there.
 */
export async function planStudy(study: Study, reporter: Reporter): Promise<Step[]> {
  const { folds } = study;
  const named = await lookUp(study, reporter);
  const steps = new Steps(await packageVersion());
  for (const encoder of study.encoders) {
    const fit = fitsOn(encoder, study, named, steps);
    const halves = new Map<string, Halves>();
    for (const circuit of study.circuits) {
      for (const split of study.splits) {
        const what = `${folds} ${split} folds`;
        const run = fit(circuit, { what, name: split, options: { folds, split } });
        for (const [spec, digest] of named.tests) {
          const name = `test ${run.labels.circuit} on ${run.labels.encoder} with ${spec}`;
          const labels = { ...run.labels, set: spec };
          steps.add({ kind: "test", name, labels, options: { stimuli: spec }, inputs: [run] }, { digest });
        }
      }
      if (study.analyses.length > 0) halves.set(circuit, fitHalves(fit, circuit, study));
    }
    for (const circuit of halves.keys()) addAnalyses(circuit, halves, study, named, steps);
  }
  return steps.all;
}
