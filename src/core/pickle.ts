/**
 * @file Python's pickle as data only. A pickle is a program for a stack machine; this machine has no more than
 * the instructions that build numbers, text, lists and dicts, and calls no function but those of the caller's
 * table. Everything else is refused by name, so that no file can run anything. Source: the comments of
 * `Lib/pickletools.py` of CPython, protocols 2 to 5.
 */
import { VcaError } from "../errors.ts";

/** What a pickle may ask for, and how its faults are told. */
export interface PickleRules {
  /** Named in errors, usually the file. */
  readonly where: string;
  /** A sentence's beginning that says what to do about a pickle that holds more than data, such as `Save the arrays alone`. */
  readonly remedy: string;
  /** By `module.name`: a function is called with the arguments that the pickle gives it; anything else is a value. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** What stands for an object that lies outside the pickle. */
  readonly persistentLoad?: (id: unknown) => unknown;
}

/** An object to which a pickle may give a state after it was made. */
export interface Buildable {
  build(state: unknown): void;
}

/**
 * The object in a pickle: dicts are `Map`s, lists and tuples arrays, None is null, bytes are `Uint8Array`s, whole
 * numbers beyond 2^53 bigints.
 * @throws DataError for anything that is not in the rules, by its Python name; for a pickle cut short.
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules): unknown {
  try {
    return new Machine(bytes, rules).run();
  } catch (cause) {
    if (cause instanceof VcaError) throw cause;
    const got = cause instanceof RangeError ? "one that is cut short" : String(cause);
    throw fault(rules, "a whole pickle was expected", got, cause);
  }
}

function fault({ where, remedy }: PickleRules, expected: string, got: string, cause?: unknown): VcaError {
  return new VcaError("DataError", `${where}: ${expected}, got ${got}. ${remedy}.`, { cause });
}

const NEWEST_PROTOCOL = 5;

class Machine {
  readonly rules: PickleRules;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;

  constructor(bytes: Uint8Array, rules: PickleRules) {
    this.rules = rules;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const opcode = this.uint(1);
      if (opcode === STOP) return this.pop();
      const instruction = INSTRUCTIONS.get(opcode);
      if (!instruction) {
        const name = REFUSED.get(opcode) ?? `0x${opcode.toString(16).padStart(2, "0")}`;
        throw this.refused(`instruction ${name}`);
      }
      instruction(this);
    }
  }

  /** A part of the pickle that is more than data. */
  refused(got: string): VcaError {
    return fault(this.rules, "only tensors, arrays, numbers, text, lists and dicts were expected", got);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.#at += width;
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, true);
  }

  double(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8); // the only big-endian number of the format
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new RangeError();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError();
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  /** A two's complement number, little-endian. */
  long(width: number): number | bigint {
    let value = 0n;
    for (const byte of this.take(width).toReversed()) value = (value << 8n) | BigInt(byte);
    const signed = BigInt.asIntN(8 * width, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw new RangeError();
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** What was pushed since the last mark. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new RangeError();
    return this.#stack.splice(mark);
  }

  tuple(length: number): void {
    this.push(Array.from({ length }, () => this.pop()).reverse());
  }

  remember(place = this.#memo.size): void {
    this.#memo.set(place, this.top());
  }

  recall(place: number): void {
    if (!this.#memo.has(place)) throw new RangeError();
    this.push(this.#memo.get(place));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.refused("a list's items in what is no list");
    for (const value of values) list.push(value);
  }

  set(values: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.refused("a dict's items in what is no dict");
    for (let i = 0; i + 1 < values.length; i += 2) dict.set(values[i], values[i + 1]);
  }

  global(module: unknown, name: unknown): void {
    const path = `${module}.${name}`;
    if (!this.rules.globals.has(path)) throw this.refused(`GLOBAL ${path}`);
    this.push(this.rules.globals.get(path));
  }

  reduce(): void {
    const args = this.pop();
    const called = this.pop();
    if (typeof called !== "function" || !Array.isArray(args))
      throw this.refused("a call of what is no function");
    this.push(called(...args));
  }

  /** Attributes that Python gave to a dict are of no use here. */
  build(): void {
    const state = this.pop();
    const object = this.top() as Map<unknown, unknown> | Partial<Buildable> | null;
    if (object instanceof Map) return;
    if (typeof object?.build !== "function") throw this.refused("a state for what has none");
    object.build(state);
  }

  persistent(): void {
    if (!this.rules.persistentLoad) throw this.refused("an object outside the pickle");
    this.push(this.rules.persistentLoad(this.pop()));
  }
}

const STOP = 0x2e;

/** What each instruction does; those without an entry are refused. */
const INSTRUCTIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [
    0x80, // PROTO
    (m) => {
      const protocol = m.uint(1);
      if (protocol > NEWEST_PROTOCOL) throw m.refused(`protocol ${protocol}`);
    },
  ],
  [0x95, (m) => void m.uint(8)], // FRAME
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m) => m.push(m.int())], // BININT
  [0x4b, (m) => m.push(m.uint(1))], // BININT1
  [0x4d, (m) => m.push(m.uint(2))], // BININT2
  [0x8a, (m) => m.push(m.long(m.uint(1)))], // LONG1
  [0x47, (m) => m.push(m.double())], // BINFLOAT
  [0x8c, (m) => m.push(m.text(m.uint(1)))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(m.text(m.uint(4)))], // BINUNICODE
  [0x8d, (m) => m.push(m.text(m.uint(8)))], // BINUNICODE8
  [0x43, (m) => m.push(m.take(m.uint(1)))], // SHORT_BINBYTES
  [0x42, (m) => m.push(m.take(m.uint(4)))], // BINBYTES
  [0x8e, (m) => m.push(m.take(m.uint(8)))], // BINBYTES8
  [0x28, (m) => m.mark()], // MARK
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x73, (m) => m.set([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.set(m.popMark())], // SETITEMS
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popMark())], // APPENDS
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x74, (m) => m.push(m.popMark())], // TUPLE
  [0x71, (m) => m.remember(m.uint(1))], // BINPUT
  [0x72, (m) => m.remember(m.uint(4))], // LONG_BINPUT
  [0x94, (m) => m.remember()], // MEMOIZE
  [0x68, (m) => m.recall(m.uint(1))], // BINGET
  [0x6a, (m) => m.recall(m.uint(4))], // LONG_BINGET
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [
    0x93, // STACK_GLOBAL
    (m) => {
      const name = m.pop();
      m.global(m.pop(), name);
    },
  ],
  [0x52, (m) => m.reduce()], // REDUCE
  [0x62, (m) => m.build()], // BUILD
  [0x51, (m) => m.persistent()], // BINPERSID
]);

/** Names of the other instructions, for errors. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x81, "NEWOBJ"],
  [0x92, "NEWOBJ_EX"],
  [0x69, "INST"],
  [0x6f, "OBJ"],
  [0x50, "PERSID"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x8b, "LONG4"],
  [0x8f, "EMPTY_SET"],
  [0x90, "ADDITEMS"],
  [0x91, "FROZENSET"],
  [0x96, "BYTEARRAY8"],
  [0x97, "NEXT_BUFFER"],
  [0x98, "READONLY_BUFFER"],
  [0x30, "POP"],
  [0x31, "POP_MARK"],
  [0x32, "DUP"],
  [0x46, "FLOAT"],
  [0x49, "INT"],
  [0x4c, "LONG"],
  [0x53, "STRING"],
  [0x54, "BINSTRING"],
  [0x55, "SHORT_BINSTRING"],
  [0x56, "UNICODE"],
  [0x64, "DICT"],
  [0x67, "GET"],
  [0x6c, "LIST"],
  [0x70, "PUT"],
]);
