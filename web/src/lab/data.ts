/** What the server says, in its own names. See src/web/view/lab_data.rs. */
import type { BoardPlace } from "./board/model";

export type Outcome = "passed" | "failed" | "unstable" | "ungradable" | "grader_error";
export type SandboxState =
  "requested" | "queued" | "creating" | "preparing" | "ready" | "paused" | "ended";

export interface Score {
  earned: number;
  possible: number;
}

export interface Sandbox {
  generation: number;
  state: SandboxState;
  queue_position: number | null;
  images: Image[];
  message: string | null;
  now: number;
  ready_at: number | null;
  expires_at: number | null;
  extensions_left: number;
  extension_minutes: number;
  end_reason: "finished" | "expired" | "failed" | "lost" | "stopped" | null;
}

export interface Image {
  name: string;
  state: "queued" | "building" | "ready" | "failed";
  percent: number | null;
  line: string;
}

export interface Check {
  id: string;
  title: string;
  points: number;
  live: boolean;
  best: Outcome | null;
}

export interface Step {
  id: string;
  title: string;
  points: number;
  checks: Check[];
  hints_total: number;
  hints_opened: number;
}

export interface Machine {
  name: string;
  terminals: number;
  learner_home: string;
}

export interface EditorPlace {
  machine: string;
  folder: string;
  open: string | null;
}

/** A port that can be shown. */
export interface Port {
  machine: string;
  port: number;
  /** What the lab calls it; null for one that it does not name. */
  title: string | null;
  listens: boolean;
}

export interface LabData {
  attempt: string;
  csrf: string;
  locale: "zh" | "en";
  style_nonce: string;
  machines: Machine[];
  editor: EditorPlace | null;
  boards: BoardPlace[];
  ports: Port[];
  steps: Step[];
  reset_keeps_home: boolean;
  sandbox: Sandbox;
  score: Score;
  strings: Record<string, string>;
}

export interface Ticks {
  results: { check: string; outcome: Outcome; message: string | null }[];
}

export interface Submission {
  id: string;
  step: string;
  state: "queued" | "grading" | "graded" | "ungradable" | "grader_error";
  score: Score;
  results: { check: string; outcome: Outcome; points: number; message: string | null }[];
  lab_score: Score;
}
