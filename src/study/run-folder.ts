/**
 * @file A run's folder: where everything lies, and how it is written and read. Plain files (YAML, CSV,
 * .npy, safetensors, ONNX) that R, Python and MATLAB open without us; `docs/formats.md` describes each.
 */
import {
  exists,
  isFolder,
  LOCK_FILE,
  listFolder,
  lockFolder,
  packageVersion,
  readBytes,
  readText,
  removeFile,
  removeTemporaryFiles,
  writeFileAtomic,
} from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import type { NdArray } from "../core/array.ts";
import { parseCsv, type Table, writeCsv } from "../core/csv.ts";
import { decodeNpy, encodeNpy } from "../core/npy.ts";
import { fileName } from "../core/paths.ts";
import { decodeSafetensors, encodeSafetensors, type Tensors } from "../core/safetensors.ts";
import type { Tap } from "../encoders/taps.ts";
import type { TokenShape } from "../encoders/tokens.ts";
import { VcaError } from "../errors.ts";
import { splitScale } from "../stimuli/scale.ts";
import type { Recipe } from "../training/recipe.ts";
import type { TrainedOn } from "./final-model.ts";
import { type FitConfig, readFitConfig, writeFitConfig } from "./fit-config.ts";
import { mainRun } from "./step.ts";

/** A cell of a table; undefined is an empty one. */
export type Cell = string | number | undefined;

/** What a finished run was made of. */
export interface Manifest {
  readonly vca: string;
  readonly node: string;
  readonly encoder: { readonly name: string; readonly sha256: string; readonly taps: readonly Tap[] };
  readonly tokens: TokenShape;
  readonly stimuli: TrainedOn & { readonly citation: string; readonly redistribute: boolean };
  readonly seeds: readonly number[];
  readonly circuit: Circuit;
  readonly recipe: Recipe;
  /** The file that an imported run's parameters come from. */
  readonly weights?: { readonly file: string; readonly sha256: string };
  /** ISO 8601. */
  readonly finished: string;
  readonly seconds: number;
}

/** A finished run, opened. */
export interface Run {
  readonly folder: RunFolder;
  readonly config: FitConfig;
  readonly manifest: Manifest;
}

/** The files of one run. */
export class RunFolder {
  readonly path: string;
  readonly #model: string;
  #unlock: () => Promise<void> = async () => {};

  /** @param names of encoder and circuit, which name the models' folder */
  constructor(path: string, { encoder, circuit }: { encoder: string; circuit: string }) {
    this.path = path;
    this.#model = `${path}/models/${folderName(encoder)}/${folderName(circuit)}`;
  }

  /**
   * The folder for a fit: empty, or one in which the same fit was begun; nobody else's until `end` is called.
   * Nothing is written yet, so a mistake in the command can be mended.
   * @throws ConfigError when it holds another run or other files; StorageError when another process works in it.
   */
  static async begin(path: string, config: FitConfig): Promise<RunFolder> {
    const folder = new RunFolder(path, config);
    folder.#unlock = await lockFolder(path);
    try {
      await folder.#check(config);
      return folder;
    } catch (error) {
      await folder.end();
      throw error;
    }
  }

  /** Lets others work in the folder. */
  async end(): Promise<void> {
    await this.#unlock();
  }

