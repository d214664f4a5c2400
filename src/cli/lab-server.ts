/**
 * @file The browser lab from a server on loopback, or as static files. The server knows a closed list of
 * answers (the built page, the package's files, a few files of each run), so there is no path to traverse and nothing to write.
 */
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { assetPath, exists, isFolder, packageVersion } from "#files";
import { isNiftiName } from "../brain/nifti.ts";
import { VcaError } from "../errors.ts";

/** What the page may do: load its own files, compile WebAssembly, show pictures that were dropped. Nothing leaves it. */
export const LAB_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "img-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": LAB_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".csv": "text/csv; charset=utf-8",
  ".wasm": "application/wasm",
};
/** Files of a run that the page reads as they are. */
const TABLES = ["stimuli.csv", "predictions.csv", "metrics.csv"];
/** Where a run keeps its brain maps. */
const MAPS = "maps";
const PACKAGE_FOLDERS = ["emoji", "efficientnet-lite0"];

/** One answer of the server. */
interface Answer {
  readonly read: () => Promise<Uint8Array>;
  /** Stored brotli-compressed, and served so. */
  readonly brotli?: boolean;
}

/** Where onnxruntime's WebGPU build appears: it is three times our package, so it comes from onnxruntime-web where that is installed. */
const WEBGPU = "app/webgpu.wasm";

function webgpuFile(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm");
  } catch {
    return undefined;
  }
}

/** Where the built page lies: dist/lab, seen from dist/cli and from src/cli. */
function pageFolder(): string {
  return fileURLToPath(new URL("../../dist/lab", import.meta.url));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"))
    .sort();
}

/**
 * All that the lab has, by path.
 * @param page the built page's folder
 * @throws DataError when a run is not finished, ConfigError when the page was not built.
 */
export async function labAnswers(runs: readonly string[], page = pageFolder()): Promise<Map<string, Answer>> {
  if (!(await exists(join(page, "index.html"))))
    throw new VcaError(
      "ConfigError",
      `lab: the built page was expected in ${page}, got none. Run \`npm run build\`.`,
    );
  const answers = new Map<string, Answer>();
  for (const name of await filesOf(page)) {
    const brotli = name.endsWith(".br");
    answers.set(brotli ? name.slice(0, -".br".length) : name, {
      read: () => readFile(join(page, name)),
      brotli,
    });
  }
  const carried: string[] = [];
  for (const folder of PACKAGE_FOLDERS) {
    for (const name of await filesOf(assetPath(folder))) {
      carried.push(`${folder}/${name}`);
      answers.set(`package/${folder}/${name}`, { read: () => readFile(assetPath(`${folder}/${name}`)) });
    }
  }
  const [{ liveModel }, { mainRun }] = await Promise.all([
    import("../study/live.ts"),
    import("../study/step.ts"),
  ]);
  const maps: string[][] = [];
  for (const [i, given] of runs.entries()) {
    const run = await mainRun(given);
    const { about, trunk, network } = await liveModel(run);
    const add = (name: string, read: Answer["read"]) => answers.set(`run-${i}/${name}`, { read });
    add("about.json", async () => Buffer.from(JSON.stringify(about)));
    add("trunk.onnx", async () => trunk);
    add("network.onnx", async () => network);
    for (const name of TABLES) add(name, () => readFile(join(run, name)));
    const found = await brainMaps(given);
    for (const name of found) add(name, () => readFile(join(given, name)));
    maps.push(found);
  }
  const gpu = webgpuFile();
  if (gpu) answers.set(WEBGPU, { read: () => readFile(gpu) });
  const facts = {
    ...(gpu && { webgpu: WEBGPU }),
    version: await packageVersion(),
    runs: runs.map((run, i) => ({
      name: run.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, ""),
      maps: maps[i],
    })),
    files: carried,
  };
  answers.set("lab.json", { read: async () => Buffer.from(JSON.stringify(facts)) });
  answers.set("sw.js", { read: async () => Buffer.from(await serviceWorker(page)) });
  return answers;
}

