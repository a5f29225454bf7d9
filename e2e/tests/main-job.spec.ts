/** The main job, from making an account to the stored score, with the server killed on the way. */
import { newAccount } from "../support/accounts";
import { containersOf } from "../support/engine";
import { expect, test } from "../support/fixtures";
import { COURSE } from "../support/lab";
import type { Terminal } from "../support/terminal";

/** Go compiles in the sandbox, on a share of one processor. */
const COMPILE_TIMEOUT_MS = 120_000;

test("a learner reads, works, fails a check, passes it, and loses nothing when the server is killed", async ({
  page,
  lab,
  server,
  admin: _theirsIsTheFirstAccount,
}) => {
  test.setTimeout(420_000);
  const account = newAccount("learner");

  await test.step("registers and reads a lesson", async () => {
    await page.goto("/register");
    await page.getByLabel("Name").fill(account.name);
    await page.getByLabel("Password", { exact: true }).fill(account.password);
    await page.getByLabel("Repeat the password").fill(account.password);
    await page.getByRole("button", { name: "Create the account" }).click();
    await page.goto(COURSE);
    await page.getByRole("link", { name: "Start learning" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("A Go service");
    await page.getByRole("button", { name: "Mark as read" }).click();
    await expect(page.getByText("You have read this lesson.")).toBeVisible();
    await page.getByRole("link", { name: /^Next/ }).click();
  });

  await test.step("starts the lab and sees it come to life", async () => {
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Write an HTTP service in Go");
    await page.getByRole("button", { name: "Start the lab" }).click();
    await page.waitForURL(/\/attempts\//);
    await lab.isReady();
    await expect(lab.clock).toHaveText(/^(45:00|44:\d\d)$/);
    await expect(lab.score).toHaveText("0/105 points");
  });

  const one = lab.terminal("desk 1");
  const two = lab.terminal("desk 2");
  await test.step("types in the terminal, Chinese too", async () => {
    await one.open();
    await one.run("echo 你好，$((6*7))");
    await one.shows("\n你好，42\n");
  });

  await test.step("runs blocks of the instructions", async () => {
    await lab.step.runBlock("cd ~/hello && go run .");
    await expect(two.tab).toHaveAttribute("aria-selected", "true");
    await two.shows("listening on port 8080", COMPILE_TIMEOUT_MS);
    await lab.step.runBlock("curl 'localhost:8080/?name=Ada'");
    await expect(one.tab).toHaveAttribute("aria-selected", "true");
    await one.shows("\nTODO\n");
  });

  await test.step("opens a hint", async () => {
    await page.getByRole("button", { name: "Show a hint (3 left)" }).click();
    await expect(lab.step.article.locator(".hint")).toContainText("r.URL.Query()");
    await expect(page.getByRole("button", { name: "Show a hint (2 left)" })).toBeVisible();
  });

  const greet = (answer: string): string =>
    [
      `name := r.URL.Query().Get("name")`,
      `\tif name == "" {`,
      `\t\tname = "world"`,
      `\t}`,
      `\tfmt.Fprintf(w, ${answer}, name)`,
    ].join("\n");

  await test.step("edits, runs, and is told what is still wrong", async () => {
    await lab.replaceLine('fmt.Fprintln(w, "TODO")', greet('"Hello, %s?\\n"'));
    await lab.save();
    await lab.step.runBlock("go run .", 1);
    await expect.poll(() => listening(two), { timeout: COMPILE_TIMEOUT_MS }).toBe(2);
    await lab.step.check("0 of 20 points so far");
    await expect(lab.step.line("Greets by name")).toContainText(
      "The service answers, but not with Hello, name!.",
    );
    await expect(lab.step.line("Greets by name")).toContainText("not yet");
  });

  await test.step("repairs it and sees by itself that it looks right", async () => {
    await lab.replaceLine("Hello, %s?", 'fmt.Fprintf(w, "Hello, %s!\\n", name)');
    await lab.save();
    await lab.step.runBlock("go run .", 1);
    await expect.poll(() => listening(two), { timeout: COMPILE_TIMEOUT_MS }).toBe(3);
    for (const title of ["Greets by name", "Greets a name in Chinese", "Greets without a name"]) {
      await expect(lab.step.line(title)).toContainText("Looks right", { timeout: 60_000 });
    }
    await expect(lab.score).toHaveText("0/105 points");
  });

  await test.step("passes", async () => {
    await lab.step.check("All done: 20 points");
    await expect(lab.step.line("Greets a name in Chinese")).toContainText("passed");
    await expect(lab.score).toHaveText("20/105 points");
    await expect(page.getByRole("tab", { name: "The first answer" })).toContainText("done");
  });

  await test.step("reloads the page and finds everything as it was", async () => {
    await page.reload();
    await lab.isReady();
    await expect(lab.score).toHaveText("20/105 points");
    await expect(lab.step.line("Greets by name")).toContainText("passed");
    await expect(lab.step.article.locator(".hint")).toHaveCount(1);
    await one.open();
    await one.shows("\n你好，42\n");
  });

  await test.step("goes on working while the server is killed and comes back", async () => {
    const instance = (await server.instance()) ?? "";
    // Sandboxes of other tests may still be going away.
    const sandboxes = async (): Promise<number> =>
      new Set((await containersOf(instance)).map(({ sandbox }) => sandbox)).size;
    await expect.poll(sandboxes, { timeout: 60_000 }).toBe(1);
    const before = await containersOf(instance);

    await one.run("n=0; while true; do n=$((n+1)); echo tick $n; sleep 1; done");
    await one.shows(/^tick 2$/m);
    // These checks compile and run a copy of the program, so there is time to kill the server.
    const step = await lab.goTo("Graceful shutdown");
    await step.submit();
    await expect(step.summary).toHaveText("Checking…");
    await server.kill();
    const atKill = await lastTick(one);
    await expect(one.banner).toContainText("Connection lost. Connecting again; nothing is lost.");
    await server.start();

    await step.isSummedUp("5 of 35 points so far");
    await expect(step.line("Ends with code 0 on SIGTERM")).toContainText(
      "The program does not handle SIGTERM",
    );
    await expect(lab.score).toHaveText("25/105 points");
    await expect(one.banner).toBeHidden({ timeout: 60_000 });
    await one.shows(new RegExp(`^tick ${atKill + 5}$`, "m"));
    const numbers = await ticks(one);
    expect(numbers, "nothing is missed and nothing comes twice").toEqual(
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
    );
    expect(numbers).toContain(atKill);
    await one.press("Control+c");
    await one.run("echo still $((6*7))");
    await one.shows("\nstill 42\n");
    // The scrollback goes back to the time before.
    await page.keyboard.press("Shift+Home");
    await one.shows("你好，42");

    expect(await containersOf(instance), "no container is doubled or orphaned").toEqual(before);
  });

  await test.step("finds the points in the course and among the submissions", async () => {
    await page.goto("/me");
    await expect(
      page.getByRole("row", { name: /Write an HTTP service in Go/ }).first(),
    ).toContainText("25/105");
    await page.goto(COURSE);
    await expect(
      page.getByRole("link", { name: "Write an HTTP service in Go" }).first(),
    ).toContainText("25/105");
  });
});

/** How often the service said that it listens. */
async function listening(terminal: Terminal): Promise<number> {
  return (await terminal.text()).split("listening on port 8080").length - 1;
}

async function ticks(terminal: Terminal): Promise<number[]> {
  return [...(await terminal.text()).matchAll(/^tick (\d+)$/gm)].map((match) => Number(match[1]));
}

async function lastTick(terminal: Terminal): Promise<number> {
  return (await ticks(terminal)).at(-1) ?? 0;
}
