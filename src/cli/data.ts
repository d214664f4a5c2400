/** @file `vca data`: the picture sets that can be read, and a check of one before work begins. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, type Work, withWork } from "./io.ts";
import { addCommand, addGroup, type CommonOptions, together } from "./options.ts";
import { table } from "./table.ts";

/** Adds `data list` and `data check`. */
export function addData(program: VcaCommand, io: Io): void {
  const data = addGroup(program, "data", {
    summary: "list picture sets, or check one",
    examples: ["vca data", "vca data check emoji"],
  });
  addCommand(
    data,
    "list",
    {
      summary: "list the picture sets that can be read",
      examples: ["vca data", "vca data list --json"],
    },
    true,
  ).action(async (options: CommonOptions) => {
    const { STIMULUS_READERS } = await import("../stimuli/set.ts");
    const list = STIMULUS_READERS.map(({ name, form, about, pictures, scale, citation, redistribute }) => ({
      name,
      form,
      about,
      pictures,
      scale,
      citation,
      redistribute,
    }));
    const rows = list.map(({ form, about, pictures, scale, redistribute }) => [
      form,
      pictures === undefined ? "-" : String(pictures),
      scale ? `${scale.lo} to ${scale.hi}` : "--scale",
      redistribute ? "yes" : "no",
      about,
    ]);
    const cited = list.flatMap(({ name, citation }) => (citation ? [`${name}: ${citation}.`] : []));
    const text = [
      table(["STIMULI", "pictures", "scale", "may be shown", "what"], rows),
      "",
      "Cite",
      ...cited,
    ];
    show(io, options, list, text.join("\n"));
  });
  addCommand(data, "check", {
    summary: "read a picture set whole and say what was found",
    about:
      "Read a picture set whole: its table, every picture, equal and near-equal pictures. Several sets are read as one, as `vca fit` does.",
    examples: [
      "vca data check oasis:PATH",
      "vca data check iaps:PATH naps:PATH",
      "vca data check table:ratings.csv --scale 1-9 --json",
    ],
  })
    .argument("<stimuli...>", "oasis:FOLDER, iaps:FOLDER, table:FILE.csv, emoji, ...: see `vca data list`")
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .action(async (stimuli: string[], options: CommonOptions & { scale?: string }) => {
      const result = await withWork(io, options, (work) => check(together(stimuli), options.scale, work));
      show(io, options, result, checkText(result));
    });
}

type Checked = Awaited<ReturnType<typeof check>>;

async function check(stimuli: string, scale: string | undefined, { reporter, signal }: Work) {
  const [{ decodePicture }, { findDuplicates }, { readStimuli }, { STIMULUS_READERS }] = await Promise.all([
    import("#decode"),
    import("../stimuli/duplicates.ts"),
    import("../study/prepare.ts"),
    import("../stimuli/set.ts"),
  ]);
  const set = await readStimuli(stimuli, scale, { ...reporter, note: () => {}, warn: () => {} }); // the text and the JSON have them
  const n = set.ids.length;
  const { equal, near } = await findDuplicates(set, {
    decode: decodePicture,
    onProgress: (done) => {
      signal?.throwIfAborted();
      reporter.progress("pictures", done, n);
    },
  });
  const range = (column: 0 | 1) => {
    const values = Array.from({ length: n }, (_, s) => set.ratings.data[2 * s + column]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    return { lowest: Math.min(...values), mean, highest: Math.max(...values) };
  };
  return {
    set: set.name,
    n,
    published: STIMULUS_READERS.find(({ name }) => name === set.name)?.pictures,
    scale: set.scale,
    valence: range(0),
    arousal: range(1),
    columns: Object.fromEntries(
      Object.entries(set.columns).map(([name, labels]) => [name, new Set(labels).size]),
    ),
    equal: equal.map(({ ids }) => ids),
    near: near.map(({ ids }) => ids),
    redistribute: set.redistribute,
    notes: [...set.warnings, ...set.notes],
    ...(set.raterFacts && { raters: set.raterFacts }),
    citation: set.citation,
  };
}

function checkText(result: Checked): string {
  const { set, n, scale, columns, equal, near, citation, raters, redistribute, notes } = result;
  const whole = result.published ?? n;
  const published = whole === n ? "" : ` of the ${whole} published`;
  const rows = (["valence", "arousal"] as const).map((name) => {
    const { lowest, mean, highest } = result[name];
    return [name, ...[lowest, mean, highest].map((value) => value.toFixed(2))];
  });
  const labels = Object.entries(columns).map(([name, count]) => `${name} (${count})`);
  return [
    `${set}: ${n} pictures${published}, all readable; ratings on ${scale.lo} to ${scale.hi}.`,
    ...notes,
    "",
    table(["", "lowest", "mean", "highest"], rows),
    "",
    `Columns and their labels: ${labels.join(", ") || "none"}.`,
    ...equal.map(([a, b]) => `Equal: ${a}, ${b}.`),
    ...near.map(([a, b]) => `Near-equal: ${a}, ${b}.`),
    ...Object.entries(raters ?? {}).map(([what, fact]) => `Raters' ${what}: ${fact}.`),
    ...(redistribute ? [] : ["Its terms do not allow its pictures to be passed on: reports name them only."]),
    ...(citation ? [`Cite: ${citation}`] : []),
  ].join("\n");
}
