import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openEncoder } from "../../src/encoders/encoder.ts";
import { changedFiles, listPulled, pullEncoder } from "../../src/encoders/hub.ts";
import { parseHubName } from "../../src/encoders/hub-name.ts";
import { isVcaError } from "../../src/errors.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { vca } from "../cli/run.ts";
import { COMMIT, type HubServer, startHub } from "../support/hub-server.ts";
import { outsideModel } from "../support/outside-model.ts";
import { shared } from "../support/shared.ts";
import { tinyConvolutional, tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return { ...real, open: vi.fn(real.open), statfs: vi.fn(real.statfs) };
});

const root = await mkdtemp(join(tmpdir(), "vca-hub-"));
afterAll(() => rm(root, { recursive: true }));

const model = encodeOnnx(tinyTransformer({ blocks: 4 }));
const other = encodeOnnx(tinyConvolutional());
const hash = createHash("sha256").update(model).digest("hex");
const FILE = "onnx/model.onnx";
const tiny = { files: { "preprocessor_config.json": tinySettings, "config.json": "{}", [FILE]: model } };

let hub: HubServer;
let cache: string;
let count = 0;
beforeAll(async () => {
  hub = await startHub({});
});
afterAll(() => hub.close());
beforeEach(() => {
  hub.repositories = { "acme/tiny": tiny };
  hub.trouble = () => undefined;
  hub.asked.length = 0;
  cache = join(root, `cache-${count++}`);
  vi.stubEnv("VCA_CACHE", cache);
  vi.stubEnv("HF_ENDPOINT", `${hub.endpoint}/`);
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HUB_OFFLINE", "");
});
const openReally = vi.mocked(open).getMockImplementation()!;
afterEach(() => {
  vi.unstubAllEnvs();
  vi.mocked(open).mockImplementation(openReally);
});

const waits: number[] = [];
const wait = async (milliseconds: number) => {
  waits.push(milliseconds);
};
beforeEach(() => {
  waits.length = 0;
});

const pull = (name: string, options = {}) => pullEncoder(parseHubName(name)!, { wait, ...options });
const folderOf = (name = "acme--tiny") => join(cache, "encoders", name, COMMIT);
const filesBelow = async (folder: string) =>
  (await readdir(folder, { recursive: true }).catch(() => [])).sort();
const where = (file = FILE) => `acme/tiny@${COMMIT}:${file}`;

async function refusal(work: Promise<unknown>, tag = "NetworkError"): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(isVcaError(error) ? error.tag : error).toBe(tag);
  return (error as Error).message.replaceAll(root, "ROOT").replaceAll(new URL(hub.endpoint).host, "HUB");
}

test("what looks like a path is no name of the hub, and no file leaves its repository", () => {
  for (const text of ["./a", "/a/b", "../a/b", "C:/a/b", "a\\b", "a/b/c", "a", "a/..", "a/b@..", "a/b@"]) {
    expect(parseHubName(text)).toBeUndefined();
  }
  for (const what of ["../x.onnx", "a//x.onnx", "./x.onnx", "q8", "constructor"]) {
    expect(() => parseHubName(`a/b:${what}`)).toThrow(`a/b:${what}: unknown precision "${what}".`);
  }
  expect(parseHubName("a/b@refs/pr/1:x/y.onnx")).toEqual({
    repository: "a/b",
    revision: "refs/pr/1",
    files: ["x/y.onnx"],
  });
});

