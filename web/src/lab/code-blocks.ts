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

/** `desk:1` → machine and terminal; an empty text → whichever terminal the learner looks at; null
 *  when it is neither. */
export function parseTarget(target: string | undefined): RunTarget | "current" | null {
  if (target === "") return "current";
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
  run: (target: RunTarget | "current", text: string, interrupt: boolean) => void,
): void {
  for (const figure of root.querySelectorAll<HTMLElement>("figure.code-block")) {
    const button = figure.querySelector<HTMLButtonElement>("button.code-run");
    const target = parseTarget(figure.dataset["run"]);
    if (!button) continue;
    if (!target) {
      button.remove();
      continue;
    }
    const name = target === "current" ? null : `${target.machine} ${target.terminal}`;
    const label = name === null ? t("run-current") : t("run-in", { terminal: name });
    const show = (iconName: string, text: string): void => {
      button.replaceChildren(icon(iconName), h("span", {}, text));
    };
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    show("run", t("run"));
    button.addEventListener("click", () => {
      const interrupt = figure.dataset["interrupt"];
      run(target, typed(blockText(figure)), interrupt !== undefined && interrupt !== "false");
      show("done", t("ran"));
      announce(name === null ? t("ran") : t("ran-in", { terminal: name }));
      setTimeout(() => show("run", t("run")), FEEDBACK_MS);
    });
  }
}
