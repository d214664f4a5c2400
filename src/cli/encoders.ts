/** @file `vca encoders`: the encoders known by name, what is inside any of them, and those of the hub in the cache. */
import { VcaError } from "../errors.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, addGroup, type CommonOptions } from "./options.ts";
import { table } from "./table.ts";

interface PullOptions extends CommonOptions {
  readonly file?: string;
  readonly revision?: string;
  readonly dtype?: string;
}

/** Adds `encoders` and its commands. */
export function addEncoders(program: VcaCommand, io: Io): void {
  const encoders = addGroup(program, "encoders", {
    summary: "list, show, pull or check encoders",
    examples: [
      "vca encoders",
      "vca encoders show efficientnet-lite0",
      "vca encoders pull Xenova/clip-vit-large-patch14",
    ],
  });
  addList(encoders, io);
  addShow(encoders, io);
  addPull(encoders, io);
  addCheck(encoders, io);
}

function addList(encoders: VcaCommand, io: Io): void {
  addCommand(
    encoders,
    "list",
    {
      summary: "list the encoders that are known by name",
      about:
        "List the encoders that are known by name. A folder in the hub's layout, an .onnx file or owner/name of the Hugging Face hub is one too. Untested: written after its card, never run with its weights by our tests.",
      examples: ["vca encoders", "vca encoders list --json"],
    },
    true,
  ).action(async (options: CommonOptions) => {
    const { CATALOGUE } = await import("../encoders/catalogue.ts");
    const list = CATALOGUE.map((entry) => {
      const { name, description, licence, taps, widths, pooled } = entry;
      const embedded = entry.asset !== undefined;
      const hub = embedded ? null : entry.hub;
      return { name, description, licence, taps, widths, pooled, hub, tested: embedded };
    });
    const rows = list.map(({ name, licence, taps, pooled, tested, description }) => [
      name,
      licence,
      taps,
      `${pooled.what}, ${pooled.width}`,
      tested ? "in the package" : "hub, untested",
      description,
    ]);
    show(io, options, list, table(["name", "licence", "taps", "pooled", "where", "what"], rows));
  });
}

function addShow(encoders: VcaCommand, io: Io): void {
  addCommand(encoders, "show", {
    summary: "show an encoder's input, preprocessing and taps",
    examples: ["vca encoders show efficientnet-lite0", "vca encoders show PATH/deit-tiny-patch16-224 --json"],
  })
    .argument("<encoder>", "a name, a folder in the hub's layout, an .onnx file or owner/name of the hub")
    .action(async (name: string, options: CommonOptions) => {
      const [{ openEncoder }, { listTaps, resolveTaps }] = await Promise.all([
        import("../encoders/encoder.ts"),
        import("../encoders/taps.ts"),
      ]);
      const encoder = await withWork(io, options, (work) => openEncoder(name, work));
      const taps = await listTaps(encoder);
      const defaults = new Set((await resolveTaps(encoder)).map((tap) => tap.name));
      const pooled = (await resolveTaps(encoder, "pooled"))[0]!.tensor;
      const { id, kind, source, preprocessing } = encoder;
      const value = {
        name: encoder.name,
        sha256: id,
        source,
        kind,
        preprocessing,
        taps,
        default: [...defaults],
        pooled,
      };
      const { height, width, mean, sd } = preprocessing;
      const text = [
        `${encoder.name}: ${kind}, pictures of ${height} x ${width}, mean ${mean.join(" ")}, deviation ${sd.join(" ")}`,
        `source ${source}`,
        `sha256 ${id}`,
        "",
        table(
          ["tap", "tensor", "default"],
          [
            ...taps.map((tap) => [tap.name, tap.tensor, defaults.has(tap.name) ? "yes" : ""]),
            ["pooled", pooled, ""],
          ],
        ),
      ];
      show(io, options, value, text.join("\n"));
    });
}

