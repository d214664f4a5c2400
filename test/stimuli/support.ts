/** @file What the tests of picture sets share: folders made of text, and the message of an error. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Picture } from "../../src/core/picture.ts";

/** A new folder with the given files. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vca-stimuli-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** The message of the error that `action` throws, with its tag in front where `tagged`. */
export async function messageOf(action: () => unknown, tagged = false): Promise<string> {
  try {
    await action();
  } catch (error) {
    const { name, message } = error as Error;
    return tagged ? `${name} ${message}` : message;
  }
  throw new Error("no error was thrown");
}

/** A picture whose pixels are `colour(x, y)`. */
export function paint(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Picture {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.set(colour(i % width, Math.floor(i / width)), 3 * i);
  return { width, height, data };
}
