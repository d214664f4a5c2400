/** @file Runs a command line in this process and gives back what it wrote. */
import { run } from "../../src/cli/program.ts";

/** Exit code and texts of one command. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `vca` with the given words, as typed in a pipe. */
export async function vca(...argv: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await run(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}