function addPull(encoders: VcaCommand, io: Io): void {
  addCommand(encoders, "pull", {
    summary: "fetch an encoder of the Hugging Face hub into the cache",
    about:
      "Fetch an encoder of the Hugging Face hub into the cache, and pin its branch or tag to the commit of today. Commands that name an encoder do so by themselves, once; this one asks again. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are honoured. A download that broke goes on where it stopped.",
    examples: [
      "vca encoders pull clip-vit-large-patch14",
      "vca encoders pull Xenova/dinov2-base --dtype fp16",
      "vca encoders pull Xenova/dinov2-base --revision main --file onnx/model.onnx --json",
    ],
  })
    .argument("<encoder>", "owner/name, owner/name@revision:file, or a name that `vca encoders` lists")
    .option(
      "--file <path>",
      "file of the repository (default: onnx/vision_model.onnx, else onnx/model.onnx, else model.onnx)",
    )
    .option("--revision <revision>", "branch, tag or commit (default: main)")
    .option("--dtype <precision>", "fp32 or fp16, made float32 when it is read (default: fp32)")
    .action(async (text: string, options: PullOptions) => {
      const { pullEncoder } = await import("../encoders/hub.ts");
      const { name, sha256: known } = await hubName(text, options);
      const pulled = await withWork(io, options, (work) =>
        pullEncoder(name, { ...work, refresh: true, ...(known && { sha256: known }) }),
      );
      const { repository, commit, folder, file, sha256 } = pulled;
      const lines = [`${repository}@${commit}:${file}`, folder, ""];
      const rows = Object.entries(sha256).map(([path, hash]) => [path, hash]);
      show(io, options, pulled, [...lines, table(["file", "sha256"], rows)].join("\n"));
    });
}

async function hubName(text: string, { file, revision, dtype }: PullOptions) {
  const [{ catalogueEntry }, { parseHubName }] = await Promise.all([
    import("../encoders/catalogue.ts"),
    import("../encoders/hub-name.ts"),
  ]);
  if (file !== undefined && dtype !== undefined) {
    throw new VcaError(
      "ConfigError",
      "encoders pull: --file or --dtype was expected, got both. Name the file alone.",
    );
  }
  const entry = text.includes("/") ? undefined : catalogueEntry(text);
  if (entry?.asset !== undefined) {
    throw new VcaError(
      "ConfigError",
      `encoders pull: an encoder of the hub was expected, got "${text}", which the package carries. Use it by its name.`,
    );
  }
  const given = parseHubName(entry?.hub ?? text);
  const what = file ?? dtype;
  const form = `${given?.repository}@${revision ?? given?.revision}${what === undefined ? "" : `:${what}`}`;
  const name = given && parseHubName(form);
  if (!name) {
    throw new VcaError(
      "ConfigError",
      `encoders pull: owner/name of the hub was expected, got "${given ? form : text}". Write it as Xenova/dinov2-base.`,
    );
  }
  if (what !== undefined) return { name };
  return {
    name: { ...name, files: given.files },
    sha256: revision === undefined ? entry?.sha256 : undefined,
  };
}

function addCheck(encoders: VcaCommand, io: Io): void {
  addCommand(encoders, "check", {
    summary: "check the pulled encoders against their recorded sha256",
    about:
      "Check the encoders in the cache against the sha256 that was recorded when they were pulled. A folder that fails may be removed; it is pulled again when needed.",
    examples: ["vca encoders check", "vca encoders check --json"],
  }).action(async (options: CommonOptions) => {
    const { changedFiles, listPulled } = await import("../encoders/hub.ts");
    const list = [];
    for (const pulled of await listPulled()) {
      const changed = await changedFiles(pulled);
      list.push({ ...pulled, ok: changed.length === 0, changed });
    }
    const rows = list.map(({ ok, repository, commit, file, changed }) => [
      ok ? "ok" : "CHANGED",
      repository,
      commit.slice(0, 12),
      file,
      changed.join("; "),
    ]);
    const text =
      rows.length === 0
        ? "No encoder of the hub in the cache."
        : table(["", "repository", "commit", "file", "found"], rows);
    show(io, options, list, text);
    const broken = list.find(({ ok }) => !ok);
    if (broken) {
      throw new VcaError(
        "DataError",
        `encoders check: the recorded sha256 was expected, got other files in ${broken.folder}. Remove the folder and pull ${broken.repository} again.`,
      );
    }
  });
}
