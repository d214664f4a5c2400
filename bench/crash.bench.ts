/**
 * @file kill -9 at random moments of `vca features`, `vca fit` and `vca export`, then the same command: every file
 * must equal that of a run that was never killed, byte for byte (times in the manifest excepted), and no temporary
 * file or lock may be left. Every fifth of the emoji, small networks. Prints a table; ends with 1 when something differs.
 *
 * Run, after `npm run build`: `nice npx tsx --conditions=source bench/crash.bench.ts [KILLS] [COMMAND] [SEED]`
 * (50 by default, of each command; SEED draws the moments, so that a part can be added to another)
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "#files";
import { row } from "../src/core/array.ts";
import { writeCsv } from "../src/core/csv.ts";
import { Random } from "../src/core/random.ts";
import { openStimuli } from "../src/stimuli/set.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const [kills = "50", only, seed = "20251020"] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "vca-crash-"));
const random = Random.seeded(Number(seed));

/** A command, what it writes into `at`, and the cache it uses. */
interface Command {
  readonly name: string;
  readonly words: (at: string) => readonly string[];
  readonly cache: (at: string) => string;
}

const shared = join(folder, "cache");
const run = join(folder, "run");
const emoji = await openStimuli("emoji");
const some = [...emoji.ids.keys()].filter((s) => s % 5 === 0);
const rows = some.map((s) => [emoji.ids[s]!, emoji.files[s]!, ...row(emoji.ratings, s).data]);
await writeFile(join(folder, "some.csv"), writeCsv(["id", "file", "valence", "arousal"], rows));
const STIMULI = [`table:${join(folder, "some.csv")}`, "--scale", `${emoji.scale.lo}-${emoji.scale.hi}`];
const FIT = ["fit", ...STIMULI, "--circuit", "anatomical-linear", "--grid", "1", "--epochs", "2"];
const COMMANDS: readonly Command[] = [
  {
    name: "features",
    words: () => ["features", ...STIMULI, "--grid", "2"],
    cache: (at) => at,
  },
  {
    name: "fit",
    words: (at) => [...FIT, "--folds", "2", "--seeds", "1", "--out", at],
    cache: () => shared,
  },
  {
    name: "export",
    words: (at) => ["export", run, "--gains", "--out", join(at, "model.onnx")],
    cache: () => shared,
  },
];

/** Runs a command, and kills it after so many milliseconds. Whether it was killed, and how long it ran. */
async function vca({ words, cache }: Command, at: string, killAfter?: number) {
  const started = performance.now();
  const child = spawn(process.execPath, ["bin/vca.js", ...words(at), "--quiet", "--threads", "1"], {
    cwd: ROOT,
    env: { ...process.env, VCA_CACHE: cache(at) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (...end) => resolve(end)),
  );
  clearTimeout(timer);
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`vca ${words(at).join(" ")} ended with ${code}`);
  return { killed: signal === "SIGKILL", milliseconds: performance.now() - started };
}

/** The sha256 of every file below a folder. */
async function contents(at: string): Promise<Map<string, string>> {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      files.sort().map(async (file): Promise<[string, string]> => {
        const bytes = await readFile(file);
        const timeless = file.endsWith("manifest.json") ? withoutTimes(bytes.toString()) : bytes;
        return [file.slice(at.length), sha256(timeless)];
      }),
    ),
  );
}

const withoutTimes = (text: string) => JSON.stringify({ ...JSON.parse(text), finished: "", seconds: 0 });

const isLeft = (name: string) => /\.(tmp|lock)$/.test(name);
const startup = (await vca({ ...COMMANDS[0]!, words: () => ["data", "list"] }, folder)).milliseconds;
await vca(COMMANDS[1]!, run);

/** What is known of a command: its files when it is not killed, and what kills did to them. */
const tallies = [];
for (const command of COMMANDS.filter(({ name }) => !only || name === only)) {
  const whole = join(folder, `${command.name}-whole`);
  const { milliseconds } = await vca(command, whole);
  const counts = { kills: 0, unfinished: 0, differing: 0, left: 0 };
  tallies.push({ command, milliseconds, counts, expected: await contents(whole) });
}
for (let round = 1; round <= Number(kills); round++) {
  for (const { command, milliseconds, counts, expected } of tallies) {
    const at = join(folder, command.name);
    const differs = (name: string, found: Map<string, string>) => found.get(name) !== expected.get(name);
    for (;;) {
      await rm(at, { recursive: true, force: true });
      const moment = startup / 2 + random.uniform() * (milliseconds - startup / 2);
      if ((await vca(command, at, moment)).killed) break; // else it had finished before
    }
    counts.kills++;
    const before = await contents(at).catch(() => new Map<string, string>());
    if ([...expected.keys()].some((name) => differs(name, before))) counts.unfinished++;
    await vca(command, at);
    const found = await contents(at);
    const left = [...found.keys()].filter(isLeft);
    const names = [...new Set([...expected.keys(), ...found.keys()])].filter((name) => !isLeft(name));
    const differing = names.filter((name) => differs(name, found));
    counts.left += left.length;
    counts.differing += differing.length;
    if (left.length + differing.length > 0) console.error(command.name, round, { left, differing });
  }
  console.error(`${round}: ${JSON.stringify(tallies.map(({ counts }) => counts))}`);
}
const results = tallies.map(({ command, milliseconds, expected, counts }) => ({
  command: command.name,
  seconds: Number((milliseconds / 1000).toFixed(1)),
  files: expected.size,
  ...counts,
}));
await rm(folder, { recursive: true });
console.table(results);
process.exitCode = results.some(({ differing, left }) => differing + left > 0) ? 1 : 0;
