/** Code blocks that run in a terminal at a click. */
import { h, icon } from "../lib/dom";
import { blockText } from "../lib/copy";
import { t } from "../lib/strings";
import { announce } from "../lib/toast";

const FEEDBACK_MS = 1600;

export interface RunTarget {
  machine: string;
  terminal: number;
}

/** `desk:1` → machine and terminal; null when it names none. */
export function parseTarget(target: string | undefined): RunTarget | null {
  const match = /^([a-z][a-z0-9-]*):([1-4])$/.exec(target ?? "");
  return match?.[1] ? { machine: match[1], terminal: Number(match[2]) } : null;
}

/** What to type for a block. Lines end with a carriage return, as the Enter key sends it. */
export function typed(code: string): string {
  return `${code.replace(/\r\n?|\n/g, "\r")}\r`;
}

/** Wires every block within `root`. */
export function runButtons(
  root: ParentNode,
  run: (target: RunTarget, text: string, interrupt: boolean) => void,
): void {
  for (const figure of root.querySelectorAll<HTMLElement>("figure.code-block")) {
    const button = figure.querySelector<HTMLButtonElement>("button.code-run");
    const target = parseTarget(figure.dataset["run"]);
    if (!button) continue;
    if (!target) {
      button.remove();
      continue;
    }
    const label = t("run-in", { terminal: `${target.machine} ${target.terminal}` });
    const show = (name: string, text: string): void => {
      button.replaceChildren(icon(name), h("span", {}, text));
    };
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    show("run", t("run"));
    button.addEventListener("click", () => {
      const interrupt = figure.dataset["interrupt"];
      run(target, typed(blockText(figure)), interrupt !== undefined && interrupt !== "false");
      show("done", t("ran"));
      announce(t("ran-in", { terminal: `${target.machine} ${target.terminal}` }));
      setTimeout(() => show("run", t("run")), FEEDBACK_MS);
    });
  }
}
