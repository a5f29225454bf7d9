/** Figures, not promises: printed for a person to read. */
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { makeAccount, newAccount } from "../support/accounts";
import { docker } from "../support/engine";
import { test } from "../support/fixtures";
import { COURSE, LabPage } from "../support/lab";

const LAB = "go-http-service";
const ROUNDS = 5;
const LEARNERS = 5;
const TERMINALS = 4;
/** How long the server is left alone before its memory is read, in milliseconds. */
const CALM_MS = 5_000;

test("figures of terminals", async ({ server, page, browser, admin: _firstAccount }) => {
  const lines: string[] = [];
  const [image = ""] = await docker(
    ...["images", "--format", "{{.Repository}}:{{.Tag}}", "slipway/go"],
  );
  const runs: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const begin = performance.now();
    await docker("run", "--rm", "--network", "none", image, "true");
    runs.push(performance.now() - begin);
  }
  lines.push(`docker run --rm ${image} true: ${summary(runs)}`);

  await makeAccount(page.request, "/register", newAccount("bench"));
  const lab = new LabPage(page);
  const starts: number[] = [];
  const seconds: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    await page.goto(`${COURSE}/labs/${LAB}`);
    const start = page.getByRole("button", { name: "Start the lab" });
    await start.waitFor();
    let begin = performance.now();
    await start.click();
    await page.getByRole("tab", { name: "desk 1", exact: true }).click();
    await prompt(page, "desk-1");
    starts.push(performance.now() - begin);
    begin = performance.now();
    await page.getByRole("tab", { name: "desk 2", exact: true }).click();
    await prompt(page, "desk-2");
    seconds.push(performance.now() - begin);
    await page.getByRole("button", { name: "Finish", exact: true }).click();
    await lab.dialog.getByRole("button", { name: "Finish" }).click();
    await page.getByRole("heading", { name: "You have finished this lab" }).waitFor();
  }
  lines.push(`click on "Start the lab" to prompt: ${summary(starts)}`);
  lines.push(`click on another terminal to prompt: ${summary(seconds)}`);
  await page.goto("about:blank");

  await pause(CALM_MS);
  lines.push(`server without terminals: ${mib(await server.residentMemory())}`);
  for (let n = 0; n < LEARNERS; n += 1) {
    const context = await browser.newContext({ baseURL: server.url, locale: "en-US" });
    const other = await context.newPage();
    await makeAccount(other.request, "/register", newAccount("bench"));
    const theirs = new LabPage(other);
    await theirs.start(LAB);
    for (let terminal = 1; terminal <= TERMINALS; terminal += 1) {
      const tab = other.getByRole("tab", { name: `desk ${terminal}`, exact: true });
      if (!(await tab.isVisible())) {
        await other.locator(".add-terminal summary").click();
        await other.getByRole("button", { name: "New terminal on desk" }).click();
      }
      await tab.click();
      await prompt(other, `desk-${terminal}`);
    }
  }
  await pause(CALM_MS);
  lines.push(
    `server with ${LEARNERS * TERMINALS} terminals open: ${mib(await server.residentMemory())}`,
  );
  console.log(`\n${process.env["E2E_BINARY"] ?? "debug build"}\n${lines.join("\n")}\n`);
});

/** Waits until a shell's prompt is drawn. */
async function prompt(page: Page, pane: string): Promise<void> {
  await page.waitForFunction(
    (rows) => [...document.querySelectorAll(rows)].some((row) => /[$#]\s*$/.test(row.textContent)),
    `#work-panel-${pane} .xterm-rows > div`,
    { polling: "raf", timeout: 120_000 },
  );
}

function summary(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const s = (ms: number | undefined): string => `${((ms ?? 0) / 1000).toFixed(2)} s`;
  const middle = sorted[Math.floor(sorted.length / 2)];
  return `median ${s(middle)}, from ${s(sorted[0])} to ${s(sorted.at(-1))} (${sorted.length} times)`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
