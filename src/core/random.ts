/**
 * @file Counter-based random numbers: Threefry-2x32-20 of Salmon et al. (2011), "Parallel random numbers:
 * as easy as 1, 2, 3", SC11. A stream is a pure function of (seed, path, position), so dropout at step
 * 1,000 can be drawn without the 999 before it, and two streams never depend on each other's use.
 */

/** Two unsigned 32-bit words. */
type Pair = readonly [number, number];
/** What names a stream: plain data, with which any thread can open it. */
export type RandomKey = Pair;

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** Threefry-2x32 with 20 rounds: 64 random bits from a 64-bit key and a 64-bit counter. */
export function threefry(key: Pair, counter: Pair): Pair {
  const keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]] as const;
  let x0 = (counter[0] + keys[0]) | 0;
  let x1 = (counter[1] + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round & 7]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2;
      x0 = (x0 + keys[(injection % 3) as 0 | 1 | 2]) | 0;
      x1 = (x1 + keys[((injection + 1) % 3) as 0 | 1 | 2] + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** A seeded stream of random numbers; `at` opens an independent stream beneath it. */
export class Random {
  readonly key: RandomKey;
  #position = 0;
  #spare: number | undefined;

  private constructor(key: Pair) {
    this.key = key;
  }

  /** The stream of that key, at its beginning. */
  static keyed(key: RandomKey): Random {
    return new Random(key);
  }

  /** The stream of `seed` (an integer from 0 to 2^53 - 1). */
  static seeded(seed: number): Random {
    return new Random([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]);
  }

  /** An independent stream named by `path`; it starts at its beginning however much of this one was used. */
  at(...path: readonly (string | number)[]): Random {
    let key = this.key;
    for (const part of path) {
      if (typeof part === "number") key = threefry(key, [part >>> 0, Math.floor(part / 2 ** 32) >>> 0]);
      else for (let i = 0; i < part.length; i++) key = threefry(key, [part.charCodeAt(i), 0x80000000 + i]);
      key = threefry(key, [typeof part === "number" ? 1 : 2, 0xffffffff]);
    }
    return new Random(key);
  }

  /** The next 32 random bits, as an unsigned integer. */
  bits(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const [first, second] = threefry(this.key, [this.#position++, 0]);
    this.#spare = second;
    return first;
  }

  /**
   * `target.length` random words, as `bits` would give them one by one, at several times its speed: two words
   * of state, no allocation.
   */
  fillBits(target: Uint32Array): void {
    const [key0, key1] = this.key;
    const keys = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1];
    for (let i = 0; i < target.length; i += 2) {
      let x0 = (this.#position++ + keys[0]!) | 0;
      let x1 = keys[1]!;
      for (let injection = 1; injection <= 5; injection++) {
        const even = (injection & 1) === 1;
        x0 = (x0 + x1) | 0;
        x1 = (even ? (x1 << 13) | (x1 >>> 19) : (x1 << 17) | (x1 >>> 15)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = (even ? (x1 << 15) | (x1 >>> 17) : (x1 << 29) | (x1 >>> 3)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = (even ? (x1 << 26) | (x1 >>> 6) : (x1 << 16) | (x1 >>> 16)) ^ x0;
        x0 = (x0 + x1) | 0;
        x1 = (even ? (x1 << 6) | (x1 >>> 26) : (x1 << 24) | (x1 >>> 8)) ^ x0;
        x0 = (x0 + keys[injection % 3]!) | 0;
        x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
      }
      target[i] = x0;
      if (i + 1 < target.length) target[i + 1] = x1;
    }
  }

  /** Uniform on [0, 1), 32 bits fine. */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** Standard normal, by Box and Muller (1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 1) / 2 ** 32));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A uniform integer from 0 to n - 1. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** A random order of 0 .. n - 1 (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}
