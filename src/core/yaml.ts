/** @file YAML that people write: parsed once as a document, checked as data, each complaint with its line. */
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { VcaError } from "../errors.ts";

/** Makes the error for what stands at `path` of a document; the document's start when nothing does. */
export type Complain = (path: readonly PropertyKey[], message: string) => VcaError;

/** How to read a document. */
export interface YamlReading<T extends z.ZodType> {
  readonly schema: T;
  /** The file's name in errors. */
  readonly where: string;
  /** What the document is, such as "circuit". */
  readonly what: string;
  /** The remedy, a sentence. */
  readonly remedy: string;
}

/**
 * The checked data of a document, and how to complain of it further.
 * @throws ConfigError `<file> line <n>: <path>: <message>. <remedy>`
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  { schema, where, what, remedy }: YamlReading<T>,
): { data: z.infer<T>; complain: Complain } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number, path: readonly PropertyKey[], message: string) =>
    new VcaError(
      "ConfigError",
      `${where} line ${lines.linePos(offset).line}: ${path.map(String).join(".") || what}: ${message}. ${remedy}`,
    );
  const complain: Complain = (path, message) => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
    return at(node?.range?.[0] ?? 0, path, message);
  };
  const broken = document.errors[0];
  if (broken) throw at(broken.pos[0], [], broken.message.replace(/ at line \d+, column \d+:.*/s, ""));
  const { data, error } = schema.safeParse(document.toJS());
  if (!error) return { data, complain };
  const issue = error.issues[0]!;
  const { path } = issue;
  if (path.length === 0 || document.hasIn(path)) throw complain(path, issue.message);
  throw complain(path.slice(0, -1), `${String(path.at(-1))}: ${issue.message}`);
}
