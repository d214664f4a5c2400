/** @file `vca export`: a run's final model as one ONNX file, with gains baked in or as inputs. */
import { removeTemporaryFiles } from "#files";
import { modelParts, openRunEncoder, writeFinalModel } from "./final-model.ts";
import { finalNetworks } from "./replicas.ts";
import { RunFolder } from "./run-folder.ts";

/**
 * Writes `model.onnx`.
 * @param options.out default `<run>/model.onnx`
 * @param options.gains keep an input per nucleus and projection, 1 at rest
 * @throws DataError when the run is not finished, or its encoder has changed since.
 */
export async function exportRun(
  run: string,
  options: { out?: string; gains?: boolean },
): Promise<{ out: string; bytes: number }> {
  const { folder, config, manifest } = await RunFolder.open(run);
  const encoder = await openRunEncoder({ config, manifest });
  const networks = await finalNetworks(folder, config, manifest);
  const out = options.out ?? `${run}/model.onnx`;
  await removeTemporaryFiles(out.replace(/[^\\/]*$/, "") || ".", { below: false });
  const model = { networks, config, gains: options.gains ?? false };
  const bytes = await writeFinalModel(out, modelParts(encoder, manifest), model);
  return { out, bytes };
}
