/**
 * @file Optimizers as graph nodes: from a parameter, its gradient and its moments to their next values.
 * They equal PyTorch's `torch.optim.AdamW` and `torch.optim.SGD` (2.13), step for step.
 */
import { add, div, mul, type Operand, sqrt, sub, type Value } from "./build.ts";

/** A parameter's next value and the next values of its moments, in the order in which they were given. */
export interface Update {
  readonly parameter: Value;
  readonly moments: readonly Value[];
}

/** The decay of AdamW's first moment, as everywhere. */
export const BETA1 = 0.9;

/** How many arrays of a parameter's shape each optimizer remembers. */
export const MOMENTS = { adamw: 2, sgd: 1 } as const;

/**
 * AdamW: m' = b1 m + (1 - b1) g; v' = b2 v + (1 - b2) g^2;
 * w' = w (1 - lr decay) - lr (m' / c1) / (sqrt(v' / c2) + epsilon), where c = 1 - b^t corrects the bias.
 * @param rate scalars that change from step to step: `lr`, and the corrections `c1`, `c2`
 * @see Loshchilov & Hutter 2019, "Decoupled weight decay regularization", ICLR
 */
export function adamw(
  { parameter, gradient, moments }: { parameter: Value; gradient: Value; moments: readonly Value[] },
  { lr, c1, c2 }: { lr: Value; c1: Value; c2: Value },
  { decay, beta2 = 0.999, epsilon = 1e-8 }: { decay: number; beta2?: number; epsilon?: number },
): Update {
  const m = add(mul(moments[0]!, BETA1), mul(gradient, 1 - BETA1));
  const v = add(mul(moments[1]!, beta2), mul(mul(gradient, gradient), 1 - beta2));
  // (m / c1) / (sqrt(v / c2) + epsilon) with the scalars gathered: they cost nothing, passes over arrays do.
  const direction = div(m, add(mul(sqrt(v), div(c1, sqrt(c2))), mul(c1, epsilon)));
  const kept = decay === 0 ? parameter : mul(parameter, sub(1, mul(lr, decay)));
  return { parameter: sub(kept, mul(direction, lr)), moments: [m, v] };
}

/**
 * SGD with momentum and L2 decay: u' = momentum u + (g + decay w); w' = w - lr u'.
 * Started with u = 0 this is PyTorch's, whose first step sets u to the gradient.
 */
export function sgd(
  { parameter, gradient, moments }: { parameter: Value; gradient: Value; moments: readonly Value[] },
  { lr }: { lr: Value },
  { decay, momentum }: { decay: number; momentum: number },
): Update {
  const pull: Operand = decay === 0 ? gradient : add(gradient, mul(parameter, decay));
  const velocity = add(mul(moments[0]!, momentum), pull);
  return { parameter: sub(parameter, mul(velocity, lr)), moments: [velocity] };
}
