/** @file Prediction: how well, when learned, and against what. */
import { sd } from "../../core/statistics.ts";
import { type LearningRow, learningFigure } from "../figures/learning.ts";
import { type PictureRow, planeFigure } from "../figures/plane.ts";
import { type Ceilings, type RRow, rBarsFigure } from "../figures/r-bars.ts";
import { scatterFigure } from "../figures/scatter.ts";
import type { Headline, ReportSection } from "../page.ts";
import { rText } from "../svg.ts";

/** What is known of a fit's predictions. */
export interface Prediction {
  /** Such as "OASIS, 838 pictures". */
  readonly about: string;
  readonly scale: { readonly lo: number; readonly hi: number };
  readonly pictures: readonly PictureRow[];
  /** r of `circuit`, of `ridge` where there is one, and of `circuit - ridge`. */
  readonly r: readonly RRow[];
  readonly ceilings?: Ceilings | undefined;
  readonly learning: readonly LearningRow[];
  /** How pictures were dealt, such as "10 folds, 5 seeds". */
  readonly design: string;
}

const SCALES = ["valence", "arousal"] as const;

function find({ r }: Pick<Prediction, "r">, model: string, scale: "valence" | "arousal"): RRow | undefined {
  return r.find((row) => row.model === model && row.scale === scale);
}

/** `.70 [.66, .74]`. */
export function estimateText(
  { value, lower, upper }: Pick<RRow, "value" | "lower" | "upper">,
  digits = 2,
): string {
  if (lower === undefined || upper === undefined) return rText(value, digits);
  return `${rText(value, digits)} [${rText(lower, digits)}, ${rText(upper, digits)}]`;
}

/** The four numbers above all: r of both scales, and what the circuit has over ridge. */
export function headlines(prediction: Prediction): Headline[] {
  const models = [
    ["circuit", "r"],
    ["circuit - ridge", "more than ridge,"],
  ] as const;
  return models.flatMap(([model, words]) =>
    SCALES.flatMap((scale) => {
      const row = find(prediction, model, scale);
      if (!row) return [];
      const [value = "", interval = ""] = estimateText(row, model === "circuit" ? 2 : 3).split(/ (.*)/);
      return [
        {
          name: `${words} ${scale}`,
          value: model === "circuit" || row.value < 0 ? value : `+${value}`,
          interval,
        },
      ];
    }),
  );
}

/** The finding, in one sentence. */
export function predictionAnswer(prediction: Prediction): string {
  const [v, a] = SCALES.map((scale) => find(prediction, "circuit", scale)!);
  const own = `On pictures it never saw, the circuit reaches r ${estimateText(v!)} for valence and ${estimateText(a!)} for arousal`;
  const [dv, da] = SCALES.map((scale) => find(prediction, "circuit - ridge", scale));
  if (!dv || !da) return `${own}.`;
  const verdict = ({ value, lower = value, upper = value }: RRow) =>
    lower > 0 ? "more than" : upper < 0 ? "less than" : "no more, within its interval, than";
  const [first, second] = [verdict(dv), verdict(da)];
  const words =
    first === second
      ? `${first} ridge on the same tokens for both (${estimateText(dv, 3)} and ${estimateText(da, 3)})`
      : `${first} ridge on the same tokens for valence (${estimateText(dv, 3)}), ${second} ridge for arousal (${estimateText(da, 3)})`;
  return `${own}: ${words}.`;
}

/** How far predictions spread beside ratings, in one sentence. */
function rangeAnswer({ pictures }: Prediction): string {
  const share = (predicted: keyof PictureRow, rated: keyof PictureRow) =>
    rText(sd(pictures.map((row) => Number(row[predicted]))) / sd(pictures.map((row) => Number(row[rated]))));
  return `Predictions spread ${share("predictedValence", "valence")} times as far as ratings in valence and ${share("predictedArousal", "arousal")} times in arousal (standard deviations; below 1 the range is compressed).`;
}

/** The section. */
export function predictionSection(prediction: Prediction): ReportSection {
  const { about, scale, pictures, r, ceilings, learning, design } = prediction;
  const models = r.filter(({ model }) => model !== "circuit - ridge");
  const rOf = (name: "valence" | "arousal") => find(prediction, "circuit", name)!;
  const ridge = {
    valence: find(prediction, "ridge", "valence"),
    arousal: find(prediction, "ridge", "arousal"),
  };
  const table = {
    header: ["id", "valence", "arousal", "predictedValence", "predictedArousal"],
    rows: pictures.map((row) => [
      row.id,
      row.valence,
      row.arousal,
      row.predictedValence,
      row.predictedArousal,
    ]),
  };
  return {
    id: "prediction",
    title: "Prediction",
    answer: rangeAnswer(prediction),
    figures: [
      {
        name: "r",
        caption: `Pearson's r between mean rating and held-out prediction (mean over seeds), ${design}. Intervals: 95 % bootstrap over pictures, by whole groups where there are any. Ridge saw the same tokens and the same folds.${ceilings ? " Ceiling: square root of 1 - mean(SD²/N) / variance of the mean ratings, a lower estimate." : ""}`,
        table: {
          header: ["model", "scale", "r", "lower", "upper"],
          rows: r.map(({ model, scale: of, value, lower, upper }) => [model, of, value, lower, upper]),
        },
        frames: [{ label: "", draw: (canvas) => rBarsFigure(models, { about, ceilings }, canvas) }],
      },
      {
        name: "plane",
        caption:
          "Left, each picture at its mean rating; right, at its prediction by networks that never saw it (mean over seeds). Rest the pointer on a picture, or step through them with the arrow keys.",
        table,
        frames: [{ label: "", draw: (canvas) => planeFigure(pictures, { scale, about }, canvas) }],
        pictures: true,
      },
      {
        name: "scatter",
        caption:
          "Each dot is a picture: mean rating against held-out prediction. A cloud flatter than the dotted line is a compressed range.",
        table,
        frames: [
          {
            label: "",
            draw: (canvas) =>
              scatterFigure(
                pictures,
                { scale, about, r: { valence: rOf("valence"), arousal: rOf("arousal") } },
                canvas,
              ),
          },
        ],
        pictures: true,
      },
      ...(learning.length > 0
        ? [
            {
              name: "learning",
              caption: `Pearson's r over all held-out pictures after each kept epoch, one thin line per seed. A network that answers each fold's training mean has r below 0, because folds are pooled.`,
              table: {
                header: ["scale", "seed", "epoch", "r"],
                rows: learning.map(({ scale: of, seed, epoch, value }) => [of, seed, epoch, value]),
              },
              frames: [
                {
                  label: "",
                  draw: (canvas: Parameters<typeof learningFigure>[2]) =>
                    learningFigure(
                      learning,
                      {
                        about,
                        ridge: ridge.valence &&
                          ridge.arousal && { valence: ridge.valence.value, arousal: ridge.arousal.value },
                      },
                      canvas,
                    ),
                },
              ],
            },
          ]
        : []),
    ],
  };
}
