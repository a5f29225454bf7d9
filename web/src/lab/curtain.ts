/** What covers the workspace while there is no sandbox to work in: what happens, how far it is,
 *  and what one can do. */
import { button, h, icon, withMarks } from "../lib/dom";
import { t } from "../lib/strings";
import type { Image, Sandbox, SandboxState } from "./data";

const STAGES: SandboxState[] = ["queued", "creating", "preparing", "ready"];

export class Curtain {
  readonly element = h("div", { class: "curtain", role: "group", "aria-label": t("sandbox") });
  private shown = "";

  constructor(private readonly restart: () => void) {}

  update(sandbox: Sandbox): void {
    this.element.hidden = sandbox.state === "ready";
    // Rebuilding only on change keeps the focus on its button.
    const key = JSON.stringify({ ...sandbox, now: 0 });
    if (key === this.shown) return;
    this.shown = key;
    if (this.element.hidden) {
      this.element.replaceChildren();
    } else if (sandbox.state === "ended") {
      this.element.replaceChildren(this.ended(sandbox));
    } else {
      this.element.replaceChildren(waiting(sandbox));
    }
  }

  private ended(sandbox: Sandbox): HTMLElement {
    const reason = sandbox.end_reason ?? "stopped";
    const failed = reason === "failed" || reason === "lost";
    return h(
      "div",
      { class: "curtain-body ended" },
      icon(failed ? "alert" : "anchor"),
      h("h2", {}, t(`ended-${reason}`)),
      h("p", {}, t(`ended-${reason}-next`)),
      sandbox.message ? h("p", { class: "curtain-message" }, ...withMarks(sandbox.message)) : null,
      button({
        label: t("restart"),
        icon: "launch",
        class: "button primary",
        onclick: () => this.restart(),
      }),
    );
  }
}

function waiting(sandbox: Sandbox): HTMLElement {
  const { state } = sandbox;
  const at = state === "requested" ? 0 : STAGES.indexOf(state);
  const building = sandbox.images.length > 0;
  const stages = h("ol", { class: "stages" });
  STAGES.forEach((stage, index) => {
    const progress = index < at ? "past" : index === at ? "now" : "ahead";
    stages.append(
      h(
        "li",
        { class: progress, "aria-current": progress === "now" ? "step" : undefined },
        h("span", {}, t(building && stage === "queued" ? "stage-images" : `stage-${stage}`)),
      ),
    );
  });
  const body = h(
    "div",
    { class: "curtain-body" },
    h(
      "h2",
      {},
      t(state === "paused" ? "paused-title" : building ? "building-title" : "waiting-title"),
    ),
    state === "paused" ? null : stages,
    h("p", {}, sandbox.message ?? t(`waiting-${state}`)),
  );
  if (sandbox.queue_position !== null) {
    body.append(h("p", { class: "queue" }, t("queue-position", { n: sandbox.queue_position })));
  }
  if (building) {
    body.append(...images(sandbox.images));
  }
  if (state !== "paused") body.append(h("p", { class: "quiet small" }, t("waiting-free")));
  return body;
}

/** What is being built, and in one line what has to follow. */
function images(list: Image[]): HTMLElement[] {
  const atWork = list.filter((image) => image.state !== "queued");
  const waiting = list.filter((image) => image.state === "queued");
  const elements: HTMLElement[] = [h("p", { class: "quiet" }, t("waiting-images"))];
  if (atWork.length > 0) elements.push(imagesAtWork(atWork));
  if (waiting.length > 0) {
    const names = waiting.flatMap((image) => [" ", h("code", {}, image.name)]);
    const label = t(atWork.length > 0 ? "waiting-images-then" : "waiting-images-turn");
    elements.push(h("p", { class: "quiet small" }, label, ...names));
  }
  return elements;
}

function imagesAtWork(list: Image[]): HTMLElement {
  const element = h("ul", { class: "images" });
  for (const image of list) {
    const bar = h("progress", { class: "bar", max: 100, "aria-label": image.name });
    if (image.percent !== null) bar.value = image.percent;
    element.append(
      h(
        "li",
        { class: `image ${image.state}` },
        h(
          "span",
          { class: "image-name" },
          h("code", {}, image.name),
          h("span", { class: "chip" }, t(`image-${image.state}`)),
        ),
        image.state === "building" ? bar : null,
        image.line ? h("code", { class: "image-line" }, image.line) : null,
      ),
    );
  }
  return element;
}
