/** The check bar of a step: what is asked, what a live look sees, and what a submission earned.
 *  It stays at the lower edge of the instructions; the list of checks folds out of it. */
import type { Api } from "../lib/api";
import { button, h, icon, withMarks } from "../lib/dom";
import { recall, remember } from "../lib/storage";
import { t } from "../lib/strings";
import { announce, toastError } from "../lib/toast";
import type { Check, Outcome, Step, Submission } from "./data";

interface Line {
  check: Check;
  element: HTMLElement;
  mark: HTMLElement;
  status: HTMLElement;
  /** The same mark in the folded bar. */
  dot: HTMLElement;
  message: HTMLElement;
  live: Outcome | null;
  /** The result of the latest submission, until a live look sees something else. */
  last: { outcome: Outcome; message: string | null } | null;
}

const UNFOLDED = "checks-open";

export class Checks {
  private readonly lines = new Map<string, Line>();
  private readonly fold: HTMLButtonElement;
  private readonly count = h("span", { class: "checks-count" });
  private readonly row = h("div", { class: "check-row" });
  private readonly body: HTMLElement;
  private readonly submitButton: HTMLButtonElement;
  private readonly summary = h("p", {
    class: "check-summary",
    role: "status",
    "aria-live": "polite",
  });
  private pending: string | null = null;
  private usable = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly step: Step,
    private readonly api: Api,
    private readonly onResult: (submission: Submission) => void,
    /** The button that leads to the next step: it comes into the bar once this one is done. */
    private readonly next: HTMLElement | null = null,
  ) {
    const list = h("ul", { class: "check-list" });
    const dots = h("span", { class: "check-dots", "aria-hidden": "true" });
    for (const check of step.checks) {
      const line = makeLine(check);
      this.lines.set(check.id, line);
      list.append(line.element);
      dots.append(line.dot);
      show(line);
    }
    const title = h("h3", { id: `checks-${step.id}` }, t("checks"));
    this.body = h(
      "div",
      {
        id: `checks-body-${step.id}`,
        class: "checks-body",
        role: "group",
        "aria-labelledby": title.id,
        // Scrolls when the list is long, so the keyboard must be able to reach it.
        tabindex: 0,
      },
      h("header", {}, title, h("span", { class: "quiet" }, t("points-n", { n: step.points }))),
      list,
    );
    this.fold = h(
      "button",
      {
        type: "button",
        class: "checks-fold",
        "aria-controls": this.body.id,
        onclick: () => {
          this.unfold(this.body.hidden !== false);
          remember(UNFOLDED, String(!this.body.hidden));
        },
      },
      dots,
      h("span", { class: "sr-only" }, `${t("checks")}: `),
      this.count,
      icon("up"),
    );
    this.submitButton = button({
      label: t("check-step"),
      icon: "check",
      class: "button primary check-button",
      onclick: () => void this.submit(),
    });
    this.row.append(this.summary, this.fold, this.submitButton);
    root.append(this.body, this.row);
    this.unfold(recall(UNFOLDED) === "true");
    this.enable(false);
    this.sumUp();
  }

  /** Whether every check of the step was passed in a submission. */
  get done(): boolean {
    return this.step.checks.every((check) => check.best === "passed");
  }

  /** Whether there is a sandbox to look at. */
  enable(usable: boolean): void {
    this.usable = usable;
    this.submitButton.setAttribute("aria-disabled", String(!usable || this.pending !== null));
    this.submitButton.title = usable ? "" : t("check-needs-sandbox");
  }

  /** A live look: shown, never counted. */
  tick(check: string, outcome: Outcome, message: string | null): void {
    const line = this.lines.get(check);
    if (!line) return;
    const before = stateOf(line);
    line.live = outcome;
    // What was failed a moment ago and now looks right should not go on saying "not yet".
    if (outcome === "passed" && line.last?.outcome === "failed") line.last = null;
    if (outcome === "failed" && line.last?.outcome === "failed") line.last.message = message;
    show(line);
    this.sumUp();
    if (before !== "looks-right" && stateOf(line) === "looks-right") {
      announce(`${line.check.title}: ${t("check-looks-right")}`);
    }
  }

  /** News of a submission of this step. */
  take(submission: Submission): void {
    switch (submission.state) {
      case "queued":
      case "grading":
        this.pending = submission.id;
        this.say(t(`submission-${submission.state}`), "busy");
        break;
      case "graded":
        this.pending = null;
        this.graded(submission);
        break;
      case "ungradable":
      case "grader_error":
        this.pending = null;
        this.takeResults(submission);
        this.say(t(`submission-${submission.state.replace("_", "-")}`), "warn");
        break;
    }
    this.submitButton.toggleAttribute("aria-busy", this.pending !== null);
    this.enable(this.usable);
  }

  private async submit(): Promise<void> {
    if (!this.usable || this.pending !== null) return;
    const key = isSecureContext ? crypto.randomUUID() : randomKey();
    this.pending = key;
    this.enable(true);
    this.submitButton.toggleAttribute("aria-busy", true);
    this.say(t("submission-queued"), "busy");
    try {
      const submission = await this.api.post<Submission>("submissions", {
        step: this.step.id,
        key,
      });
      // Its events may have come first, and they know more.
      if (this.pending === key) this.onResult(submission);
    } catch (error) {
      if (this.pending === key) this.pending = null;
      this.submitButton.toggleAttribute("aria-busy", false);
      this.enable(this.usable);
      this.say("", "");
      toastError(error);
    }
  }

  private graded(submission: Submission): void {
    this.takeResults(submission);
    const { earned, possible } = submission.score;
    const kept = this.step.checks
      .filter((check) => check.best === "passed")
      .reduce((sum, check) => sum + check.points, 0);
    if (earned === possible) this.say(t("graded-all", { n: earned }), "good");
    else if (kept > earned) this.say(t("graded-kept", { earned, possible, kept }), "bad");
    else this.say(t("graded-some", { earned, possible }), "bad");
    // What is missing, and why, must not stay folded away.
    if (!this.done) this.unfold(true);
  }

  private unfold(open: boolean): void {
    this.body.hidden = !open;
    this.root.classList.toggle("unfolded", open);
    this.fold.setAttribute("aria-expanded", String(open));
    this.fold.title = t(open ? "checks-hide" : "checks-show");
  }

  /** The folded bar: how many checks are passed, and the way on when all are. */
  private sumUp(): void {
    const all = this.step.checks;
    const passed = all.filter((check) => check.best === "passed").length;
    // A tick that is not earned yet must not stand beside a number that does not know of it.
    const alike = [...this.lines.values()].filter((line) => stateOf(line) === "looks-right").length;
    this.count.textContent =
      alike === 0
        ? t("checks-passed", { n: passed, total: all.length })
        : t("checks-look-right", { n: passed + alike, total: all.length });
    const { done } = this;
    this.root.classList.toggle("done", done);
    if (done && this.next && this.next.parentElement !== this.row) this.row.append(this.next);
    this.next?.classList.toggle("primary", done);
    this.submitButton.classList.toggle("small", done);
    this.submitButton.classList.toggle("primary", !done || this.next === null);
  }

  private takeResults(submission: Submission): void {
    for (const { check, outcome, message } of submission.results) {
      const line = this.lines.get(check);
      if (!line) continue;
      line.last = { outcome, message };
      line.live = null;
      if (outcome === "passed") line.check.best = "passed";
      else line.check.best ??= outcome;
      show(line);
    }
    this.sumUp();
  }

  private say(text: string, tone: string): void {
    this.summary.textContent = text;
    this.summary.dataset["tone"] = tone;
    // The summary of a step that is not shown would not be read out.
    if (text && this.summary.offsetParent === null) announce(text);
  }
}

