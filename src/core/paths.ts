/** @file Paths without `node:path`, with either slash, so that they are the same in a browser. */

/** The folder of a path, "." when it names none. */
export function folderOf(path: string): string {
  return /^(.*)[\\/][^\\/]*$/.exec(path)?.[1] ?? ".";
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
}

/** `file` as seen from `folder`, unless it is absolute. */
export function joinPath(folder: string, file: string): string {
  return /^([a-z]:)?[\\/]/i.test(file) ? file : `${folder.replace(/[\\/]+$/, "")}/${file}`;
}
