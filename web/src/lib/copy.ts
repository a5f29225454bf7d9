/** Copying code blocks to the clipboard. */
import { announce } from "./toast";
import { icon } from "./dom";
import { t } from "./strings";

const FEEDBACK_MS = 1600;

/** Puts text on the clipboard, also where the page has no secure context (plain http in a
 *  classroom's network). Whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr-only";
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    // Deprecated, but the only way without a secure context.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const copied = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  }
}

/** The code of a block as it was written. */
export function blockText(figure: Element): string {
  return (figure.querySelector("pre code")?.textContent ?? "").replace(/\n$/, "");
}

/** Gives every `.code-copy` within `root` its label and its work. */
export function copyButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button.code-copy")) {
    const show = (name: string, label: string): void => {
      button.replaceChildren(icon(name));
      button.title = label;
      button.setAttribute("aria-label", label);
    };
    button.type = "button";
    show("copy", t("copy"));
    button.addEventListener("click", () => {
      const figure = button.closest("figure");
      if (!figure) return;
      void copyText(blockText(figure)).then((copied) => {
        if (!copied) return;
        show("done", t("copied"));
        announce(t("copied"));
        setTimeout(() => show("copy", t("copy")), FEEDBACK_MS);
      });
    });
  }
}
