/** What listens on a port of a machine, in a frame of an origin of its own. */
import type { Api } from "../lib/api";
import { explain } from "../lib/api";
import { button, h, icon } from "../lib/dom";
import { t } from "../lib/strings";
import { toastError } from "../lib/toast";
import type { Port } from "./data";

/** What a page in the frame may do. Not: lead this page elsewhere, or open windows that may more. */
const MAY = [
  "allow-scripts",
  "allow-same-origin", // its own: without it, no cookie and no storage
  "allow-forms",
  "allow-modals",
  "allow-popups",
  "allow-downloads",
  "allow-pointer-lock",
].join(" ");

/** The path, query and fragment of what someone types: a path, or a whole address. */
export function pathOf(typed: string): string {
  const text = typed.trim();
  const nowhere = "http://preview.invalid";
  try {
    const isAddress = /^https?:\/\//i.test(text);
    const url = new URL(isAddress ? text : `${nowhere}/${text.replace(/^\/+/, "")}`);
    return `${url.pathname.replace(/^\/+/, "/")}${url.search}${url.hash}`;
  } catch {
    return "/";
  }
}

/** The key of a port's tab. */
export function portKey(port: Pick<Port, "machine" | "port">): string {
  return `preview:${port.machine}:${port.port}`;
}

export class PreviewView {
  readonly element = h("div", { class: "preview" });
  private readonly path: HTMLInputElement;
  private readonly stage = h("div", { class: "preview-stage" });
  private frame: HTMLIFrameElement | null = null;
  private listens: boolean;
  private visible = false;
  private asked = 0;

  constructor(
    private readonly port: Port,
    private readonly hasTerminal: boolean,
    private readonly api: Api,
  ) {
    this.listens = port.listens;
    this.path = h("input", {
      type: "text",
      value: "/",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "aria-label": t("preview-path"),
    });
    const tool = (label: string, name: string, onclick: () => void): HTMLElement =>
      button({ label, icon: name, iconOnly: true, class: "tool", onclick });
    const form = h(
      "form",
      {
        class: "preview-bar",
        onsubmit: (event) => {
          event.preventDefault();
          void this.load();
        },
      },
      tool(t("preview-reload"), "reset", () => void this.load()),
      h(
        "label",
        { class: "preview-address" },
        h("span", { "aria-hidden": "true" }, `${port.machine}:${port.port}`),
        this.path,
      ),
      tool(t("preview-open"), "external", () => void this.openTab()),
    );
    this.element.append(form, this.stage);
    this.waiting();
  }

  /** Whether something listens now. */
  update(listens: boolean): void {
    const came = listens && !this.listens;
    this.listens = listens;
    if (this.frame) return;
    if (came && this.visible) void this.load();
    else if (!listens) this.waiting();
  }

  /** It is in view, and there is a sandbox. */
  show(): void {
    this.visible = true;
    if (!this.frame && this.listens) void this.load();
  }

  hide(): void {
    this.visible = false;
  }

  /** The machine is gone, and what it served with it. */
  reset(): void {
    this.asked += 1;
    this.frame = null;
    this.listens = false;
    this.waiting();
  }

  private async load(): Promise<void> {
    this.asked += 1;
    const { asked } = this;
    if (!this.frame) this.say(h("p", { role: "status" }, t("preview-opening")));
    try {
      const url = await this.link();
      if (asked !== this.asked) return;
      // A new one each time: the old one's history is none of this page's.
      this.frame = h("iframe", {
        class: "preview-frame",
        src: url,
        sandbox: MAY,
        // The preview shows itself only to whoever comes from here.
        referrerpolicy: "origin",
        title: this.title(),
      });
      this.stage.replaceChildren(this.frame);
    } catch (error) {
      if (asked !== this.asked) return;
      this.frame = null;
      const { message, remedy } = explain(error);
      this.say(
        h("h2", {}, t("preview-failed")),
        h("p", {}, `${message} ${remedy}`),
        button({ label: t("preview-again"), class: "button", onclick: () => void this.load() }),
      );
    }
  }

  private async openTab(): Promise<void> {
    try {
      const url = await this.link();
      h("a", {
        href: url,
        target: "_blank",
        rel: "noopener",
        referrerpolicy: "origin",
      }).click();
    } catch (error) {
      toastError(error);
    }
  }

  /** A link that works once. */
  private async link(): Promise<string> {
    const path = pathOf(this.path.value);
    this.path.value = path;
    const { machine, port } = this.port;
    return (await this.api.post<{ url: string }>("previews", { machine, port, path })).url;
  }

  private title(): string {
    const { machine, port } = this.port;
    return t("preview", { machine, port });
  }

  private waiting(): void {
    const { machine, port } = this.port;
    const next = this.hasTerminal ? "preview-silent-next" : "preview-silent-broker";
    this.say(
      icon("hourglass"),
      h("h2", {}, t("preview-silent", { machine, port })),
      h("p", {}, t(next, { machine, port })),
    );
  }

  private say(...children: Node[]): void {
    this.stage.replaceChildren(h("div", { class: "preview-message" }, ...children));
  }
}
