/** What instructors and administrators see and do. */
import type { Page } from "@playwright/test";
import type { Account } from "../support/accounts";
import { expect, test } from "../support/fixtures";

async function signIn(page: Page, { name, password }: Account): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".menu-name")).toHaveText(name);
}

test("an administrator sees evidence, appoints an instructor and ends a sandbox with a word to its learner", async ({
  page,
  learner,
  lab,
  admin,
  otherPage: office,
}) => {
  await lab.start("go-http-service");
  const one = lab.terminal("desk 1");
  await one.open();
  await lab.step.check("0 of 20 points so far");

  await signIn(office, admin);
  await office.goto("/admin");
  const submissions = office.getByRole("region", { name: "Submissions", exact: true });
  const submission = submissions.locator(".row", { hasText: learner.name });
  await expect(submission).toHaveCount(1);
  await submission.locator("summary").click();
  await expect(submission).toContainText("Greets by name");
  await expect(submission).toContainText("Not yet");
  await expect(submission).toContainText("observed from outside");
  await expect(submission.locator("pre").first()).toContainText("8080");

  await test.step("a student has no business here, an instructor has", async () => {
    const tab = await page.context().newPage();
    expect((await tab.goto("/admin"))?.status()).toBe(403);
    const person = office
      .getByRole("region", { name: "People" })
      .getByRole("row", { name: learner.name });
    await person.getByRole("combobox").selectOption({ label: "Instructor" });
    await person.getByRole("button", { name: "Save" }).click();
    await expect(person.getByRole("combobox").locator("option:checked")).toHaveText("Instructor");
    expect((await tab.goto("/admin"))?.status()).toBe(200);
    await expect(tab.getByRole("region", { name: "Submissions" })).toContainText(learner.name);
    // Only administrators appoint, and not themselves.
    await expect(tab.getByRole("region", { name: "People" })).toHaveCount(0);
    await tab.close();
    await expect(office.getByRole("row", { name: admin.name }).getByRole("combobox")).toHaveCount(
      0,
    );
  });

  await test.step("the sandbox is ended", async () => {
    const sandbox = office
      .getByRole("region", { name: "Sandboxes" })
      .getByRole("row", { name: learner.name });
    await expect(sandbox).toContainText("Write an HTTP service in Go");
    await expect(sandbox).toContainText("Ready");
    const question = office.waitForEvent("dialog");
    const clicked = sandbox.getByRole("button", { name: "End" }).click();
    const dialog = await question;
    expect(dialog.message()).toContain(`End the sandbox of ${learner.name}?`);
    await dialog.accept();
    await clicked;
    await expect(
      page.getByRole("heading", { name: "An administrator ended this sandbox" }),
    ).toBeVisible();
    await expect(page.getByText("Ask your instructor, or start again.")).toBeVisible();
    await expect(lab.clock).toBeHidden();
    await page.getByRole("button", { name: "Start again" }).click();
    await lab.isReady();
    await one.open();
  });
});
