/** The lab page: reads what the server put into it and puts the pieces together. */
import { Api } from "../lib/api";
import { chunk } from "../lib/chunk";
import { copyButtons } from "../lib/copy";
import { need } from "../lib/dom";
import { Events } from "../lib/events";
import { movable } from "../lib/split";
import { setStrings, t } from "../lib/strings";
import { arrowKeys, select } from "../lib/tabs";
import { toast } from "../lib/toast";
import { Actions } from "./actions";
import { Checks } from "./checks";
import { runButtons } from "./code-blocks";
import { Curtain } from "./curtain";
import type { LabData, Port, Sandbox, Score, Submission, Ticks } from "./data";
import { hints } from "./hints";
import { Status } from "./status";
import { Steps } from "./steps";
import { Workspace } from "./workspace";

const data = JSON.parse(need("#lab-data").textContent) as LabData;
setStrings(data.strings);
const base = `/api/attempts/${data.attempt}`;
const api = new Api(base, data.csrf);
const lab = need("[data-lab]");
const guide = need("[data-lab-guide]");

movable(lab, need("[data-divider]"));
const side = narrowSwitch(lab);
let lastState: Sandbox["state"] | null = null;
let lastEarned: number | null = null;

const status = new Status(need("[data-lab-status]"), () => void actions.extend());
const actions = new Actions(need("[data-lab-actions]"), api, data, onSandbox);
const curtain = new Curtain(() => void actions.restart());
const workspace = new Workspace(need("[data-lab-work]"), data, api, () => side("work"));
workspace.cover(curtain.element);
if (data.boards.length > 0) {
  void chunk(() => import("./board/panel")).then(
    ({ BoardPanel }) =>
      new BoardPanel(need("[data-lab-work]"), need("[data-board-toggle]"), `${base}/boards`, data),
  );
}

const steps = new Steps(guide, data.steps, data.attempt);
const checks = new Map<string, Checks>();
for (const step of data.steps) {
  const panel = steps.panel(step.id);
  if (!panel) continue;
  hints(need("[data-hints]", panel), step, api, wireCode);
  const bar = new Checks(
    need("[data-checks]", panel),
    step,
    api,
    onSubmission,
    steps.nextButton(step.id),
  );
  checks.set(step.id, bar);
  steps.markDone(step.id, bar.done);
}
copyButtons(guide);
wireCode(guide);
onScore(data.score);
onSandbox(data.sandbox);

new Events(
  `${base}/events`,
  {
    sandbox: (sandbox) => onSandbox(sandbox as Sandbox),
    ticks: (ticks) => onTicks(ticks as Ticks),
    submission: (submission) => onSubmission(submission as Submission),
    ports: (ports) => workspace.ports((ports as { ports: Port[] }).ports),
    files: (files) => workspace.filesChanged((files as { machine: string }).machine),
  },
  (connected) => status.connected(connected),
);

function wireCode(root: HTMLElement): void {
  runButtons(root, (target, text, interrupt) => workspace.run(target, text, interrupt));
}

function onSandbox(sandbox: Sandbox): void {
  // On a narrow screen the way on must not wait behind the instructions.
  if (sandbox.state === "ended" && lastState !== "ended") side("work");
  lastState = sandbox.state;
  status.update(sandbox);
  actions.update(sandbox);
  curtain.update(sandbox);
  workspace.update(sandbox);
  for (const bar of checks.values()) bar.enable(sandbox.state === "ready");
}

function onTicks(ticks: Ticks): void {
  for (const { check, outcome, message } of ticks.results) {
    for (const bar of checks.values()) bar.tick(check, outcome, message);
  }
}

function onSubmission(submission: Submission): void {
  const bar = checks.get(submission.step);
  bar?.take(submission);
  if (bar) steps.markDone(submission.step, bar.done);
  if (submission.state === "graded") onScore(submission.lab_score);
}

/** The way on from a lab that is done is to finish it. */
function onScore(score: Score): void {
  status.score(score);
  const complete = score.possible > 0 && score.earned === score.possible;
  actions.recommendFinish(complete);
  if (complete && score.earned !== lastEarned && lastEarned !== null) {
    toast(t("lab-complete", { n: score.earned }), { kind: "success" });
  }
  lastEarned = score.earned;
}

/** On narrow screens instructions and workspace take turns. */
function narrowSwitch(root: HTMLElement): (to: "guide" | "work") => void {
  const list = need("[data-lab-switch]");
  const tabs = { guide: need("#switch-guide"), work: need("#switch-work") };
  const show = (to: "guide" | "work"): void => {
    root.dataset["side"] = to;
    select(tabs[to], list);
  };
  tabs.guide.addEventListener("click", () => show("guide"));
  tabs.work.addEventListener("click", () => show("work"));
  arrowKeys(list);
  show("guide");
  return show;
}
