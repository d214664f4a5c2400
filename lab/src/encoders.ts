/**
 * @file The user's own encoders: folders as the hub lays them out, kept in this browser until deleted, as `fitStudy`
 * opens them. Of a folder, what is kept is the model, its weights beside it and its preprocessing.
 */
import { listFolder, readBytes, writeFileAtomic } from "#files";
import { removeFolder } from "../../src/core/files.web.ts";
import { openEncoder } from "../../src/encoders/encoder.ts";
import { SETTINGS } from "../../src/encoders/hub.ts";
import { MODEL_FILES } from "../../src/encoders/hub-name.ts";
import { externalFiles } from "../../src/encoders/model-file.ts";
import { decodeOnnx } from "../../src/graph/onnx.ts";
import type { Calls, News } from "./protocol.ts";

const EMBEDDED = "efficientnet-lite0";
/** Where a folder waits, in memory, until it has opened. */
const GIVEN = "given";
/** Not a name of the hub, where the command line reads a saved run. */
const folderOf = (encoder: string) => `./encoders/${encoder}`;

/** How an encoder is named to `fitStudy`. */
export function encoderPath(encoder: string | undefined): string {
  return encoder === undefined ? EMBEDDED : folderOf(encoder);
}

/** The user's own encoder of a run; undefined for the embedded one. */
export function ownEncoder(path: string): string | undefined {
  return /^\.\/encoders\/(.+)$/.exec(path)?.[1];
}

/**
 * Takes in an encoder's folder; one of the same name is replaced.
 * @throws DataError, UnsupportedError as `openEncoder`, before anything is kept; StorageError when the browser is full
 */
export async function addEncoder(
  { files }: Calls["addEncoder"]["in"],
  tell: (news: News) => void,
): Promise<string> {
  const name = files[0]!.name.split("/")[0]!;
  const given = `${GIVEN}/${name}`;
  const inside = new Map(files.map((each) => [each.name.slice(name.length + 1), each.file]));
  const take = async (path: string) => {
    const file = inside.get(path);
    if (file) await writeFileAtomic(`${given}/${path}`, new Uint8Array(await file.arrayBuffer()));
  };
  const model = MODEL_FILES.find((path) => inside.has(path));
  try {
    const wanted: string[] = [SETTINGS];
    if (model !== undefined) {
      await take(model);
      const outside = externalFiles(decodeOnnx(await readBytes(`${given}/${model}`), model), model);
      wanted.push(...outside.map((weights) => model.replace(/[^/]+$/, () => weights)));
    }
    for (const path of wanted) await take(path);
    tell({ kind: "progress", stage: "encoder read", done: 1, total: 3 });
    await openEncoder(given);
    tell({ kind: "progress", stage: "encoder opened", done: 2, total: 3 });
    await removeFolder(folderOf(name));
    for (const path of [model!, ...wanted])
      await writeFileAtomic(`${folderOf(name)}/${path}`, await readBytes(`${given}/${path}`));
    return name;
  } finally {
    await removeFolder(given);
  }
}

/** The encoders of this browser. */
export async function ownEncoders(): Promise<string[]> {
  return listFolder("encoders");
}

/** Deletes an encoder; runs that were trained on it stay, and ask for it when they see a picture. */
export async function removeEncoder(name: string): Promise<undefined> {
  await removeFolder(folderOf(name));
}
