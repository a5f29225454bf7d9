/** The live board follows what a learner does. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../support/fixtures";

/** How soon the board shall follow; a machine that runs many tests at once is given more. */
const FOLLOWS_MS = 10_000;

test("a container that is run appears on the board, changes there, and goes", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(300_000);
  await lab.start("docker-first-container");
  const board = page.getByRole("region", { name: "Live board" });
  await expect(board.locator(".board-image", { hasText: "nginx" })).toBeVisible();
  await expect(board.getByText("No containers here yet")).toBeVisible();

  const desk = lab.terminal("desk 1");
  await desk.open();
  await desk.run("docker run -d --name web -p 8080:80 nginx");
  const web = board.locator(".board-container", { hasText: "web" });
  await expect(web).toHaveAttribute("data-state", "running", { timeout: 60_000 });
  await expect(web).toContainText("8080 → 80");
  await desk.run("docker kill web");
  await expect(web).toHaveAttribute("data-state", "exited", { timeout: FOLLOWS_MS });
  await desk.run("docker rm -f web");
  await expect(web).toHaveCount(0, { timeout: FOLLOWS_MS });
});

test("the table says the same, by keyboard alone, and both are accessible", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(300_000);
  await lab.start("docker-first-container");
  const board = page.getByRole("region", { name: "Live board" });
  await expect(board.locator(".board-image", { hasText: "nginx" })).toBeVisible();
  const look = async (): Promise<void> => {
    const { violations } = await new AxeBuilder({ page }).include(".boards").analyze();
    expect(violations).toEqual([]);
  };
  await look();
  await expect(board.getByRole("img")).toHaveAccessibleName(/Docker · desk: 0 of 0 containers/);

  await board.getByRole("button", { name: "Table" }).focus();
  await page.keyboard.press("Enter");
  const images = board.getByRole("table", { name: "Images" });
  await expect(images.getByRole("rowheader", { name: /nginx/ })).toBeVisible();
  await look();

  const divider = page.getByRole("separator", { name: "Divider between board and terminals" });
  await divider.focus();
  const before = Number(await divider.getAttribute("aria-valuenow"));
  await page.keyboard.press("ArrowDown");
  await expect(divider).toHaveAttribute("aria-valuenow", String(before + 2));

  await board.getByRole("button", { name: "Hide the live board" }).focus();
  await page.keyboard.press("Enter");
  await expect(board).toBeHidden();
  const toggle = page.getByRole("button", { name: "Live board" });
  await expect(toggle).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(images).toBeVisible();
});