test("an encoder is pulled once, pinned to its commit, recorded and opened without a network", async () => {
  const pulled = await pull("acme/tiny");
  expect(pulled).toMatchObject({ repository: "acme/tiny", commit: COMMIT, folder: folderOf(), file: FILE });
  expect(pulled.sha256[FILE]).toBe(hash);
  expect(await filesBelow(join(cache, "encoders"))).toEqual([
    "acme--tiny",
    `acme--tiny/${COMMIT}`,
    `acme--tiny/${COMMIT}/onnx`,
    `acme--tiny/${COMMIT}/onnx--model.onnx.sha256`,
    `acme--tiny/${COMMIT}/onnx/model.onnx`,
    `acme--tiny/${COMMIT}/preprocessor_config.json`,
    "acme--tiny/refs",
    "acme--tiny/refs/main",
  ]);
  expect(await readFile(join(folderOf(), "onnx--model.onnx.sha256"), "utf8")).toContain(`${hash}  ${FILE}\n`);
  hub.asked.length = 0;
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  expect(await openEncoder("acme/tiny")).toMatchObject({
    name: "tiny",
    id: hash,
    source: `hub:acme/tiny@${COMMIT}:${FILE}`,
    kind: "transformer",
  });
  expect(hub.asked).toEqual([]);
  expect(await listPulled()).toEqual([pulled]);
});

test("a file, a revision and a precision may be named", async () => {
  const half = encodeOnnx(tinyTransformer({ blocks: 2 }));
  const next = "f".repeat(40);
  hub.repositories["acme/tiny"] = {
    files: {
      ...tiny.files,
      "onnx/model_fp16.onnx": half,
      "other/net.onnx": other,
      "onnx/vision_model.onnx": other,
    },
    revisions: { main: COMMIT, "refs/pr/1": next, v2: next },
  };
  expect((await pull("acme/tiny")).file).toBe("onnx/vision_model.onnx");
  expect((await pull("acme/tiny:fp16")).file).toBe("onnx/model_fp16.onnx");
  expect(await pull("acme/tiny@v2:other/net.onnx")).toMatchObject({ commit: next, file: "other/net.onnx" });
  expect(await pull(`acme/tiny@${next}`)).toMatchObject({ commit: next });
});

test("a branch stays at its commit until it is pulled again", async () => {
  await pull("acme/tiny");
  const next = "e".repeat(40);
  hub.repositories["acme/tiny"] = {
    files: { ...tiny.files, [FILE]: other },
    revisions: { main: next, old: COMMIT },
  };
  expect(await pull("acme/tiny")).toMatchObject({ commit: COMMIT });
  expect(await pull("acme/tiny", { refresh: true })).toMatchObject({ commit: next });
  expect(await pull("acme/tiny")).toMatchObject({ commit: next });
});

test("the token goes to the hub and to no other host", async () => {
  hub.repositories["acme/tiny"] = { ...tiny, token: "hf_secret" };
  expect(await refusal(pull("acme/tiny"))).toBe(
    "acme/tiny: a repository that may be read was expected, got 401 of HUB. Check the name; set HF_TOKEN if it is private, and accept its terms on its page if it is gated.",
  );
  vi.stubEnv("HF_TOKEN", "hf_secret");
  hub.asked.length = 0;
  await pull("acme/tiny");
  expect(hub.asked.filter(({ store }) => store)).toHaveLength(1);
  for (const { store, authorization } of hub.asked)
    expect(authorization).toBe(store ? undefined : "Bearer hf_secret");
});

