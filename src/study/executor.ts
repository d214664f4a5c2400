/**
 * @file Carries out the steps of a study, each as soon as those that it reads are done, as many at once as the
 * executor has places. An executor knows how one step is started (a process here, a job of a cluster); nothing else does.
 */
import type { Step } from "./step.ts";

/** Where steps run. */
export interface Executor {
  /** How many at once. */
  readonly places: number;
  /** Carries out one step; rejects with an error whose message says why it failed. Where it can, it tells how far the step is. */
  run(step: Step, signal: AbortSignal | undefined, onProgress: StepProgress): Promise<void>;
}

/** Told `done` of `total` in a stage of a step. */
export type StepProgress = (stage: string, done: number, total: number) => void;

/** A step that failed or was given up. */
export interface Outcome {
  readonly step: Step;
  /** Why it failed, or which step that it reads did. */
  readonly failure: string;
}

/**
 * Carries out `steps`, which stand after those that they read. A step that fails takes with it those that read it; the
 * others go on.
 * @param isDone whether a step was finished before
 * @param onChange called when a step starts and when it ends
 * @returns the steps that failed or were given up, in the order of the plan
 */
export async function executeSteps(options: {
  readonly steps: readonly Step[];
  readonly executor: Executor;
  readonly isDone: (step: Step) => Promise<boolean>;
  readonly onChange: (event: "start" | "end", step: Step, seconds?: number) => void;
  /** Told what the running steps do, such as `fit vca: training 40 %`. */
  readonly onProgress: (now: string) => void;
  readonly signal?: AbortSignal | undefined;
}): Promise<Outcome[]> {
  const { steps, executor, onChange, onProgress, signal } = options;
  const failures = new Map<string, string>();
  const done = new Set<string>();
  for (const step of steps) if (await options.isDone(step)) done.add(step.hash);
  const waiting = new Set(steps.filter(({ hash }) => !done.has(hash)));
  const running = new Set<Promise<void>>();
  const doing = new Map<string, string>();
  const tell = () => onProgress([...doing.values()].join("; "));

  const start = async (step: Step) => {
    const started = performance.now();
    doing.set(step.hash, step.name);
    onChange("start", step);
    tell();
    try {
      await executor.run(step, signal, (stage, done, total) => {
        doing.set(step.hash, `${step.name}: ${stage} ${Math.floor((100 * done) / total)} %`);
        tell();
      });
      done.add(step.hash);
      onChange("end", step, (performance.now() - started) / 1000);
    } catch (error) {
      failures.set(step.hash, error instanceof Error ? error.message : String(error));
    } finally {
      doing.delete(step.hash);
    }
  };

  for (;;) {
    signal?.throwIfAborted();
    for (const step of waiting) {
      const broken = step.inputs.find((input) => failures.has(input));
      if (broken !== undefined) {
        const { name } = steps.find(({ hash }) => hash === broken)!;
        failures.set(step.hash, `not begun, because ${name} failed`);
        waiting.delete(step);
      } else if (running.size < executor.places && step.inputs.every((input) => done.has(input))) {
        waiting.delete(step);
        const task = start(step).finally(() => running.delete(task));
        running.add(task);
      }
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  for (const step of waiting) failures.set(step.hash, cycleOf(step, waiting));
  return steps.flatMap((step) => {
    const failure = failures.get(step.hash);
    return failure === undefined ? [] : [{ step, failure }];
  });
}

/** Why a step that waits for ever does: the names of steps that wait for one another, the first again at the end. */
function cycleOf(step: Step, waiting: ReadonlySet<Step>): string {
  const way = [step];
  for (;;) {
    const { inputs } = way.at(-1)!;
    const next = [...waiting].find(({ hash }) => inputs.includes(hash))!;
    const start = way.indexOf(next);
    way.push(next);
    if (start < 0) continue;
    const names = way.slice(start).map(({ name }) => name);
    return `not begun, because it waits for ${start > 0 ? "a step that waits for " : ""}itself: ${names.join(" -> ")}`;
  }
}
