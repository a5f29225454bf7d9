/** Extending, resetting and finishing a lab. */
import type { Api } from "../lib/api";
import { button } from "../lib/dom";
import { confirm } from "../lib/dialog";
import { t } from "../lib/strings";
import { toast, toastError } from "../lib/toast";
import type { LabData, Sandbox } from "./data";

type Action = "extend" | "reset" | "finish" | "restart";

export class Actions {
  private readonly extendButton: HTMLButtonElement;
  private readonly resetButton: HTMLButtonElement;
  private readonly finishButton: HTMLButtonElement;
  private sandbox: Sandbox;
  private busy = false;

  constructor(
    root: HTMLElement,
    private readonly api: Api,
    private readonly data: LabData,
    private readonly onSandbox: (sandbox: Sandbox) => void,
  ) {
    this.sandbox = data.sandbox;
    this.extendButton = button({
      label: "",
      icon: "clock-plus",
      class: "button small",
      onclick: () => void this.extend(),
    });
    this.resetButton = button({
      label: t("reset"),
      icon: "reset",
      class: "button small",
      onclick: () => void this.reset(),
    });
    this.finishButton = button({
      label: t("finish"),
      icon: "flag",
      class: "button small",
      onclick: () => void this.finish(),
    });
    for (const b of [this.extendButton, this.resetButton, this.finishButton]) {
      b.title = b.textContent;
    }
    root.append(this.extendButton, this.resetButton, this.finishButton);
    this.update(data.sandbox);
  }

  update(sandbox: Sandbox): void {
    this.sandbox = sandbox;
    const runs = sandbox.state === "ready" || sandbox.state === "paused";
    const label = t("extend", { n: sandbox.extension_minutes });
    this.extendButton.title = t("extend-left", { n: sandbox.extensions_left });
    const text = this.extendButton.querySelector("span");
    if (text) text.textContent = label;
    this.extendButton.hidden = !runs || sandbox.extensions_left === 0;
    this.resetButton.hidden = !runs;
    this.finishButton.hidden = sandbox.state === "ended";
  }

  /** Whether all points are earned, so that nothing is left but to finish. */
  recommendFinish(yes: boolean): void {
    this.finishButton.classList.toggle("recommended", yes);
  }

  async extend(): Promise<void> {
    const { extension_minutes: n } = this.sandbox;
    if (await this.call("extend")) toast(t("extended", { n }), { kind: "success" });
  }

  async restart(): Promise<void> {
    await this.call("restart");
  }

  private async reset(): Promise<void> {
    const kept = this.data.reset_keeps_home ? t("reset-keeps-home") : t("reset-loses-home");
    const text = [t("reset-what"), kept, t("reset-points")];
    if (await confirm(t("reset-title"), text, t("reset-yes"), true)) await this.call("reset");
  }

  private async finish(): Promise<void> {
    const text = [t("finish-what"), t("finish-points")];
    if (await confirm(t("finish-title"), text, t("finish-yes"))) await this.call("finish");
  }

  private async call(action: Action): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    try {
      this.onSandbox(await this.api.post<Sandbox>(action));
      return true;
    } catch (error) {
      toastError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
