/** @file Any bytes where a set's table should be: a set or a tagged error, never a crash or a hang. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isVcaError } from "../../src/errors.ts";
import { openStimuli } from "../../src/stimuli/set.ts";
import { share } from "../support/damage.ts";
import { folderOf } from "./support.ts";

const TABLES = {
  iaps: ["AllSubjects_1-20.txt", "x\ndesc\tIAPS\tvalmn\tvalsd\taromn\tarosd\tset\nd\t7\t3\t1\t4\t1\t1\n"],
  naps: ["naps.csv", "ID;Category;Nr;V/H;Description;M_Valence;SD;M_arousal;SD\n7;c;1;h;d;2,5;1;6,25;1\n"],
  gaped: ["A.txt", "Id V A\n7.bmp\t 3.5  70\n"],
  emomadrid: ["valence.txt", "-1.5\n"],
  bass: [
    "BASS_data.csv",
    "file_name,val_mean_us,aro_mean_us,val_sd_us,aro_sd_us,val_n_us,aro_n_us,keywords,source\n7.png,2,6,1,2,96,95,k,s\n",
  ],
  oasis: [
    "OASIS.csv",
    ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N\rI1,7,O,P,4,1,9,2,1,9\r",
  ],
  "vca-csv": ["t.csv", "7,.jpg,6.5,2\n"],
  table: ["t.csv", "id,file,valence,arousal\n7,7.jpg,2,6\n"],
} as const;

/** Characters that mean something in a table. */
const sign = fc.constantFrom(..."\"',;\t\r\n. -+7e()\u22120\ufeff\0".split(""), "NaN", "1e999", "é");
const damage = fc.record({
  at: share,
  remove: fc.nat(8),
  put: fc.array(sign, { maxLength: 6 }),
});

test.each(Object.entries(TABLES))("%s", async (name, [file, text]) => {
  const folder = await folderOf({
    [name === "oasis" ? "images/7.jpg" : "7.jpg"]: "picture",
    ...(name === "emomadrid" && { "pictures.txt": "7\n", "arousal.txt": "1\n" }),
  });
  const spec = `${name}:${folder}${file === "t.csv" ? "/t.csv" : ""}`;
  const options = name === "table" ? { scale: { lo: 1, hi: 9 } } : {};
  const outcome = async (content: Uint8Array | string) => {
    await writeFile(join(folder, file), content);
    const result = await openStimuli(spec, options).catch((thrown: unknown) => thrown);
    if (isVcaError(result)) return;
    expect(result).toHaveProperty("ids");
    const { ids, ratings } = result as Awaited<ReturnType<typeof openStimuli>>;
    expect(ratings.shape).toEqual([ids.length, 2]);
    expect(ratings.data.every(Number.isFinite)).toBe(true);
  };
  await writeFile(join(folder, file), text);
  expect((await openStimuli(spec, options)).ids).toEqual(["7"]);
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), outcome), { numRuns: 60 });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { maxLength: 4 }), (damages) => {
      let damaged: string = text;
      for (const { at, remove, put } of damages) {
        const from = Math.floor(at * damaged.length);
        damaged = damaged.slice(0, from) + put.join("") + damaged.slice(from + remove);
      }
      return outcome(damaged);
    }),
    { numRuns: 150 },
  );
});
