/** @file `vca lab`: the browser lab. */
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, type CommonOptions, whole } from "./options.ts";

const DEMO = "runs/demo";

interface LabOptions extends CommonOptions {
  readonly port?: number;
  readonly open?: boolean;
  readonly build?: string;
}

/** Adds `lab`. */
export function addLab(program: VcaCommand, io: Io): void {
  addCommand(program, "lab", {
    summary: "the browser lab: pictures in, a live circuit with sliders, training in the tab",
    about:
      "Open the lab in the browser: drop pictures, watch the nuclei, silence or amplify them, train on the embedded emoji. Pictures never leave the tab; the server answers this computer only. Without a run it opens runs/demo where that is.",
    examples: [
      "vca lab runs/demo",
      "vca lab runs/vca runs/serial --port 8080 --no-open",
      "vca lab runs/demo --build site",
    ],
  })
    .argument("[runs...]", "folders that `vca fit` made; the first is opened, the others are to compare with")
    .option("--port <n>", "the port on 127.0.0.1 (default: a free one)", whole("--port", 0, 8080))
    .option("--no-open", "do not open the browser")
    .option("--build <folder>", "write the lab as static files instead of serving it")
    .action(async (named: string[], { port = 0, open, build, ...options }: LabOptions) => {
      const [{ exists }, { buildLab, labAnswers, openBrowser, serveLab }] = await Promise.all([
        import("#files"),
        import("./lab-server.ts"),
      ]);
      const runs = named.length > 0 || !(await exists(`${DEMO}/plan.json`)) ? named : [DEMO];
      const answers = await labAnswers(runs);
      if (build !== undefined) {
        const files = await buildLab(answers, build);
        show(
          io,
          options,
          { out: build, files, runs },
          `${build}: ${files} files. Serve the folder with any static host.`,
        );
        return;
      }
      const { server, url } = await serveLab(answers, port);
      show(io, options, { url, runs }, `The lab is at ${url} (this computer only). Press Ctrl-C to end it.`);
      if (open !== false && !options.json) openBrowser(url);
      await new Promise<void>((resolve) => {
        server.once("close", resolve);
        io.signal?.addEventListener("abort", () => {
          server.closeAllConnections();
          server.close();
        });
      });
    });
}
