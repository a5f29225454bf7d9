import { beforeEach, expect, test } from "vitest";
import { Buffer } from "../src/editor/buffer";
import { Drafts } from "../src/editor/drafts";
import { byKindAndName } from "../src/editor/files";
import { languageOf } from "../src/editor/languages";
import { join, moved, parent, shortName, typedPath, within } from "../src/editor/paths";

beforeEach(() => {
  localStorage.clear();
});

const hooks = { save: () => undefined, changed: () => undefined };
const file = { path: "a.go", text: "one", binary: false, truncated: false, version: "v1" };

function open(content = file): Buffer {
  return new Buffer(content, new Drafts("attempt:desk"), () => [], hooks);
}

function edit(buffer: Buffer, text: string): void {
  buffer.state = buffer.state.update({
    changes: { from: 0, to: buffer.state.doc.length, insert: text },
  }).state;
  buffer.keepDraft();
}

test("unsaved text survives a reload and is gone once saved", () => {
  const buffer = open();
  edit(buffer, "two");
  const again = open();
  expect([again.text, again.dirty, again.staleDraft]).toEqual(["two", true, false]);
  again.markSaved("two", "v2");
  expect(again.dirty).toBe(false);
  expect(open().text).toBe("one");
});

test("a draft of an older version keeps that version, so that saving asks", () => {
  edit(open(), "mine");
  const again = open({ ...file, text: "theirs", version: "v2" });
  expect([again.text, again.staleDraft, again.version]).toEqual(["mine", true, "v1"]);
});

test("binary and cut-off files can't be edited and have no draft", () => {
  expect(open({ ...file, binary: true }).readOnly).toBe("binary");
  expect(open({ ...file, truncated: true }).readOnly).toBe("too-large");
});

test("the language goes by the file's name", () => {
  const cases = {
    "a/main.go": "go",
    Dockerfile: "dockerfile",
    "x/Dockerfile.dev": "dockerfile",
    "deploy.yml": "yaml",
    "run.sh": "shell",
    ".bashrc": "shell",
    "README.md": "markdown",
    LICENSE: null,
    go: null,
  };
  for (const [path, language] of Object.entries(cases)) expect(languageOf(path)).toBe(language);
});

test("paths stay within the home", () => {
  expect(typedPath(" a/b.go ")).toBe("a/b.go");
  for (const bad of ["", "/etc", "../x", "a/../b", "a//b", ".", "a\0b"]) {
    expect(typedPath(bad)).toBeNull();
  }
  expect(join("", "a")).toBe("a");
  expect(parent("a/b/c")).toBe("a/b");
  expect(moved("a/b/c", "a/b", "x")).toBe("x/c");
  expect(moved("a/bc", "a/b", "x")).toBe("a/bc");
  expect(within("a/b", "a")).toBe(true);
  expect(within("ab", "a")).toBe(false);
});

test("folders come first, and numbers sort as numbers", () => {
  const entry = (name: string, kind: "file" | "folder") => ({ name, kind, size: 0 });
  const sorted = [entry("b10", "file"), entry("b9", "file"), entry("z", "folder")].sort(
    byKindAndName,
  );
  expect(sorted.map((e) => e.name)).toEqual(["z", "b9", "b10"]);
});

test("files of the same name are told apart by their folder", () => {
  const open = ["shop/till/main.go", "shop/worker/main.go", "shop/go.mod", "main.go"];
  expect(open.map((path) => shortName(path, open))).toEqual([
    "till/main.go",
    "worker/main.go",
    "go.mod",
    "main.go",
  ]);
});
