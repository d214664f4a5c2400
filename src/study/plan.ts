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

/**
 * All steps of a study, each after those that it reads.
 * @throws ConfigError, DataError when an encoder, a circuit or a set is not there.
 */
export async function planStudy(study: Study, reporter: Reporter): Promise<Step[]> {
  const version = await packageVersion();
  const { stimuli, scale, group, seeds, seed, folds } = study;
  const circuits = new Map<string, Circuit>(); // names are checked before pictures are read
  for (const circuit of study.circuits) circuits.set(circuit, await loadCircuit(circuit, ANY_WIDTH));
  const encoders = new Map<string, string>();
  for (const encoder of study.encoders) encoders.set(encoder, (await openEncoder(encoder, { reporter })).id);
  const pictures = await digestOfStimuli(stimuli, scale, reporter);
  const tests = new Map<string, string>();
  for (const spec of study.test) tests.set(spec, await digestOfStimuli(spec, undefined, reporter));
  const steps: Step[] = [];
  const features = new Map<string, Step>();
  const add = (step: Parameters<typeof makeStep>[0], depends: Json): Step => {
    const made = makeStep(step, { version, depends });
    if (!steps.some(({ hash }) => hash === made.hash)) steps.push(made);
    return made;
  };

  for (const [encoder, id] of encoders) {
    const shortEncoder = folderName(encoder);
    const halves = new Map<string, { run: Step; shuffled: Step | undefined; attending: boolean }>();
    for (const [circuit, loaded] of circuits) {
      const depends: Json = { pictures, encoder: id, circuit: JSON.stringify(loaded) };
      const labels = { encoder: shortEncoder, circuit: folderName(circuit) };
      const fit = (what: string, design: string, options: Readonly<Record<string, Json>>) => {
        const common = { stimuli, scale, encoder, circuit, group, seeds, seed };
        const config = fitConfig({ ...common, ...study.fit, ...options });
        const key = `${encoder} ${loaded.visual} ${config.recipe}`; // fits alike in these see the same tokens
        const seen =
          features.get(key) ??
          add(
            {
              kind: "features",
              name: `features of ${shortEncoder}, ${loaded.visual}`,
              labels: { encoder: shortEncoder },
              options: config,
              inputs: [],
            },
            { pictures, encoder: id },
          );
        features.set(key, seen);
        return add(
          {
            kind: "fit",
            name: `fit ${labels.circuit} on ${shortEncoder}, ${what}`,
            labels: { ...labels, design },
            options: config,
            inputs: [seen],
          },
          depends,
        );
      };
      for (const split of study.splits) {
        const run = fit(`${folds} ${split} folds`, split, { folds, split });
        for (const [spec, digest] of tests) {
          add(
            {
              kind: "test",
              name: `test ${labels.circuit} on ${shortEncoder} with ${spec}`,
              labels: { ...labels, design: split, set: spec },
              options: { stimuli: spec },
              inputs: [run],
            },
            { digest },
          );
        }
      }
      if (study.analyses.length === 0) continue;
      const half = { folds: 2, split: "halves" };
      halves.set(circuit, {
        run: fit("two halves", "halves", half),
        shuffled: study.shuffledRatings
          ? fit("two halves, shuffled ratings", "shuffled", { ...half, shuffleRatings: true })
          : undefined,
        attending: attends(loaded),
      });
    }
    for (const [circuit, { run, shuffled, attending }] of halves) {
      const serial = serialControl(study, circuit);
      const controls = { units: shuffled, geometry: serial && halves.get(serial)?.run };
      for (const kind of study.analyses) {
        if (kind === "attention" && !attending) continue;
        const control = kind === "units" || kind === "geometry" ? controls[kind] : undefined;
        add(
          {
            kind,
            name: `${kind} of ${run.labels.circuit} on ${shortEncoder}`,
            labels: run.labels,
            options: optionsOf(kind, study),
            inputs: control ? [run, control] : [run],
          },
          null,
        );
      }
    }
  }
  return steps;
}