test("names, revisions and files that do not exist are refused", async () => {
  expect(await refusal(pull("acme/none"))).toBe(
    "acme/none: a repository of HUB was expected, got none. Check the name.",
  );
  expect(await refusal(pull("acme/tiny@v9"))).toBe(
    'acme/tiny: a branch, tag or commit of the repository was expected, got "v9". Choose one that its page shows.',
  );
  expect(await refusal(pull("acme/tiny:no.onnx"))).toBe(
    `acme/tiny: no.onnx was expected at revision "${COMMIT}", got no such file. Choose a repository with ONNX files, or name one of its files as acme/tiny:FILE.onnx.`,
  );
  expect(await refusal(pull("acme/tiny:fp16"))).toBe(
    `acme/tiny: onnx/vision_model_fp16.onnx or onnx/model_fp16.onnx or model_fp16.onnx was expected at revision "${COMMIT}", got no such file. Choose a repository with ONNX files, or name one of its files as acme/tiny:FILE.onnx.`,
  );
  expect(await refusal(openEncoder("acme/tiny:q8"), "ConfigError")).toBe(
    'acme/tiny:q8: unknown precision "q8". Did you mean "fp32"? Choices: fp32, fp16, FILE.onnx.',
  );
  hub.trouble = () => ({ status: 403 });
  expect(await refusal(pull("acme/tiny"))).toContain("got 403 of HUB. Check the name;");
  hub.trouble = () => ({ status: 410 });
  expect(await refusal(pull("acme/tiny"))).toBe(
    "acme/tiny@main:preprocessor_config.json: the file was expected, got 410 of HUB. Check the name and HF_ENDPOINT.",
  );
  expect(await filesBelow(join(cache, "encoders"))).not.toContain("acme--tiny/refs");
});

test("a hub that tells no commit", async () => {
  hub.repositories["acme/tiny"] = { ...tiny, revisions: { main: "latest" } };
  expect(await refusal(pull("acme/tiny"))).toBe(
    'acme/tiny: the commit of "main" was expected, got none from http://HUB. Name the commit as acme/tiny@COMMIT.',
  );
});

test("offline, and a hub that is no address or is not there", async () => {
  vi.stubEnv("HF_HUB_OFFLINE", "true");
  expect(await refusal(pull("acme/tiny"))).toBe(
    `acme/tiny: an encoder in the cache was expected, got none in ${cache.replace(root, "ROOT")}/encoders/acme--tiny while HF_HUB_OFFLINE is set. Unset it, or copy the folder from another machine's cache.`,
  );
  expect(hub.asked).toEqual([]);
  vi.stubEnv("HF_HUB_OFFLINE", "0");
  vi.stubEnv("HF_ENDPOINT", "huggingface.co");
  expect(await refusal(pull("acme/tiny"), "ConfigError")).toBe(
    'HF_ENDPOINT: an address such as https://huggingface.co was expected, got "huggingface.co". Correct or unset it.',
  );
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
  expect(await refusal(pull("acme/tiny"))).toBe(
    "acme/tiny@main:preprocessor_config.json: the whole file was expected, got no connection to 127.0.0.1:9, at the last of 5 tries. Run the same command again; what has come is kept.",
  );
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
});

test.each([429, 500, 503])(
  "%d is tried again, after as long as the hub asks for and a minute at most",
  async (status) => {
    const after = ["2", "86400", "soon"];
    hub.trouble = () => {
      const value = after.shift();
      return value === undefined ? undefined : { status, headers: { "retry-after": value } };
    };
    await pull("acme/tiny");
    expect(waits).toEqual([2000, 60_000, 4000]);
    hub.trouble = () => ({ status });
    expect(await refusal(pull("acme/tiny", { refresh: true }))).toContain(
      `got ${status} of HUB, at the last of 5 tries. Run the same command again; what has come is kept.`,
    );
  },
);

test("a Retry-After may be a date", async () => {
  let first = true;
  hub.trouble = () => {
    if (!first) return undefined;
    first = false;
    return { status: 429, headers: { "retry-after": new Date(Date.now() + 30_000).toUTCString() } };
  };
  await pull("acme/tiny");
  expect(waits[0]).toBeGreaterThan(20_000);
  expect(waits[0]).toBeLessThanOrEqual(30_000);
});

test("a body cut short is gone on with from its last byte", async () => {
  let cuts = 0;
  hub.trouble = ({ store, method }) => (store && method === "GET" && cuts++ < 2 ? { cut: 1000 } : undefined);
  await pull("acme/tiny");
  expect(hub.asked.filter(({ store }) => store).map(({ range }) => range)).toEqual([
    undefined,
    "bytes=1000-",
    "bytes=2000-",
  ]);
  expect(new Uint8Array(await readFile(join(folderOf(), FILE)))).toEqual(model);
});

