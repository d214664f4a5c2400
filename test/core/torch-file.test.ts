/** @file Files of torch.save: PyTorch's own numbers out of them, nothing executed, and that no bytes do harm. */
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { decodeTorchFile, readStateDict, TorchTensor } from "../../src/core/torch-file.ts";
import { isVcaError } from "../../src/errors.ts";
import expected from "../fixtures/torch-file/expected.json" with { type: "json" };

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/torch-file/${name}`, import.meta.url)));
const fails = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return isVcaError(error) ? `${error.tag}: ${error.message}` : `not ours: ${error}`;
  }
  return "nothing failed";
};

describe("tensors", () => {
  it.each(["kinds.pt", "big-endian.pt"])("of %s are PyTorch's, of every type and layout", (file) => {
    const tensors = readStateDict(fixture(file), file);
    expect([...tensors.keys()]).toEqual(Object.keys(expected.kinds));
    for (const [name, { dtype, shape, values }] of Object.entries(expected.kinds)) {
      const tensor = tensors.get(name)!;
      expect({ dtype: tensor.dtype, shape: tensor.shape }).toEqual({ dtype, shape });
      const { data } = tensor.array();
      const exact = data instanceof BigInt64Array ? values.map(BigInt) : values.map(Number);
      expect([...data], name).toEqual(exact);
    }
  });

  it("are found under state_dict and without DataParallel's prefix", () => {
    const { names } = expected.published;
    expect([...readStateDict(fixture("published.pth"), "p").keys()]).toEqual(names);
    expect([...readStateDict(fixture("parallel.pth"), "p").keys()]).toEqual(names);
  });

  it("stand beside what a checkpoint holds else", () => {
    const object = decodeTorchFile(fixture("published.pth"), "p") as Map<string, unknown>;
    expect([...object.keys()]).toEqual(["epoch", "best_R", "state_dict"]);
    expect(object.get("epoch")).toBe(3);
  });
});

describe("a file that is refused", () => {
  it.each([
    [
      "evil.pth",
      "DataError: evil.pth: only tensors, arrays, numbers, text, lists and dicts were expected, got GLOBAL posix.system. Save the state_dict() alone with torch.save.",
    ],
    [
      "module.pth",
      "DataError: module.pth: only tensors, arrays, numbers, text, lists and dicts were expected, got GLOBAL torch.nn.modules.linear.Linear. Save the state_dict() alone with torch.save.",
    ],
    [
      "legacy.pth",
      "UnsupportedError: legacy.pth: the zip format of torch.save was expected, got the one before PyTorch 1.6. Load it in PyTorch and save it again with torch.save.",
    ],
    [
      "packed.pth",
      'UnsupportedError: packed.pth: a zip without compression was expected, as torch.save writes it, got "evil/data.pkl" compressed. Save it again with torch.save.',
    ],
    [
      "no-tensors.pth",
      "DataError: no-tensors.pth: a dict of tensors was expected, alone or under state_dict, model_state_dict, model, got one with epoch, loss. Save the state_dict() alone with torch.save.",
    ],
  ])("%s", (file, message) => {
    expect(fails(() => readStateDict(fixture(file), file))).toBe(message);
    expect(existsSync("/tmp/vca-evil")).toBe(false);
  });

  it("is no zip, or one of something else", () => {
    const whole = (got: string) =>
      `DataError: x.pth: a whole file of torch.save was expected, got ${got}. Fetch it again, or save it again.`;
    expect(fails(() => readStateDict(Uint8Array.of(1, 2, 3), "x.pth"))).toBe(whole('"invalid zip data"'));
    expect(fails(() => readStateDict(fixture("kinds.pt").subarray(0, 2000), "x.pth"))).toBe(
      whole('"invalid zip data"'),
    );
    const other = zipSync({ "word/document.xml": new Uint8Array(3) }, { level: 0 });
    expect(fails(() => readStateDict(other, "x.pth"))).toBe(whole("a zip without data.pkl"));
  });

  it("has a tensor that lies outside its numbers, or no numbers", () => {
    const pickle = (numel: number, size: number) =>
      Uint8Array.from(
        `\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK${String.fromCharCode(numel)}tQK\x00K${String.fromCharCode(size)}\x85K\x01\x85\x89NtRs.`,
        (c) => c.charCodeAt(0),
      );
    const file = (numel: number, size: number, bytes: number) =>
      zipSync({ "a/data.pkl": pickle(numel, size), "a/data/0": new Uint8Array(bytes) }, { level: 0 });
    expect(
      readStateDict(file(2, 2, 8), "x.pth")
        .get("w")!
        .array().data,
    ).toEqual(new Float32Array(2));
    expect(fails(() => readStateDict(file(2, 3, 8), "x.pth"))).toBe(
      "DataError: x.pth: a whole file of torch.save was expected, got a tensor that does not lie in its storage. Fetch it again, or save it again.",
    );
    expect(
      fails(() =>
        readStateDict(file(3, 3, 8), "x.pth")
          .get("w")!
          .array(),
      ),
    ).toBe(
      "DataError: x.pth: a whole file of torch.save was expected, got 8 bytes in a/data/0 where its tensors need 12. Fetch it again, or save it again.",
    );
    expect(fails(() => readStateDict(zipSync({ "a/data.pkl": pickle(2, 2) }, { level: 0 }), "x.pth"))).toBe(
      "DataError: x.pth: a whole file of torch.save was expected, got no numbers for storage 0. Fetch it again, or save it again.",
    );
  });
});

it("bytes changed at random give tensors or a tagged error", () => {
  const original = fixture("kinds.pt");
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const bytes = original.slice();
      for (const [at, value] of changes) bytes[at] = value;
      const message = fails(() => {
        for (const tensor of readStateDict(bytes, "x.pth").values()) {
          expect(tensor).toBeInstanceOf(TorchTensor);
          tensor.array();
        }
      });
      expect(message).not.toMatch(/^not ours/);
    }),
    { numRuns: 500 },
  );
});
