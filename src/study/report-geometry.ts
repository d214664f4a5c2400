/**
 * @file RDMs and maps of one network of a run for the report, on pictures that it did not train on: enough to look at;
 * what is claimed comes from `geometry.csv`, over all networks.
 */
import { takeRows } from "../core/array.ts";
import { compareRanked, nucleusRdm, patterned, rankedRdm } from "../geometry/alignment.ts";
import { behaviouralRdms } from "../geometry/behaviour.ts";
import { smacof } from "../geometry/mds.ts";
import type { NucleusMap } from "../report/figures/mds.ts";
import type { RdmPanel } from "../report/figures/rdm.ts";
import { inHierarchy } from "../report/palette.ts";
import { pairIndex } from "../rsa/rdm.ts";
import { columnOfScale } from "../training/metrics.ts";
import { type Pictures, picturesAt, type UnseenRun } from "./unseen.ts";

/** More pictures make a map slow to compute and hard to see. */
const MOST_PICTURES = 200;

/** What is drawn of the first network of a run. */
export interface DrawnGeometry {
  readonly network: string;
  readonly pictures: number;
  readonly rdms: readonly RdmPanel[];
  readonly order: readonly number[];
  readonly maps: readonly { readonly epoch: number; readonly nuclei: readonly NucleusMap[] }[];
}

/** RDMs after the last epoch and maps after each, of the first network's pictures, 200 at most, evenly over rated valence. */
export async function drawnGeometry(run: UnseenRun): Promise<DrawnGeometry> {
  const network = run.networks[0]!;
  const byValence = network.pictures.ids
    .map((_, s) => s)
    .sort((a, b) => network.pictures.ratings.data[2 * a]! - network.pictures.ratings.data[2 * b]!);
  const n = Math.min(MOST_PICTURES, byValence.length);
  const places = Array.from(
    { length: n },
    (_, k) => byValence[Math.floor(((k + 0.5) * byValence.length) / n)]!,
  );
  const pictures = picturesAt(network.pictures, places);
  const rated = ratingsRdm(pictures);
  const rdms: RdmPanel[] = [{ name: "ratings", rdm: rated }];
  const maps: { epoch: number; nuclei: NucleusMap[] }[] = [];
  for (const epoch of run.epochs) {
    const nuclei: NucleusMap[] = [];
    for (const nucleus of inHierarchy(run.nuclei)) {
      const activations = takeRows(await network.activations(nucleus, epoch), places);
      const kept = patterned(activations);
      if (kept.length < 4) {
        nuclei.push({ nucleus, points: [] });
        continue;
      }
      const own = picturesAt(pictures, kept);
      const rdm = nucleusRdm(takeRows(activations, kept));
      nuclei.push({
        nucleus,
        points: mapped(rdm, own),
        spearman: compareRanked(rankedRdm(rdm), rankedRdm(ratingsRdm(own))).spearman,
      });
      if (epoch === run.epochs.at(-1))
        rdms.push({ name: nucleus, rdm: kept.length === n ? rdm : spreadOut(rdm, kept, n) });
    }
    maps.push({ epoch, nuclei });
  }
  return { network: network.name, pictures: n, rdms, order: places.map((_, k) => k), maps };
}

function ratingsRdm({ ratings, scale }: Pictures): Float64Array {
  const [valence, arousal] = [columnOfScale(ratings, 0), columnOfScale(ratings, 1)];
  return behaviouralRdms({ valence, arousal, scale }).get("circumplex")!;
}

/** An RDM of some (ascending) of n pictures among all of them; pairs without a pattern are NaN. */
function spreadOut(rdm: ArrayLike<number>, kept: readonly number[], n: number): Float64Array {
  const out = new Float64Array((n * (n - 1)) / 2).fill(Number.NaN);
  for (let a = 0; a < kept.length; a++)
    for (let b = a + 1; b < kept.length; b++)
      out[pairIndex(kept[a]!, kept[b]!, n)] = rdm[pairIndex(a, b, kept.length)]!;
  return out;
}

/** The SMACOF map of an RDM, turned and mirrored so that it lies best upon the plane of ratings. */
function mapped(rdm: Float64Array, { ids, ratings }: Pictures): NucleusMap["points"] {
  const { points } = smacof(rdm, { iterations: 100 });
  const [x, y] = [columnOfScale(points, 0), columnOfScale(points, 1)];
  const [valence, arousal] = [columnOfScale(ratings, 0), columnOfScale(ratings, 1)].map(centred);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const turn = (sign: 1 | -1) => {
    const own = y.map((value) => sign * value);
    const cosine = dot(x, valence!) + dot(own, arousal!);
    const sine = dot(x, arousal!) - dot(own, valence!);
    return { own, angle: Math.atan2(sine, cosine), fit: Math.hypot(cosine, sine) };
  };
  const [plain, mirrored] = [turn(1), turn(-1)];
  const { own, angle } = mirrored.fit > plain.fit ? mirrored : plain;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return ids.map((id, i) => ({
    id,
    valence: ratings.data[2 * i]!,
    arousal: ratings.data[2 * i + 1]!,
    x: c * x[i]! - s * own[i]!,
    y: s * x[i]! + c * own[i]!,
  }));
}

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