test("a download that broke for good leaves no file of that name, and the next one goes on", async () => {
  hub.trouble = ({ store }) => (store ? { cut: 300 } : undefined);
  expect(await refusal(pull("acme/tiny"))).toMatch(
    new RegExp(
      `^${where()}: the whole file was expected, got a connection that broke after 1500 of ${model.length} bytes, at the last of 5 tries\\. Run the same command again; what has come is kept\\.$`,
    ),
  );
  const kept = await filesBelow(folderOf());
  expect(kept).toEqual(["onnx", `${FILE}.${hash.slice(0, 16)}.part`, "preprocessor_config.json"]);
  hub.trouble = () => undefined;
  hub.asked.length = 0;
  await pull("acme/tiny");
  expect(hub.asked.find(({ store }) => store)?.range).toBe("bytes=1500-");
  expect(await filesBelow(folderOf())).toEqual([
    "onnx",
    "onnx--model.onnx.sha256",
    FILE,
    "preprocessor_config.json",
  ]);
});

test("wrong bytes never take the name: from the network, and in a part left by another", async () => {
  const wrong = model.slice().fill(7, 100, 200);
  const got = createHash("sha256").update(wrong).digest("hex");
  hub.trouble = ({ store }) => (store ? { body: wrong } : undefined);
  expect(await refusal(pull("acme/tiny"))).toBe(
    `${where()}: sha256 ${hash} was expected, got ${got}. Fetch it again later, or name another revision.`,
  );
  expect(await filesBelow(folderOf())).toEqual(["onnx", "preprocessor_config.json"]);
  hub.trouble = () => undefined;
  const part = join(folderOf(), `${FILE}.${hash.slice(0, 16)}.part`);
  await writeFile(part, wrong.subarray(0, 500));
  await pull("acme/tiny");
  await rm(folderOf(), { recursive: true });
  await mkdir(join(folderOf(), "onnx"), { recursive: true });
  await writeFile(part, new Uint8Array(model.length + 10));
  await pull("acme/tiny");
  expect(new Uint8Array(await readFile(join(folderOf(), FILE)))).toEqual(model);
  expect(await refusal(pull("acme/tiny", { refresh: true, sha256: "0".repeat(64) }))).toBe(
    `${where()}: sha256 ${"0".repeat(64)} was expected, got ${hash}. Fetch it again later, or name another revision.`,
  );
});

test("a model changed after its pull is not used", async () => {
  const pulled = await pull("acme/tiny");
  await writeFile(join(folderOf(), FILE), other);
  const got = createHash("sha256").update(other).digest("hex");
  const folder = folderOf().replace(root, "ROOT");
  expect(await refusal(openEncoder("acme/tiny"), "DataError")).toBe(
    `${folder}/${FILE}: the model that was pulled was expected (sha256 ${hash}), got ${got}. Remove ${folder} and pull it again.`,
  );
  expect(await changedFiles(pulled)).toEqual([`${FILE}: ${got}`]);
  await rm(join(folderOf(), FILE));
  expect(await changedFiles(pulled)).toEqual([`${FILE}: no readable file`]);
  await openEncoder("acme/tiny");
  expect(await changedFiles(pulled)).toEqual([]);
});

test("weights in a file of their own come too, and models above 2 GiB do not", async () => {
  const { bytes, data } = outsideModel("model.onnx_data");
  hub.repositories["acme/tiny"] = { files: { ...tiny.files, [FILE]: bytes, "onnx/model.onnx_data": data } };
  const pulled = await pull("acme/tiny");
  expect(Object.keys(pulled.sha256)).toEqual(["preprocessor_config.json", FILE, "onnx/model.onnx_data"]);
  expect((await openEncoder("acme/tiny")).id).not.toBe(pulled.sha256[FILE]);
  hub.trouble = ({ path, store }) =>
    path.endsWith(".onnx") && !store
      ? { status: 302, headers: { "x-linked-size": "3221225472", location: "http://other.example/x" } }
      : undefined;
  expect(await refusal(pull("acme/tiny", { refresh: true }), "UnsupportedError")).toBe(
    "acme/tiny:onnx/vision_model.onnx: a model of at most 2 GiB was expected, got 3.0 GiB. Choose a smaller encoder.",
  );
});

