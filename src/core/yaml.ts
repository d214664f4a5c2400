/** @file YAML that people write: parsed once as a document, checked as data, each complaint with its line. */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { unknownName, VcaError } from "../errors.ts";

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
 * @throws ConfigError `<file> line <n>: <path>: <message>. <remedy>`; an unknown key with the nearest known one
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  { schema, where, what, remedy }: YamlReading<T>,
): { data: z.infer<T>; complain: Complain } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number, path: readonly PropertyKey[]) =>
    `${where} line ${lines.linePos(offset).line}: ${path.map(String).join(".") || what}`;
  const at = (offset: number, path: readonly PropertyKey[], message: string) =>
    new VcaError("ConfigError", `${place(offset, path)}: ${message}. ${remedy}`);
  const offsetOf = (path: readonly PropertyKey[]) =>
    (document.getIn(path, true) as { range?: [number, number, number] } | undefined)?.range?.[0] ?? 0;
  const complain: Complain = (path, message) => at(offsetOf(path), path, message);
  const broken = document.errors[0];
  if (broken) throw at(broken.pos[0], [], broken.message.replace(/ at line \d+, column \d+:.*/s, ""));
  const { data, error } = schema.safeParse(document.toJS());
  if (!error) return { data, complain };
  const issue = error.issues[0]!;
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys as [string];
    throw unknownName(place(offsetOf([...path, key]), path), "key", key, keysAt(schema, path));
  }
  if (path.length === 0 || document.hasIn(path)) throw complain(path, issue.message);
  throw complain(path.slice(0, -1), `${String(path.at(-1))}: ${issue.message}`);
}

/** The keys of the object that a schema has at a path; none where it is no plain object. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: unknown = schema;
  for (const step of [...path, undefined]) {
    while (here instanceof z.ZodDefault || here instanceof z.ZodOptional) here = here.unwrap();
    if (step === undefined) break;
    here =
      here instanceof z.ZodArray
        ? here.element
        : here instanceof z.ZodObject
          ? here.shape[step as string]
          : here;
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}
