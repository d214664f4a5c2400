#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error("vca: dist/cli/main.js was expected, got none. Run `npm run build`.");
  process.exitCode = 2;
}
