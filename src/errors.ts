/**
 * @file Tagged errors. Every failure a user can meet is a `VcaError`: its message says where, what was
 * expected and what was found, then one sentence that starts with a verb and mends it; its tag decides
 * the exit code. Idea from zarrita.js (`packages/zarrita/src/errors.ts`).
 */
import { closest } from "fastest-levenshtein";

/** What went wrong, as a closed set. */
export type ErrorTag =
  | "ShapeError"
  | "DataError"
  | "ConfigError"
  | "CheckpointError"
  | "EngineError"
  | "UnsupportedError"
  | "NetworkError"
  | "StorageError";

/** An error of ours: `tag` names the kind, `cause` keeps the error that led to it. */
export class VcaError extends Error {
  override readonly name: string;
  readonly tag: ErrorTag;

  /** @param message `<where>: <expected>, got <value>. <Verb the remedy>.` */
  constructor(tag: ErrorTag, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = tag;
    this.tag = tag;
  }
}

/** Whether `error` is a `VcaError`, of kind `tag` when one is given. */
export function isVcaError(error: unknown, tag?: ErrorTag): error is VcaError {
  return error instanceof VcaError && (tag === undefined || error.tag === tag);
}

/** The exit code of each kind: 2 usage or configuration, 3 data, 4 engine, 5 network or storage. */
export const EXIT_CODES: Readonly<Record<ErrorTag, number>> = {
  ConfigError: 2,
  UnsupportedError: 2,
  DataError: 3,
  ShapeError: 3,
  CheckpointError: 3,
  EngineError: 4,
  NetworkError: 5,
  StorageError: 5,
};

/**
 * The error for a name outside a closed set: names the nearest choice and lists them all.
 * @example unknownName("fit", "circuit", "liu205", ["vca", "liu2025"]) // fit: unknown circuit "liu205". Did you mean "liu2025"? Choices: vca, liu2025.
 */
export function unknownName(where: string, what: string, got: string, choices: readonly string[]): VcaError {
  const nearest = choices.length > 0 ? ` Did you mean "${closest(got, [...choices])}"?` : "";
  return new VcaError(
    "ConfigError",
    `${where}: unknown ${what} "${got}".${nearest} Choices: ${choices.join(", ")}.`,
  );
}
