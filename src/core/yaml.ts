/** @file YAML that people write: parsed once as a document, checked as data, each complaint with its line. */
import { LineCounter, parseDocument, visit } from "yaml";
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

/** Far more than anybody writes; a parser that is fed any number of brackets overflows. */
const LONGEST = 2 ** 15;

/**
 * The checked data of a document, and how to complain of it further.
 * @throws ConfigError `<file> line <n>: <path>: <message>. <remedy>`; an unknown key with the nearest known one
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  { schema, where, what, remedy }: YamlReading<T>,
): { data: z.infer<T>; complain: Complain } {
  if (text.length > LONGEST)
    throw new VcaError(
      "ConfigError",
      `${where}: at most ${LONGEST} characters were expected, got ${text.length}. ${remedy}`,
    );
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
  const place = (offset: number, path: readonly PropertyKey[]) =>
    `${where} line ${lines.linePos(offset).line}: ${path.map(String).join(".") || what}`;
  const at = (offset: number, path: readonly PropertyKey[], message: string) =>
    new VcaError("ConfigError", `${place(offset, path)}: ${message}. ${remedy}`);
  const offsetOf = (path: readonly PropertyKey[]) =>
    (document.getIn(path, true) as { range?: [number, number, number] } | undefined)?.range?.[0] ?? 0;
  const complain: Complain = (path, message) => at(offsetOf(path), path, message);
  const broken = document.errors[0];
  if (broken) throw at(broken.pos[0], [], plainly(broken));
  visit(document, {
    Alias: (_, alias) => {
      const { source, range } = alias;
      if (!alias.resolve(document))
        throw at(range![0], [], `an anchor &${source} before *${source} was expected`);
    },
  });
  let parsed: unknown;
  try {
    parsed = document.toJS();
  } catch (cause) {
    throw at(0, [], plainly(cause));
  }
  const { data, error } = schema.safeParse(parsed);
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

/** What the parser says, without the place that it adds. */
function plainly(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/call stack/.test(message)) return "fewer levels, one inside another, were expected";
  if (/alias count/.test(message)) return "fewer aliases, one inside another, were expected";
  return message.replace(/ at line \d+, column \d+:.*/s, "");
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
