/** For every way to look at the pages and to use them. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { COURSE } from "../support/lab";

async function problems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    // What a program prints in a terminal is its own affair, and so are its colours.
    .exclude(".xterm-rows")
    .analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(
        (node) => `${id} (${help}): ${node.target.join(" ")}: ${node.failureSummary ?? ""}`,
      ),
    );
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page hinders anybody (${colorScheme})`, async ({ page, learner, lab, otherPage }) => {
    expect(learner.name).not.toBe("");
    for (const each of [page, otherPage])
      await each.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const path of ["/", COURSE, "/sign-in", "/register"]) {
      await otherPage.goto(path);
      expect(await problems(otherPage), path).toEqual([]);
    }
    for (const path of [
      COURSE,
      `${COURSE}/lessons/why-an-orchestrator`,
      `${COURSE}/labs/go-http-service`,
      "/me",
    ]) {
      await page.goto(path);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      expect(await problems(page), path).toEqual([]);
    }
    await lab.start("go-http-service");
    await expect(page.locator(".cm-line", { hasText: "func newHandler" })).toBeVisible();
    expect(await problems(page), "lab page with editor").toEqual([]);
    await lab.terminal("desk 1").open();
    expect(await problems(page), "lab page with terminal").toEqual([]);
    await page.getByRole("button", { name: "Finish", exact: true }).click();
    await expect(lab.dialog).toBeVisible();
    expect(await problems(page), "lab page with a question").toEqual([]);
  });
}

test("everything can be reached with the keyboard", async ({ page, learner: _signedIn, lab }) => {
  await page.goto(COURSE);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Start learning" })).toBeFocused();

  await page.goto(`${COURSE}/labs/go-http-service`);
  await page.getByRole("button", { name: "Start the lab" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/attempts\//);
  await lab.isReady();

  const divider = page.getByRole("separator", { name: "Width of the instructions" });
  await divider.focus();
  const width = Number(await divider.getAttribute("aria-valuenow"));
  await page.keyboard.press("ArrowRight");
  await expect(divider).toHaveAttribute("aria-valuenow", String(width + 2));
  const guide = page.getByRole("region", { name: "Instructions" });
  const wide = (await guide.boundingBox())?.width ?? 0;
  await page.keyboard.press("Home");
  await expect.poll(async () => (await guide.boundingBox())?.width ?? 0).toBeLessThan(wide);

  await page.getByRole("tab", { name: "The first answer" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("heading", { level: 2, name: "A health endpoint" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "A health endpoint" })).toBeFocused();

  await page.getByRole("tab", { name: "Editor", exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  const one = lab.terminal("desk 1");
  await expect(one.tab).toBeFocused();
  await expect(one.tab).toHaveAttribute("aria-selected", "true");
  await one.shows(/[$#] *$/m);

  // The editor keeps Tab for itself, and Escape, Tab leads out.
  await page.keyboard.press("ArrowLeft");
  const text = page.locator(".cm-content");
  await text.focus();
  await page.keyboard.press("Tab");
  await expect(text).toBeFocused();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(text).not.toBeFocused();
});

test.describe("on a narrow screen", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, locale: "zh-CN" });

  test("nothing is cut off, and instructions and workspace take turns", async ({
    page,
    learner: _signedIn,
    lab,
  }) => {
    const fits = async (): Promise<void> => {
      const { wide, screen } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        screen: document.documentElement.clientWidth,
      }));
      expect(wide, page.url()).toBeLessThanOrEqual(screen);
    };
    for (const path of [
      "/",
      COURSE,
      `${COURSE}/lessons/message-and-queue`,
      `${COURSE}/labs/go-http-service`,
      "/me",
    ]) {
      await page.goto(path);
      await fits();
    }
    await lab.start("go-http-service");
    await fits();
    const guide = page.getByRole("region", { name: "说明" });
    await expect(guide).toBeVisible();
    await expect(page.locator("#work")).toBeHidden();
    await page.getByRole("tab", { name: "工作区" }).click();
    await expect(guide).toBeHidden();
    const one = lab.terminal("desk 1");
    await one.open();
    await one.run("echo narrow $((6*7))");
    await one.shows("\nnarrow 42\n");
    await fits();
    // A block of the instructions brings the terminal to the front.
    await page.getByRole("tab", { name: "说明" }).click();
    await lab.step.runBlock("curl 'localhost:8080/?name=Ada'");
    await expect(one.panel).toBeVisible();
    await one.shows("curl: (7)");
  });
});