test("a disk that fills up at half is told, and the download goes on when there is room", async () => {
  let room = model.length / 2;
  vi.mocked(open).mockImplementation(async (...args) => {
    const file = await openReally(...args);
    if (!/model\.onnx.*\.part$/.test(String(args[0]))) return file;
    const write = file.write.bind(file) as (...all: unknown[]) => ReturnType<typeof file.write>;
    const filling = (data: Uint8Array, from: number, n: number, at: number) => {
      const some = Math.min(room, n);
      room -= some;
      const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      return some > 0 ? write(data, from, some, at) : Promise.reject(full);
    };
    return Object.assign(file, { write: filling });
  });
  const part = `${folderOf()}/${FILE}.${hash.slice(0, 16)}.part`;
  expect(await refusal(pull("acme/tiny"), "StorageError")).toBe(
    `${part.replace(root, "ROOT")}: could not be written, got a full disk. Free some space and run the same command again.`,
  );
  expect(await filesBelow(folderOf())).not.toContain(FILE);
  expect(await readFile(part)).toHaveLength(model.length / 2);
  vi.mocked(open).mockImplementation(openReally);
  hub.asked.length = 0;
  await pull("acme/tiny");
  expect(hub.asked.find(({ store }) => store)?.range).toBe(`bytes=${model.length / 2}-`);
});

test("a disk without room is refused before anything is fetched", async () => {
  const { bsize } = await statfs(root);
  vi.mocked(statfs).mockResolvedValueOnce({ bavail: 0, bsize } as never);
  expect(await refusal(pull("acme/tiny"), "StorageError")).toBe(
    `${folderOf().replace(root, "ROOT")}/preprocessor_config.json: ${tinySettings.length} bytes of free disk were expected, got 0 bytes. Free some space, or point VCA_CACHE to another disk.`,
  );
  expect(await filesBelow(cache)).toEqual([]);
});

test("an interrupted download keeps what came", async () => {
  const stop = new AbortController();
  const reporter = { note: () => {}, progress: () => stop.abort(new Error("stop")) };
  await expect(pull("acme/tiny", { reporter, signal: stop.signal })).rejects.toThrow("stop");
  expect(await filesBelow(folderOf())).not.toContain(FILE);
  await pull("acme/tiny");
});

test("progress is told", async () => {
  const notes: string[] = [];
  const seen: [string, number, number][] = [];
  const reporter = {
    note: (text: string) => notes.push(text),
    progress: (stage: string, done: number, total: number) => seen.push([stage, done, total]),
  };
  await pull("acme/tiny", { reporter });
  expect(notes).toEqual([
    `Fetching ${where("preprocessor_config.json")}, ${tinySettings.length} bytes.`,
    `Fetching ${where()}, ${model.length} bytes.`,
  ]);
  expect(seen.at(-1)).toEqual(["encoder", model.length, model.length]);
});

