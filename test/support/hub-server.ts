/**
 * @file The Hugging Face hub in small, on two loopback ports: the hub itself, and the store to which it sends for large
 * files (those that end in .onnx or .onnx_data). Headers and error codes are those that huggingface_hub reads.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository: files by path, and the commits that its branches and tags stand for. */
export interface Repository {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  readonly revisions?: Readonly<Record<string, string>>;
  /** Token that may read it. */
  readonly token?: string;
}

/** What went over the wire. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly store: boolean;
  readonly range?: string | undefined;
  readonly authorization?: string | undefined;
}

/** Another answer than the right one: a status, the right body cut off after so many bytes, or other bytes. */
export type Trouble =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly cut: number }
  | { readonly body: Uint8Array };

/** A running hub. */
export interface HubServer {
  readonly endpoint: string;
  readonly asked: Asked[];
  /** Called for each request; default: no trouble. */
  trouble: (asked: Asked) => Trouble | undefined;
  repositories: Record<string, Repository>;
  close(): Promise<void>;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const LARGE = /\.onnx(_data)?$/;

const sha = (algorithm: string, data: Uint8Array) => createHash(algorithm).update(data).digest("hex");

/** Starts a hub that serves `repositories`, by `owner/name`. */
export async function startHub(repositories: Record<string, Repository>): Promise<HubServer> {
  const asked: Asked[] = [];
  const serve = (store: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const path = decodeURIComponent(request.url ?? "");
    const { range, authorization } = request.headers;
    const entry: Asked = { method: request.method ?? "", path, store, range, authorization };
    asked.push(entry);
    const trouble = hub.trouble(entry);
    if (trouble && "status" in trouble) {
      response.writeHead(trouble.status, trouble.headers).end();
      return;
    }
    const found = find(path, hub.repositories, authorization, store);
    if ("status" in found) {
      response.writeHead(found.status, { "x-error-code": found.code }).end();
      return;
    }
    const { data, commit } = found;
    const facts = { "x-repo-commit": commit };
    if (!store && LARGE.test(path)) {
      const linked = { "x-linked-etag": `"${sha("sha256", data)}"`, "x-linked-size": String(data.length) };
      const location = `${originOf(servers[1]!)}${request.url}`;
      response.writeHead(302, { ...facts, ...linked, location }).end();
      return;
    }
    send(response, entry, trouble && "body" in trouble ? trouble.body : data, {
      cut: trouble && "cut" in trouble ? trouble.cut : undefined,
      headers: { ...facts, etag: `"${sha("sha1", data)}"` },
    });
  };
  const servers = [createServer(serve(false)), createServer(serve(true))];
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
  );
  const hub: HubServer = {
    endpoint: originOf(servers[0]!),
    asked,
    trouble: () => undefined,
    repositories,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
  return hub;
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function find(
  path: string,
  repositories: Readonly<Record<string, Repository>>,
  authorization: string | undefined,
  store: boolean,
): { data: Uint8Array; commit: string } | { status: number; code: string } {
  const [, name = "", revision = "", file = ""] =
    /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const repository = repositories[name];
  if (!repository) return { status: 404, code: "RepoNotFound" };
  const { files, revisions = { main: COMMIT }, token } = repository;
  if (token && !store && authorization !== `Bearer ${token}`) return { status: 401, code: "GatedRepo" };
  const commit = Object.values(revisions).includes(revision) ? revision : revisions[revision];
  if (commit === undefined) return { status: 404, code: "RevisionNotFound" };
  const content = files[file];
  if (content === undefined) return { status: 404, code: "EntryNotFound" };
  return { data: typeof content === "string" ? new TextEncoder().encode(content) : content, commit };
}

function send(
  response: ServerResponse,
  { method, range }: Asked,
  data: Uint8Array,
  { cut, headers }: { cut: number | undefined; headers: Readonly<Record<string, string>> },
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  const rest = data.subarray(from);
  const part = from > 0 ? { "content-range": `bytes ${from}-${data.length - 1}/${data.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { ...headers, ...part, "content-length": String(rest.length) });
  if (method === "HEAD") {
    response.end();
  } else if (cut === undefined) {
    response.end(rest);
  } else {
    response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 50)); // what was sent arrives
  }
}
