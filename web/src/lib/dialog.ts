/** Questions, in the browser's own modal dialog: focus is kept inside, Escape says no. */
import { append, h } from "./dom";
import { t } from "./strings";

export interface Choice {
  value: string;
  label: string;
  class?: string;
}

interface Field {
  label: string;
  value: string;
  /** Does what was asked for. When that fails it gives the reason; the question then stays, with what
   *  was typed. */
  attempt?: (typed: string) => Promise<string | null>;
}

/** Asks, and resolves to the chosen value, or to null when dismissed. */
export function ask(options: {
  title: string;
  text: string[];
  choices: Choice[];
  field?: Field;
}): Promise<{ choice: string; field: string } | null> {
  const previous = document.activeElement;
  const input = options.field && h("input", { value: options.field.value, autocomplete: "off" });
  const form = h("form", { method: "dialog" }, h("h2", {}, options.title));
  for (const line of options.text) form.append(h("p", {}, line));
  const problem = h("p", { class: "dialog-problem", role: "alert", hidden: true });
  if (options.field && input)
    form.append(h("label", { class: "field" }, options.field.label, input), problem);
  const row = h("div", { class: "dialog-actions" });
  for (const choice of options.choices) {
    row.append(
      h(
        "button",
        { type: "submit", value: choice.value, class: choice.class ?? "button" },
        choice.label,
      ),
    );
  }
  const cancel = h("button", { type: "button", class: "button" }, t("cancel"));
  row.prepend(cancel);
  append(form, row);
  const dialog = h("dialog", { class: "dialog", "aria-label": options.title }, form);
  document.body.append(dialog);
  const { attempt } = options.field ?? {};
  if (attempt && input) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = input.value.trim();
      if (typed === "") return;
      void attempt(typed).then((reason) => {
        if (reason === null) dialog.close(options.choices[0]?.value);
        problem.textContent = reason;
        problem.hidden = reason === null;
        input.focus();
      });
    });
  }
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("close", () => {
      const choice = dialog.returnValue;
      dialog.remove();
      if (previous instanceof HTMLElement) previous.focus();
      resolve(choice ? { choice, field: input?.value.trim() ?? "" } : null);
    });
    dialog.showModal();
    if (input) {
      input.focus();
      // Enter in the field takes the first choice, which is the first submit button.
      input.select();
    } else {
      cancel.focus();
    }
  });
}

/** Yes or no. */
export async function confirm(
  title: string,
  text: string[],
  yes: string,
  danger = false,
): Promise<boolean> {
  const choices = [
    { value: "yes", label: yes, class: danger ? "button danger" : "button primary" },
  ];
  return (await ask({ title, text, choices })) !== null;
}

/** Asks for a line of text until something could be done with it, or nobody wants to any more. */
export async function askText(
  title: string,
  label: string,
  value: string,
  attempt: (typed: string) => Promise<string | null>,
): Promise<void> {
  const choices = [{ value: "ok", label: t("ok"), class: "button primary" }];
  await ask({ title, text: [], choices, field: { label, value, attempt } });
}
