/** A sandbox's life, as its learner steers it. */
import { containersOf } from "../support/engine";
import { expect, test } from "../support/fixtures";
import { COURSE, LabPage, READY_TIMEOUT_MS } from "../support/lab";

test("the clock runs, more time is granted, a reset brings fresh machines, and the points stay", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(300_000);
  await lab.start("docker-first-container");
  await expect(lab.clock).toHaveText(/^(45:00|44:\d\d)$/);
  const first = (await lab.clock.textContent()) ?? "";
  await expect(lab.clock).not.toHaveText(first);
  await page.getByRole("button", { name: "+30 min" }).click();
  await expect(
    page.getByRole("status").filter({ hasText: "Extended by 30 minutes" }),
  ).toBeVisible();
  await expect(lab.clock).toHaveText(/^1:1[0-4]:\d\d$/);

  const desk = lab.terminal("desk 1");
  await desk.open();
  await desk.run("docker run --name first hello; docker run --name oops busybox sh -c 'exit 7'");
  await desk.run("echo mark $((6*7))");
  await desk.shows("\nmark 42\n", 90_000);
  await lab.step.check("All done: 20 points");

  await page.getByRole("button", { name: "Reset" }).click();
  await expect(lab.dialog).toContainText("Reset the sandbox?");
  await expect(lab.dialog).toContainText("Points you have earned stay yours.");
  await lab.dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(lab.dialog).toBeHidden();
  await page.getByRole("button", { name: "Reset" }).click();
  await lab.dialog.getByRole("button", { name: "Reset" }).click();
  await expect(lab.state).not.toHaveText("Ready", { timeout: READY_TIMEOUT_MS });
  await lab.isReady();
  await desk.open();
  await expect.poll(() => desk.text()).not.toContain("mark 42");
  await desk.run("docker ps -a --format 'name={{.Names}}'; echo listed $((6*7))");
  await desk.shows("\nlisted 42\n", 90_000);
  expect(await desk.text()).not.toContain("name=first\n");
  await expect(lab.score).toHaveText(/^20\//);

  await page.getByRole("button", { name: "Finish", exact: true }).click();
  await lab.dialog.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("heading", { name: "You have finished this lab" })).toBeVisible();
  await expect(page.getByText("Your points are kept.")).toBeVisible();
  await expect(lab.score).toHaveText(/^20\//);
  await page.goto(`${COURSE}/labs/docker-first-container`);
  await expect(page.locator(".best")).toContainText("20/");
  await page.getByRole("button", { name: "Start the lab" }).click();
  await page.waitForURL(/\/attempts\//);
  await lab.isReady();
  await expect(lab.score).toHaveText(/^20\//);
});

test("a double click starts one sandbox, and a second tab shows the same terminal", async ({
  page,
  context,
  learner: _signedIn,
  lab,
  server,
}) => {
  const known = async (): Promise<Set<string>> => {
    const instance = await server.instance();
    const containers = instance === null ? [] : await containersOf(instance);
    return new Set(containers.map((container) => container.sandbox));
  };
  const before = await known();
  await page.goto(`${COURSE}/labs/go-http-service`);
  await page.getByRole("button", { name: "Start the lab" }).dblclick({ noWaitAfter: true });
  await page.waitForURL(/\/attempts\//);
  await lab.isReady();
  const started = [...(await known())].filter((sandbox) => !before.has(sandbox));
  expect(started).toHaveLength(1);

  const one = lab.terminal("desk 1");
  await one.open();
  await one.run("echo from the first tab $((6*7))");
  await one.shows("\nfrom the first tab 42\n");

  const second = new LabPage(await context.newPage());
  await second.page.goto(page.url());
  await second.isReady();
  const same = second.terminal("desk 1");
  await same.open();
  await same.shows("\nfrom the first tab 42\n");
  await same.run("echo from the second tab $((6*7))");
  await one.shows("\nfrom the second tab 42\n");

  // The start page leads back to the same sandbox.
  await second.page.goto(`${COURSE}/labs/go-http-service`);
  await second.page.getByRole("link", { name: "Back to the lab" }).click();
  await expect(second.page).toHaveURL(page.url());
});

test("a page that lost a script on the way mends itself", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  await page.route("**/static/dist/lab.js", (route) => route.abort(), { times: 1 });
  await lab.start("go-http-service");
  // Terminals are a part of their own.
  let dropped = false;
  await page.route("**/static/dist/chunks/view-*.js", async (route) => {
    if (dropped) await route.fallback();
    else await route.abort();
    dropped = true;
  });
  await page.reload();
  await lab.isReady();
  const one = lab.terminal("desk 1");
  await one.tab.click();
  await one.shows(/[$#] *$/m);
  expect(dropped).toBe(true);
});

test("someone else's lab can't be opened", async ({ page, learner: _signedIn, lab, otherPage }) => {
  await lab.start("go-http-service");
  const address = page.url();
  await otherPage.goto(address);
  await expect(otherPage).toHaveURL(/\/sign-in/);
  const { makeAccount, newAccount } = await import("../support/accounts");
  await makeAccount(otherPage.request, "/register", newAccount("stranger"));
  const answer = await otherPage.goto(address);
  expect([403, 404]).toContain(answer?.status());
});