/** The maps that `vca encode` and `vca rsa --searchlight` left in a run. */
async function brainMaps(run: string): Promise<string[]> {
  const names = (await isFolder(join(run, MAPS))) ? await readdir(join(run, MAPS)) : [];
  return names
    .filter(isNiftiName)
    .sort()
    .map((name) => `${MAPS}/${name}`);
}

/** The service worker with the policy that the server sends; a worker cannot know it otherwise. */
async function serviceWorker(page: string): Promise<string> {
  return (await readFile(join(page, "sw.js"), "utf8")).replace("__POLICY__", LAB_POLICY);
}

/** Whether a request came to this server by a name of this computer (no DNS rebinding) and from its own page. */
function isOwn({ headers }: IncomingMessage, port: number): boolean {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"];
  const from = origin === undefined || own.some((name) => origin === `http://${name}`);
  return own.includes(host) && from && (site === undefined || site === "same-origin" || site === "none");
}

/** The path below the root that a request names; undefined for one that is none of ours. */
function pathOf({ url = "/" }: IncomingMessage): string | undefined {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/, "")).slice(1);
    return path === "" ? "index.html" : path;
  } catch {
    return undefined;
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answers: Map<string, Answer>,
): Promise<void> {
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { ...HEADERS, "content-type": "text/plain; charset=utf-8" }).end(text);
  };
  const { port } = request.socket.address() as AddressInfo;
  if (!isOwn(request, port))
    return refuse(403, `This lab answers its own page only. Open http://127.0.0.1:${port}/.\n`);
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(405, "This lab is read only. Ask with GET.\n");
  const path = pathOf(request);
  const answer = path === undefined ? undefined : answers.get(path);
  if (!answer) return refuse(404, "There is no such file in the lab. Open its first page.\n");
  const stored = await answer.read();
  const accepted = /\bbr\b/.test(String(request.headers["accept-encoding"]));
  const compressed = answer.brotli === true && accepted;
  const body = answer.brotli && !accepted ? await promisify(brotliDecompress)(stored) : stored;
  response.writeHead(200, {
    ...HEADERS,
    "content-type": TYPES[extname(path!)] ?? "application/octet-stream",
    "content-length": body.length,
    ...(compressed && { "content-encoding": "br" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Serves the lab on loopback. @param port 0 for any free one @throws StorageError when the port is taken. */
export async function serveLab(
  answers: Map<string, Answer>,
  port: number,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    respond(request, response, answers).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, HEADERS);
      response.end(`${String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `lab: a free port was expected, got ${port}, which could not be opened (${cause.message}). Choose another --port.`;
      reject(new VcaError("StorageError", message, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Writes the lab as files that any static host serves; its service worker adds the headers. */
export async function buildLab(answers: Map<string, Answer>, folder: string): Promise<number> {
  if ((await exists(folder)) && (await readdir(folder)).length > 0)
    throw new VcaError(
      "ConfigError",
      `${folder}: an empty folder was expected, got one with files. Choose another --build.`,
    );
  for (const [path, { read, brotli }] of answers) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    const bytes = await read();
    await writeFile(file, brotli ? await promisify(brotliDecompress)(bytes) : bytes);
  }
  const index = join(folder, "index.html");
  const mark = `<meta name="vca-static" content="yes">\n    <meta http-equiv="content-security-policy" content="${LAB_POLICY.replace(/; frame-ancestors 'none'/, "")}">`;
  await writeFile(
    index,
    (await readFile(index, "utf8")).replace('<meta charset="utf-8">', `<meta charset="utf-8">\n    ${mark}`),
  );
  return answers.size;
}

/** Opens the user's browser; where there is none, the printed address is enough. */
export function openBrowser(url: string): void {
  const command =
    process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  spawn(command, [url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