  async #check(config: FitConfig): Promise<void> {
    const { path } = this;
    const refuse = (got: string) =>
      new VcaError(
        "ConfigError",
        `${path}: an empty folder or this fit's own was expected, got ${got}. Choose another --out.`,
      );
    const file = `${path}/fit.yaml`;
    const before = (await exists(file)) ? readFitConfig(await readText(file), file) : undefined;
    const differs = before && firstDifference(before, config);
    if (differs) throw refuse(`a run with ${differs}`);
    await removeTemporaryFiles(path);
    const others = before ? [] : (await listFolder(path)).filter((name) => name !== LOCK_FILE);
    if (others.length > 0) throw refuse(`one with ${others[0]}`);
  }

  /** A finished fit, or the first of a study. @throws DataError when there is none; UnsupportedError for one of a newer version. */
  static async open(given: string): Promise<Run> {
    const path = await mainRun(given);
    const [file, manifest] = [`${path}/fit.yaml`, `${path}/manifest.json`];
    if (!(await exists(file)) || !(await exists(manifest))) {
      throw new VcaError(
        "DataError",
        `${path}: a finished run's folder was expected, got none. Make or finish one with \`vca fit --out ${path}\`.`,
      );
    }
    const made = JSON.parse(await readText(manifest)) as Manifest;
    const version = await packageVersion();
    if (made.vca.localeCompare(version, "en", { numeric: true }) > 0)
      throw new VcaError(
        "UnsupportedError",
        `${path}: a run of vca ${version} or older was expected, got one of vca ${made.vca}. Install the newer version.`,
      );
    const config = readFitConfig(await readText(file), file);
    return { folder: new RunFolder(path, config), config, manifest: made };
  }

  /** The final model's file. */
  get finalModel(): string {
    return `${this.#model}/final.onnx`;
  }

  parametersFile(replica: string, epoch: number): string {
    return `${this.#model}/${replica}/epoch-${epoch}.safetensors`;
  }

  activationsFile(replica: string, nucleus: string, epoch: number): string {
    return `${this.path}/activations/${replica}/${nucleus}/epoch-${epoch}.npy`;
  }

  checkpointFile(group: string): string {
    return `${this.path}/checkpoints/${group}.safetensors`;
  }

  /** Removes what interrupted groups left, once all are complete. */
  async removeCheckpoints(): Promise<void> {
    const checkpoints = `${this.path}/checkpoints`;
    if (!(await isFolder(checkpoints))) return;
    for (const name of await listFolder(checkpoints)) await removeFile(`${checkpoints}/${name}`);
  }

  /** Writes `fit.yaml`, the mark of a begun fit. */
  async writeConfig(config: FitConfig): Promise<void> {
    await writeFileAtomic(`${this.path}/fit.yaml`, writeFitConfig(config));
  }

  /**
   * Writes what a run rests on, once; a run that goes on must rest on the same.
   * @throws DataError when it has changed since the run began
   */
  async pin(name: string, text: string, what: string): Promise<void> {
    const file = `${this.path}/${name}`;
    if (!(await exists(file))) return writeFileAtomic(file, text);
    if ((await readText(file)) === text) return;
    throw new VcaError(
      "DataError",
      `${file}: the ${what} with which the run began were expected, got others. Put them back, or choose another --out.`,
    );
  }

  /** Writes `manifest.json`, the mark of a finished fit. */
  async finish(manifest: Omit<Manifest, "finished" | "seconds">, seconds: number): Promise<void> {
    const whole: Manifest = { ...manifest, finished: new Date().toISOString(), seconds };
    await this.writeJson("manifest.json", whole);
  }

  async writeTable(
    name: string,
    header: readonly string[],
    rows: readonly (readonly Cell[])[],
  ): Promise<void> {
    await writeTable(`${this.path}/${name}`, header, rows);
  }

  async readTable(name: string): Promise<Table> {
    return parseCsv(await readBytes(`${this.path}/${name}`), name);
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(`${this.path}/${name}`, `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** Where the tables of an analysis lie: in the run, those of an independent set in a folder of the set's name, as `vca test` has it. */
export function tablesFolder(
  run: string,
  { stimuli, out }: { stimuli?: string | undefined; out?: string | undefined },
): string {
  if (out !== undefined) return out;
  return stimuli === undefined
    ? run
    : `${run}/tests/${fileName(splitScale(stimuli).set)
        .replace(/^.*:/, "")
        .replace(/\.csv$/i, "")}`;
}

/** Writes a table. */
export async function writeTable(
  file: string,
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  await writeFileAtomic(file, writeCsv(header, rows));
}

/** Reads a float32 .npy file. @throws DataError */
export async function readArray(path: string): Promise<NdArray> {
  return decodeNpy(await readBytes(path), path) as NdArray;
}

/** Writes an .npy file. */
export async function writeArray(path: string, array: NdArray): Promise<void> {
  await writeFileAtomic(path, encodeNpy(array));
}

/** Reads a .safetensors file. @throws CheckpointError */
export async function readTensors(path: string): Promise<Tensors> {
  return decodeSafetensors(await readBytes(path), path);
}

/** Writes a .safetensors file. */
export async function writeTensors(path: string, tensors: Tensors): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors));
}

/** The last part of a path without its extension: a folder's name for an encoder or a circuit. */
export function folderName(nameOrPath: string): string {
  return fileName(nameOrPath).replace(/\.(onnx|ya?ml)$/, "");
}

function firstDifference(before: FitConfig, now: FitConfig): string | undefined {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])] as (keyof FitConfig)[];
  const key = keys.find((name) => before[name] !== now[name]);
  return key && `${key} ${before[key] ?? "unset"} where this has ${now[key] ?? "none"}`;
}
