/** @file `vca encoders`: the encoders known by name, and what is inside any of them. */
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, addGroup, type CommonOptions } from "./options.ts";
import { table } from "./table.ts";

/** Adds `encoders` and `encoders show`. */
export function addEncoders(program: VcaCommand, io: Io): void {
  const encoders = addGroup(program, "encoders", {
    summary: "list encoders, or show one",
    examples: ["vca encoders", "vca encoders show efficientnet-lite0"],
  });
  addCommand(
    encoders,
    "list",
    {
      summary: "list the encoders that are known by name",
      about:
        "List the encoders that are known by name. A folder in the hub's layout or an .onnx file is one too.",
      examples: ["vca encoders", "vca encoders list --json"],
    },
    true,
  ).action(async (options: CommonOptions) => {
    const { CATALOGUE } = await import("../encoders/catalogue.ts");
    const list = CATALOGUE.map(({ name, description, licence, taps }) => ({
      name,
      description,
      licence,
      taps,
    }));
    const rows = list.map(({ name, licence, taps, description }) => [name, licence, taps, description]);
    show(io, options, list, table(["name", "licence", "taps", "what"], rows));
  });
  addCommand(encoders, "show", {
    summary: "show an encoder's input, preprocessing and taps",
    examples: ["vca encoders show efficientnet-lite0", "vca encoders show PATH/deit-tiny-patch16-224 --json"],
  })
    .argument("<encoder>", "a name, a folder in the hub's layout or an .onnx file")
    .action(async (name: string, options: CommonOptions) => {
      const [{ openEncoder }, { listTaps, resolveTaps }] = await Promise.all([
        import("../encoders/encoder.ts"),
        import("../encoders/taps.ts"),
      ]);
      const encoder = await openEncoder(name);
      const taps = await listTaps(encoder);
      const defaults = new Set((await resolveTaps(encoder)).map((tap) => tap.name));
      const { id, kind, source, preprocessing } = encoder;
      const value = {
        name: encoder.name,
        sha256: id,
        source,
        kind,
        preprocessing,
        taps,
        default: [...defaults],
      };
      const { height, width, mean, sd } = preprocessing;
      const text = [
        `${encoder.name}: ${kind}, pictures of ${height} x ${width}, mean ${mean.join(" ")}, deviation ${sd.join(" ")}`,
        `sha256 ${id}`,
        "",
        table(
          ["tap", "tensor", "default"],
          taps.map((tap) => [tap.name, tap.tensor, defaults.has(tap.name) ? "yes" : ""]),
        ),
      ];
      show(io, options, value, text.join("\n"));
    });
}