function makeLine(check: Check): Line {
  const mark = h("span", { class: "check-mark", "aria-hidden": "true" });
  const status = h("span", { class: "sr-only" });
  const message = h("p", { class: "check-message" });
  const element = h(
    "li",
    { class: "check" },
    mark,
    h(
      "div",
      { class: "check-text" },
      h("p", {}, h("span", { class: "check-title" }, check.title), status),
      message,
    ),
    h("span", { class: "check-points" }, t("points-n", { n: check.points })),
  );
  const dot = h("span", { class: "check-dot" });
  return { check, element, mark, status, dot, message, live: null, last: null };
}

/** What a line shows. What was earned stays earned, whatever a later look sees. */
export function lineState(
  best: Outcome | null,
  live: Outcome | null,
  last: Outcome | null,
): "earned" | "looks-right" | "failed" | "warn" | "open" {
  if (best === "passed") return "earned";
  if (last === "failed") return "failed";
  if (last !== null && last !== "passed") return "warn";
  return live === "passed" ? "looks-right" : "open";
}

function stateOf(line: Line): ReturnType<typeof lineState> {
  return lineState(line.check.best, line.live, line.last?.outcome ?? null);
}

function show(line: Line): void {
  const state = stateOf(line);
  line.element.dataset["state"] = state;
  const icons = {
    earned: "done",
    "looks-right": "check",
    failed: "cross",
    warn: "alert",
    open: "ring",
  } as const;
  line.mark.replaceChildren(icon(icons[state]));
  const words = t(`check-${state}`);
  line.status.textContent = ` – ${words}`;
  line.mark.title = words;
  line.dot.dataset["state"] = state;
  line.dot.title = `${line.check.title} – ${words}`;
  line.dot.replaceChildren(icon(icons[state]));
  const seen = line.last?.message ?? "";
  const kept = state === "earned" && seen !== "" ? t("check-kept", { message: seen }) : seen;
  const message = state === "looks-right" ? words : kept;
  line.message.replaceChildren(...withMarks(message));
  line.message.hidden = message === "";
}

/** A version-4 UUID where `crypto.randomUUID` is missing (pages without a secure context). */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}
