/** Short messages in the corner, also for screen readers. */
import { button, h } from "./dom";
import { explain } from "./api";
import { t } from "./strings";

export interface ToastOptions {
  kind?: "info" | "success" | "warning" | "error";
  remedy?: string;
  action?: { label: string; run: () => void };
  /** Stays until dismissed. */
  sticky?: boolean;
}

const SHOWN_MS = 8000;
let region: HTMLElement | null = null;

/** Shows a message; returns how to take it away. */
export function toast(message: string, options: ToastOptions = {}): () => void {
  const kind = options.kind ?? "info";
  if (!region) {
    region = h("div", { class: "toasts", role: "region", "aria-label": t("messages") });
    document.body.append(region);
  }
  const box = h(
    "div",
    { class: `toast ${kind}`, role: kind === "error" || kind === "warning" ? "alert" : "status" },
    h(
      "div",
      {},
      h("p", {}, message),
      options.remedy ? h("p", { class: "quiet" }, options.remedy) : null,
    ),
  );
  const remove = (): void => box.remove();
  const { action } = options;
  if (action) {
    const run = (): void => {
      remove();
      action.run();
    };
    box.append(button({ label: action.label, class: "button small", onclick: run }));
  }
  box.append(
    button({ label: t("dismiss"), icon: "close", iconOnly: true, class: "tool", onclick: remove }),
  );
  region.append(box);
  if (!options.sticky) setTimeout(remove, SHOWN_MS);
  return remove;
}

/** What failed and what to do, in a line. */
export function reason(error: unknown): string {
  const { message, remedy } = explain(error);
  return remedy ? `${message} ${remedy}` : message;
}

/** Says what failed. */
export function toastError(error: unknown): void {
  const { message, remedy } = explain(error);
  toast(message, { kind: "error", remedy });
}

/** Tells screen readers, and nobody else. */
export function announce(text: string): void {
  const live = document.querySelector("[data-announce]");
  if (live) live.textContent = text;
}
