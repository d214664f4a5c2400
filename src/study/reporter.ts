/** @file How long work tells what it does. The command line draws it; a test or a script may stay silent. */

/** Where messages and progress go. */
export interface Reporter {
  /** Something worth knowing: what is about to be done, what was found. */
  note(text: string): void;
  /** Something the user should look at. */
  warn(text: string): void;
  /** `done` of `total` in a stage, such as "features"; `now` says what just this moment is worked on. Called often. */
  progress(stage: string, done: number, total: number, now?: string): void;
}

/** Says nothing. */
export const SILENT: Reporter = { note: () => {}, warn: () => {}, progress: () => {} };
