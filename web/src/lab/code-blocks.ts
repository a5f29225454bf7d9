/** Code blocks that run in a terminal at a click. */
import { h, icon } from "../lib/dom";
import { blockText } from "../lib/copy";
import { t } from "../lib/strings";
import { announce, toast } from "../lib/toast";

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

/** Wires every block within `root`. `run` says whether there was a machine to run it on. */
export function runButtons(
  root: ParentNode,
  run: (target: RunTarget | "current", text: string, interrupt: boolean) => boolean,
): void {
  for (const figure of root.querySelectorAll<HTMLElement>("figure.code-block")) {
    const button = figure.querySelector<HTMLButtonElement>("button.code-run");
    const target = parseTarget(figure.dataset["run"]);
    if (!button) continue;
    if (!target) {
      button.remove();
      continue;
    }
    const terminal = target === "current" ? null : `${target.machine} ${target.terminal}`;
    const interrupts = (figure.dataset["interrupt"] ?? "false") !== "false";
    const label = terminal === null ? t("run-current") : t("run-on", { terminal });
    const sent = terminal === null ? t("ran") : t("ran-in", { terminal });
    const show = (name: string, text: string): void => {
      button.replaceChildren(icon(name), h("span", {}, text));
    };
    button.type = "button";
    // The words on it say all that the server's label did.
    button.removeAttribute("aria-label");
    if (interrupts) button.title = t("run-interrupts");
    show("run", label);
    button.addEventListener("click", () => {
      if (!run(target, typed(blockText(figure)), interrupts)) {
        toast(t("run-needs-sandbox"), { kind: "warning" });
        return;
      }
      show("done", sent);
      announce(sent);
      setTimeout(() => show("run", label), FEEDBACK_MS);
    });
  }
}
