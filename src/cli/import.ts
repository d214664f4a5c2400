/** @file `vca import`: weights that were trained elsewhere, as a run. */
import { parse } from "node:path";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf } from "./options.ts";

interface ImportOptions extends CommonOptions {
  readonly out?: string;
  readonly encoder?: string;
  readonly taps?: string;
  readonly circuit?: string;
  readonly scale?: string;
  readonly outputs?: string;
  readonly map?: string;
}

const ORDERS = ["arousal,valence", "valence,arousal"] as const;

/** The encoder of the published weights. */
const PUBLISHED = "clip-vit-large-patch14";

/** Adds `import`. */
export function addImport(program: VcaCommand, io: Io): void {
  addCommand(program, "import", {
    summary: "make a run of published weights: a PyTorch file or safetensors",
    about:
      "Make a run of weights that were trained elsewhere, for `vca predict`, `vca test` and `vca export`. A PyTorch file is read without executing anything in it: its tensors only, those under state_dict, model_state_dict or model if it has one of these. Names are those of the published code (cswin/VCA_Full: LA, BA, BL, CE, LastFC; clip_model is left out, because the encoder is given). What is called otherwise stands in a YAML file for --map, one line for each: the name in the file, a colon, our parameter (`LA/block1/expand/weight`), or a list of ours among which its rows are dealt, or [] to leave it out.",
    examples: [
      "vca import weights.pth --circuit liu2025",
      "vca import weights.safetensors --encoder clip-vit-large-patch14 --map names.yaml --out runs/liu",
    ],
  })
    .argument("<weights>", "a file of torch.save (.pth, .pt) or .safetensors")
    .option(
      "--out <folder>",
      "the run's folder: empty, or that of the same import (default: runs/ and the file's name)",
    )
    .option(
      "--encoder <encoder>",
      `what it was trained on: a name, a folder in the hub's layout or an .onnx file (default: ${PUBLISHED})`,
    )
    .option("--taps <taps>", "where to read the encoder (default: the circuit's own)")
    .option("--circuit <circuit>", "a name of `vca circuits` or a YAML file (default: liu2025)")
    .option("--scale <lo-hi>", "scale of the ratings that it learned (default: 1-9)")
    .option(
      "--outputs <order>",
      `order of its two outputs: ${ORDERS.join(" or ")} (default: the first, as published)`,
      oneOf("import", "order", ORDERS),
    )
    .option("--map <file>", "YAML file of names in the file and parameters of ours")
    .action(async (weights: string, options: ImportOptions) => {
      const { out = `runs/${parse(weights).name}`, encoder = PUBLISHED } = options;
      const { importWeights } = await import("../study/import.ts");
      const { circuit = "liu2025", scale = "1-9", taps, map } = options;
      const outputs = options.outputs as (typeof ORDERS)[number] | undefined;
      const result = await withWork(io, options, (work) =>
        importWeights(weights, {
          ...work,
          out,
          encoder,
          circuit,
          scale,
          taps,
          map,
          outputs: outputs ?? ORDERS[0],
        }),
      );
      const text = `${result.out}: ${result.circuit} on ${result.encoder}, ${result.parameters} parameters.`;
      show(io, options, result, text);
    });
}
