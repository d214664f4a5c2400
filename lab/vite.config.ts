/**
 * @file How the lab is built: `src/` as it is, by its browser seams, into `dist/lab`. onnxruntime's plain wasm is kept
 * brotli-compressed (14.2 MB become 2.7 MB); `src/cli/lab-server.ts` serves it so. The WebGPU build (26.8 MB) is left out: the
 * server takes it from onnxruntime-web where that is installed.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { defaultClientConditions, defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("../dist/lab");
let outDir = OUT;

// biome-ignore lint/style/noDefaultExport: the form that Vite reads
export default defineConfig(({ mode }) => ({
  root: here("."),
  base: "./",
  resolve: {
    conditions: ["source", ...defaultClientConditions],
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  worker: { format: "es" },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsDir: "app",
    assetsInlineLimit: 0,
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
  },
  plugins: [
    {
      name: "leave-out-webgpu",
      closeBundle: () => {
        for (const name of readdirSync(`${outDir}/app`).filter((file) => /\.asyncify.*\.wasm$/.test(file)))
          rmSync(`${outDir}/app/${name}`);
      },
      configResolved: (config) => {
        outDir = config.build.outDir;
      },
    },
    {
      name: "leave-out-zarr", // niivue's reader of another format, with 0.5 MB of decoders
      enforce: "pre",
      resolveId: (name) => (name === "zarrita" ? "\0zarrita" : undefined),
      load: (id) =>
        id === "\0zarrita" ? { code: "export default {};", syntheticNamedExports: "default" } : undefined,
    },
    {
      name: "compress-wasm",
      closeBundle: () => {
        if (mode !== "production") return;
        for (const name of readdirSync(`${OUT}/app`).filter((file) => file.endsWith(".wasm"))) {
          const file = `${OUT}/app/${name}`;
          const bytes = readFileSync(file);
          const params = {
            [constants.BROTLI_PARAM_QUALITY]: 9,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
            [constants.BROTLI_PARAM_LGWIN]: 24,
          };
          writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
          rmSync(file);
        }
      },
    },
  ],
}));
