/** @file Files that people give: what is a picture, what is a table, what a drop of folders holds. */

/** A file with its path as far as it is known. */
export interface Named {
  readonly name: string;
  readonly file: Blob;
}

/** Names of tables. */
export const TABLE_FILE = /\.(csv|tsv)$/i;

/** Names of brain images. */
export const BRAIN_FILE = /\.nii(\.gz)?$/i;

/** Asks for a folder; TypeScript and Preact know it on no input. */
export const FOLDER = { webkitdirectory: true };

const isPicture = ({ name, type }: File) =>
  type.startsWith("image/") || /\.(jpe?g|png|webp|gif|avif)$/i.test(name);

const isWanted = (file: File) => isPicture(file) || TABLE_FILE.test(file.name) || BRAIN_FILE.test(file.name);

/** The chosen files of an input; of a folder, by default its pictures and tables. */
export function chosenFiles(input: HTMLInputElement, wanted: (file: File) => boolean = isWanted): Named[] {
  const files = [...(input.files ?? [])].filter((file) => !file.webkitRelativePath || wanted(file));
  input.value = "";
  return files.map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** The files of a drop, folders opened: what is neither picture nor table stays only when it was dropped by itself. */
export async function droppedFiles(transfer: DataTransfer): Promise<Named[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const direct = new Set([...transfer.files]);
  if (!entries.some((entry) => entry.isDirectory))
    return [...direct].map((file) => ({ name: file.name, file }));
  const files: Named[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      if (isWanted(file)) files.push({ name: entry.fullPath.slice(1), file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const each of some) await walk(each);
    }
  };
  for (const entry of entries) await walk(entry);
  if (files.length > 0) return files;
  throw new Error("lab: a folder with pictures was expected, got none in it. Drop PNG, JPEG or WebP files.");
}
