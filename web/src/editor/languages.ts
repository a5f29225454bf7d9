/** Which language a file is in, and its highlighting, loaded when first needed. */
import { StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

type Loader = () => Promise<Extension>;

const LOADERS: Record<string, Loader> = {
  go: async () => (await import("@codemirror/lang-go")).go(),
  python: async () => (await import("@codemirror/lang-python")).python(),
  yaml: async () => (await import("@codemirror/lang-yaml")).yaml(),
  json: async () => (await import("@codemirror/lang-json")).json(),
  javascript: async () =>
    (await import("@codemirror/lang-javascript")).javascript({ jsx: true, typescript: true }),
  markdown: async () => (await import("@codemirror/lang-markdown")).markdown(),
  dockerfile: async () =>
    StreamLanguage.define((await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile),
  shell: async () =>
    StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell),
};

const BY_ENDING: Record<string, string> = {
  go: "go",
  py: "python",
  yaml: "yaml",
  yml: "yaml",
  json: "json",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  ts: "javascript",
  tsx: "javascript",
  md: "markdown",
  sh: "shell",
  bash: "shell",
  dockerfile: "dockerfile",
};

const BY_NAME: Record<string, string> = {
  dockerfile: "dockerfile",
  containerfile: "dockerfile",
  ".bashrc": "shell",
  ".profile": "shell",
};

/** The language of a file by its name; null for plain text. */
export function languageOf(path: string): string | null {
  const name = (path.split("/").pop() ?? "").toLowerCase();
  const ending = name.includes(".") ? (name.split(".").pop() ?? "") : "";
  return BY_NAME[name] ?? BY_NAME[name.split(".")[0] ?? ""] ?? BY_ENDING[ending] ?? null;
}

/** Its highlighting; null for plain text. */
export async function highlighting(path: string): Promise<Extension | null> {
  const loader = LOADERS[languageOf(path) ?? ""];
  return loader ? loader() : null;
}
