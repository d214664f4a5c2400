/**
 * @file Power of a study: for each number of participants and of pictures, how many simulated studies come out significant. The test is
 * the caller's, so that it is the one that will be run on the data. Pictures are drawn anew for each study.
 */
import type { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import { featureCoordinates } from "./coordinates.ts";
import {
  planSimulation,
  type SimulatedParticipant,
  type Simulation,
  type SimulationOptions,
  simulateParticipant,
} from "./simulate.ts";

/** What is tried. `ids` and `geometry` are of all pictures that there are. */
export interface PowerOptions extends SimulationOptions {
  readonly participants: readonly number[];
  readonly pictures: readonly number[];
  /** Studies of each size. */
  readonly studies: number;
  /** Default: 0.05. */
  readonly alpha?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One size of study. */
export interface PowerCell {
  readonly participants: number;
  readonly pictures: number;
  /** Share of studies with p below alpha. */
  readonly power: number;
  /** Its 95 % interval (Wilson 1927). */
  readonly interval: readonly [number, number];
}

/** The p-value of a study. */
export type StudyTest = (
  participants: readonly SimulatedParticipant[],
  simulation: Simulation,
) => number | Promise<number>;

/**
 * The power of every size of study.
 * @throws ConfigError when more pictures are asked for than there are, or fewer than 3.
 */
export async function powerGrid(
  options: PowerOptions,
  test: StudyTest,
  random: Random,
): Promise<PowerCell[]> {
  const { ids, geometry, participants, pictures, studies, alpha = 0.05, onProgress } = options;
  const [all = 0, K = 0] = geometry.shape;
  const wrong = pictures.find((count) => count > all || count < 3);
  if (wrong !== undefined)
    throw new VcaError(
      "ConfigError",
      `power: 3 to ${all} pictures were expected, got ${wrong}. Pass more pictures, or ask for fewer.`,
    );
  const sizes = pictures.flatMap((S) => participants.map((P) => ({ S, P })));
  const cells: PowerCell[] = [];
  let like: Simulation | undefined;
  for (const { S, P } of sizes) {
    let significant = 0;
    for (let study = 0; study < studies; study++) {
      const stream = random.at(S, P, study);
      const chosen = stream.at("pictures").permutation(all).subarray(0, S).sort();
      const data = Float64Array.from(
        { length: S * K },
        (_, at) => geometry.data[chosen[Math.floor(at / K)]! * K + (at % K)]!,
      );
      const subset = {
        ids: Array.from(chosen, (s) => ids[s]!),
        geometry: featureCoordinates({ shape: [S, K], data }),
      };
      const simulation = planSimulation({ ...options, ...subset }, like);
      like = simulation;
      const drawn = Array.from({ length: P }, (_, p) =>
        simulateParticipant(simulation, stream.at("participant", p)),
      );
      if ((await test(drawn, simulation)) < alpha) significant++;
      onProgress?.(cells.length * studies + study + 1, sizes.length * studies);
    }
    cells.push({
      participants: P,
      pictures: S,
      power: significant / studies,
      interval: wilson(significant, studies),
    });
  }
  return cells;
}

/** @see Wilson (1927), Journal of the American Statistical Association 22:209 */
function wilson(hits: number, n: number): [number, number] {
  const z = 1.959963984540054; // the normal's 97.5 % point
  const centre = (hits + z ** 2 / 2) / (n + z ** 2);
  const half = (z / (n + z ** 2)) * Math.sqrt((hits * (n - hits)) / n + z ** 2 / 4);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