test("two processes pull one file at a time, and both are right", async () => {
  const script = `
    import { openEncoder } from ${JSON.stringify(fileURLToPath(new URL("../../src/encoders/encoder.ts", import.meta.url)))};
    console.log((await openEncoder("acme/large")).id);`;
  const big = tinyTransformer({ blocks: 1 });
  big.docString = "x".repeat(4e6);
  const bytes = encodeOnnx(big);
  hub.repositories["acme/large"] = { files: { ...tiny.files, [FILE]: bytes } };
  let cuts = 0;
  hub.trouble = ({ store }) => (store && cuts++ < 2 ? { cut: 1_500_000 } : undefined);
  const run = () =>
    promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=source", "--input-type=module", "-e", script],
      { env: process.env, cwd: fileURLToPath(new URL("../..", import.meta.url)) },
    );
  const expected = createHash("sha256").update(bytes).digest("hex");
  for (const { stdout } of await Promise.all([run(), run()])) expect(stdout.trim()).toBe(expected);
  expect((await filesBelow(folderOf("acme--large"))).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("the command line pulls, shows, checks, and says in one sentence what is wrong", async () => {
  const pulled = await vca("encoders", "pull", "acme/tiny", "--json");
  expect(pulled).toMatchObject({ code: 0 });
  expect(JSON.parse(pulled.out)).toMatchObject({ commit: COMMIT, file: FILE, sha256: { [FILE]: hash } });
  expect(JSON.parse((await vca("encoders", "show", "acme/tiny", "--json")).out)).toMatchObject({
    sha256: hash,
    default: ["depth-2", "depth-3", "depth-4"],
    pooled: "last_hidden_state",
  });
  expect(JSON.parse((await vca("encoders", "check", "--json")).out)).toMatchObject([
    { ok: true, changed: [] },
  ]);
  await writeFile(join(folderOf(), FILE), other);
  const checked = await vca("encoders", "check");
  expect(checked.code).toBe(3);
  expect(checked.out).toMatch(/^\s+repository +commit +file +found\nCHANGED +acme\/tiny +0123456789ab +onnx/);
  expect(checked.err).toBe(
    `encoders check: the recorded sha256 was expected, got other files in ${folderOf()}. Remove the folder and pull acme/tiny again.\n`,
  );
  expect(await vca("encoders", "pull", "acme/none")).toMatchObject({ code: 5, out: "" });
  const wrong = async (...words: string[]) => (await vca("encoders", "pull", ...words)).err;
  expect(await wrong("acme/tiny", "--file", "x.onnx", "--dtype", "fp16")).toBe(
    "encoders pull: --file or --dtype was expected, got both. Name the file alone.\n",
  );
  expect(await wrong("efficientnet-lite0")).toBe(
    'encoders pull: an encoder of the hub was expected, got "efficientnet-lite0", which the package carries. Use it by its name.\n',
  );
  expect(await wrong("acme/tiny", "--revision", "..")).toBe(
    'encoders pull: owner/name of the hub was expected, got "acme/tiny@..". Write it as Xenova/dinov2-base.\n',
  );
  expect(await wrong("a/b/c")).toBe(
    'encoders pull: owner/name of the hub was expected, got "a/b/c". Write it as Xenova/dinov2-base.\n',
  );
});

test("vca features names an encoder of the hub", async () => {
  const { code, out, err } = await vca(
    "features",
    "emoji",
    "--encoder",
    "acme/tiny",
    "--grid",
    "2",
    "--json",
  );
  expect(err).not.toMatch(/Error|bug/);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ encoder: "tiny", n: 81, tokens: { T: 5, D: 12, hasCls: true } });
});

test.skipIf(!shared)("DeiT-Tiny comes through the hub like any other (needs ../shared)", async () => {
  const folder = `${shared}/encoders/deit-tiny-patch16-224`;
  const read = async (name: string) => new Uint8Array(await readFile(join(folder, name)));
  hub.repositories["acme/deit-tiny"] = {
    files: {
      "preprocessor_config.json": await read("preprocessor_config.json"),
      [FILE]: await read(FILE),
    },
  };
  const { code, out } = await vca("features", "emoji", "--encoder", "acme/deit-tiny", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ encoder: "deit-tiny", n: 81, tokens: { T: 50, D: 576 } });
  const local = await openEncoder(folder);
  expect((await openEncoder("acme/deit-tiny")).id).toBe(local.id);
});
