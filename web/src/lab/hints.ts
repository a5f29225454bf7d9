/** Hints, opened one by one. The server keeps count. */
import type { Api } from "../lib/api";
import { button, h } from "../lib/dom";
import { t } from "../lib/strings";
import { toastError } from "../lib/toast";
import { copyButtons } from "../lib/copy";
import type { Step } from "./data";

export function hints(
  root: HTMLElement,
  step: Step,
  api: Api,
  onMarkup: (root: HTMLElement) => void,
): void {
  let left = step.hints_total - step.hints_opened;
  if (step.hints_total === 0) return;
  const more = button({
    label: "",
    icon: "bulb",
    class: "button small quiet-button",
    onclick: () => void open(),
  });
  const label = (): void => {
    const text = more.querySelector("span");
    if (text) text.textContent = t("hint-open", { n: left });
    more.hidden = left <= 0;
  };
  let busy = false;
  const open = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const hint = await api.post<{ index: number; html: string; left: number }>("hints", {
        step: step.id,
      });
      const body = h("div", { class: "prose" });
      // Rendered and sanitised by the server, like the instructions.
      body.innerHTML = hint.html;
      const summary = h("summary", {}, t("hint-n", { n: hint.index + 1 }));
      const details = h("details", { class: "hint", open: true }, summary, body);
      more.before(details);
      copyButtons(details);
      onMarkup(details);
      left = hint.left;
      label();
      summary.focus();
    } catch (error) {
      toastError(error);
    } finally {
      busy = false;
    }
  };
  label();
  root.append(more);
}
