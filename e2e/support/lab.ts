/** The lab page, by what a learner sees of it. */
import { type Locator, type Page, expect } from "@playwright/test";
import { Terminal } from "./terminal";

export const COURSE = "/courses/go-docker-k8s-mq";
/** How long a sandbox may take until it is ready, in milliseconds. */
export const READY_TIMEOUT_MS = 90_000;
/** How long a submission may take. */
const GRADED_TIMEOUT_MS = 90_000;

/** The words of a language that the tests look for. */
export interface Words {
  start: string;
  ready: string;
  check: string;
  editor: string;
  save: string;
}

export const EN: Words = {
  start: "Start the lab",
  ready: "Ready",
  check: "Check this step",
  editor: "Editor",
  save: "Save",
};

export const ZH: Words = {
  start: "开始实验",
  ready: "已就绪",
  check: "检查这一步",
  editor: "编辑器",
  save: "保存",
};

export class LabPage {
  /** What the sandbox does, in the header. */
  readonly state: Locator;
  readonly clock: Locator;
  /** The points of the whole lab, in the header. */
  readonly score: Locator;
  readonly dialog: Locator;

  constructor(
    readonly page: Page,
    private readonly words: Words = EN,
  ) {
    const status = page.locator("[data-lab-status]");
    this.state = status.locator(".state-label");
    this.clock = status.getByRole("timer");
    this.score = status.locator(".points");
    this.dialog = page.getByRole("dialog");
  }

  /** Starts a lab from its page, and waits for its sandbox. */
  async start(lab: string): Promise<void> {
    await this.page.goto(`${COURSE}/labs/${lab}`);
    await this.page.getByRole("button", { name: this.words.start }).click();
    await this.page.waitForURL(/\/attempts\//);
    await this.isReady();
  }

  /** Waits until one can work. */
  async isReady(): Promise<void> {
    await expect(this.state).toHaveText(this.words.ready, { timeout: READY_TIMEOUT_MS });
  }

  terminal(label: string): Terminal {
    return new Terminal(this.page, label);
  }

  /** The step in view. */
  get step(): Step {
    return new Step(this.page, this.words);
  }

  /** Goes to a step. */
  async goTo(title: string): Promise<Step> {
    await this.page.getByRole("tab", { name: title }).click();
    await expect(this.page.getByRole("heading", { level: 2, name: title })).toBeVisible();
    return this.step;
  }

  /** Replaces a line of the file in the editor. */
  async replaceLine(containing: string, by: string): Promise<void> {
    await this.page.getByRole("tab", { name: this.words.editor, exact: true }).click();
    await this.page.locator(".cm-line", { hasText: containing }).click();
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Shift+End");
    await this.page.keyboard.insertText(by);
  }

  /** Saves the file in the editor. */
  async save(): Promise<void> {
    const dirty = this.page.locator(".file-tab[aria-selected=true] .dirty");
    await expect(dirty).toHaveText("●");
    await this.page.keyboard.press("Control+s");
    await expect(dirty).toHaveText("");
  }
}

/** The instructions of a step. */
export class Step {
  readonly article: Locator;
  readonly summary: Locator;
  private readonly checkButton: Locator;

  constructor(page: Page, words: Words) {
    this.article = page.locator("article.step:visible");
    this.checkButton = this.article.getByRole("button", { name: words.check });
    this.summary = this.article.locator(".check-summary");
  }

  /** Clicks *Run* at the code block that contains a text. */
  async runBlock(code: string, nth = 0): Promise<void> {
    const blocks = this.article.locator("figure.code-block", { hasText: code });
    await blocks.nth(nth).locator("button.code-run").click();
  }

  /** A line of the list of checks. */
  line(title: string): Locator {
    return this.article.locator(".check", { hasText: title });
  }

  /** Asks for a check of the step without waiting for the outcome. */
  async submit(): Promise<void> {
    await expect(this.checkButton).toHaveAttribute("aria-disabled", "false");
    await this.checkButton.click();
  }

  /** Asks for a check of the step and expects these words to sum it up. */
  async check(outcome: string): Promise<void> {
    await this.submit();
    await this.isSummedUp(outcome);
  }

  /** Waits for the words that sum a submission up. */
  async isSummedUp(outcome: string): Promise<void> {
    await expect(this.summary).toHaveText(outcome, { timeout: GRADED_TIMEOUT_MS });
  }
}
