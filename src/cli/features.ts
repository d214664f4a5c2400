/** @file `vca features`: tokens of a picture set, into the cache. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, type Work, withWork } from "./io.ts";
import { addCommand, type CommonOptions, together, whole } from "./options.ts";
import { secondsText, table } from "./table.ts";

interface FeaturesOptions extends CommonOptions {
  readonly scale?: string;
  readonly encoder?: string;
  readonly taps?: string;
  readonly grid?: number;
  readonly pooled?: boolean;
  readonly views?: number;
}

/** Adds `features`. */
export function addFeatures(program: VcaCommand, io: Io): void {
  addCommand(program, "features", {
    summary: "compute the tokens of a picture set into the cache",
    about:
      "Compute the tokens of a picture set into the cache, as plain .npy files named by the pictures' sha256. `vca fit` does it by itself.",
    examples: [
      "vca features emoji",
      "vca features oasis:PATH --encoder PATH/deit-tiny-patch16-224 --taps 6,9,12",
      "vca features oasis:PATH --views 4 --json",
    ],
  })
    .argument("<stimuli...>", "oasis:FOLDER, iaps:FOLDER, table:FILE.csv, emoji, ...: see `vca data list`")
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option(
      "--encoder <encoder>",
      "a name, owner/name of the hub, a folder in the hub's layout or an .onnx file (default: efficientnet-lite0)",
    )
    .option("--taps <taps>", "where to read the encoder, such as 6,9,12 (default: the encoder's own)")
    .option("--grid <n>", "patch tokens are averaged to n x n (default: 7)", whole("--grid", 1, 7))
    .option("--pooled", "one token per picture instead of a grid")
    .option(
      "--views <n>",
      "also n random views of each picture: flip, rotation, blur (default: 0)",
      whole("--views", 0, 4),
    )
    .action(async (stimuli: string[], options: FeaturesOptions) => {
      const started = performance.now();
      const result = await withWork(io, options, (work) => extract(together(stimuli), options, work));
      const seconds = (performance.now() - started) / 1000;
      const { set, n, encoder, tokens, taps, views, folder } = result;
      const text = [
        `${set}, ${n} pictures; ${encoder}, ${tokens.T} tokens of ${tokens.D} channels${tokens.hasCls ? ", the first is CLS" : ""}; ${views} ${views === 1 ? "view" : "views"}.`,
        "",
        table(
          ["tap", "channels"],
          taps.map(({ tap, from, to }) => [tap, String(to - from)]),
        ),
        "",
        `${folder}, ${secondsText(seconds)}`,
      ];
      show(io, options, { ...result, seconds }, text.join("\n"));
    });
}

async function extract(stimuli: string, options: FeaturesOptions, { reporter, threads, signal }: Work) {
  const [{ cacheFolder }, { openEncoder }, { extractFeatures }, { resolveTaps }, { readStimuli }] =
    await Promise.all([
      import("#files"),
      import("../encoders/encoder.ts"),
      import("../encoders/features.ts"),
      import("../encoders/taps.ts"),
      import("../study/prepare.ts"),
    ]);
  const { encoder: name = "efficientnet-lite0", grid: size = 7, seed = 0, views = 0 } = options;
  const set = await readStimuli(stimuli, options.scale, reporter);
  const encoder = await openEncoder(name, { reporter, ...(signal && { signal }) });
  const random = Array.from({ length: views }, (_, index) => ({ kind: "random", seed, index }) as const);
  const features = await extractFeatures(
    {
      encoder,
      taps: await resolveTaps(encoder, options.taps ?? (options.pooled ? "pooled" : undefined)),
      tokens: options.pooled ? { kind: "pooled" } : { kind: "grid", size },
    },
    set,
    {
      cacheFolder: cacheFolder(),
      views: [{ kind: "plain" }, ...random],
      onProgress: ({ done, total }) => reporter.progress("features", done, total),
      ...(threads && { threads }),
      ...(signal && { signal }),
    },
  );
  const { T, D, hasCls, channels, folder } = features;
  return {
    set: set.name,
    n: set.ids.length,
    encoder: encoder.name,
    tokens: { T, D, hasCls },
    taps: channels,
    views: features.views.length,
    folder,
  };
}
