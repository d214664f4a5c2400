/** @file Where the shared data lies: `VCA_SHARED`, or `../shared` beside the repository. Tests on real data are skipped without it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = process.env.VCA_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));

/** The shared folder, or `undefined` when it is not there. */
export const shared: string | undefined = existsSync(folder) ? folder : undefined;
