import { expect, test } from "vitest";
import { fileName, folderOf, joinPath } from "../../src/core/paths.ts";

test.each([
  ["a/b.csv", "a", "b.csv"],
  ["C:\\set\\b.csv", "C:\\set", "b.csv"],
  ["b.csv", ".", "b.csv"],
])("%s is in %s and named %s", (path, folder, name) => {
  expect(folderOf(path)).toBe(folder);
  expect(fileName(path)).toBe(name);
});

test("a folder is named by its last part", () => {
  expect(fileName("runs/oasis//")).toBe("oasis");
});

test("a path is seen from a folder, unless it is absolute", () => {
  expect(joinPath("set/", "a.jpg")).toBe("set/a.jpg");
  expect(joinPath("set", "/a.jpg")).toBe("/a.jpg");
  expect(joinPath("set", "C:\\a.jpg")).toBe("C:\\a.jpg");
});
