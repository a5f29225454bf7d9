/** The header of the lab page: what the sandbox does, and how long it stays. */
import { h, icon } from "../lib/dom";
import { t } from "../lib/strings";
import { announce, toast } from "../lib/toast";
import { Warnings, clockFace, clockOffset, phase } from "./countdown";
import type { Sandbox, Score } from "./data";

export class Status {
  private readonly stateLabel = h("span", { class: "state-label" });
  private readonly dot = h("span", { class: "state-dot", "aria-hidden": "true" });
  private readonly clock = h("span", { class: "clock", role: "timer", hidden: true });
  private readonly points = h("span", { class: "points" });
  private readonly offline = h("span", { class: "offline", role: "status", hidden: true });
  private readonly warnings = new Warnings();
  private sandbox: Sandbox | null = null;
  private offset = 0;
  private dismissWarning: (() => void) | null = null;

  constructor(
    root: HTMLElement,
    private readonly extend: () => void,
  ) {
    this.offline.append(icon("alert"), h("span", {}, t("connection-lost")));
    root.append(
      this.offline,
      h("span", { class: "state" }, this.dot, this.stateLabel),
      this.clock,
      this.points,
    );
    setInterval(() => this.tick(), 1000);
  }

  connected(yes: boolean): void {
    this.offline.hidden = yes;
  }

  score(score: Score): void {
    this.points.replaceChildren(
      h("b", {}, String(score.earned)),
      h("span", { class: "of" }, `/${score.possible}`),
      h("span", { class: "unit" }, ` ${t("points")}`),
    );
    this.points.classList.toggle("full", score.possible > 0 && score.earned === score.possible);
  }

  update(sandbox: Sandbox): void {
    const before = this.sandbox;
    this.sandbox = sandbox;
    this.offset = clockOffset(sandbox.now, Date.now());
    const label = t(`state-${sandbox.state}`);
    this.stateLabel.textContent = label;
    this.dot.dataset["state"] = sandbox.state;
    if (before && before.state !== sandbox.state) announce(label);
    if (before && before.expires_at !== sandbox.expires_at) {
      this.dismissWarning?.();
      this.dismissWarning = null;
    }
    this.tick();
  }

  private tick(): void {
    const sandbox = this.sandbox;
    const runs = sandbox?.state === "ready" || sandbox?.state === "paused";
    const end = sandbox?.expires_at ?? null;
    this.clock.hidden = !runs || end === null;
    if (!sandbox || !runs || end === null) return;
    const left = end - (Date.now() + this.offset);
    this.clock.dataset["phase"] = phase(left);
    this.clock.title = t("time-left");
    this.clock.textContent = clockFace(left);
    const minutes = this.warnings.due(left, end);
    if (minutes !== null) this.warn(minutes, sandbox);
  }

  private warn(minutes: number, sandbox: Sandbox): void {
    this.dismissWarning?.();
    const more = sandbox.extensions_left > 0;
    this.dismissWarning = toast(t("time-warning", { n: minutes }), {
      kind: "warning",
      sticky: true,
      remedy: more ? t("time-warning-extend") : t("time-warning-last"),
      ...(more && {
        action: {
          label: t("extend", { n: sandbox.extension_minutes }),
          run: this.extend,
        },
      }),
    });
  }
}
