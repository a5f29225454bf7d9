/** Terminals under load. */
import { createHash } from "node:crypto";
import { expect, test } from "../support/fixtures";

const MIB = 1024 * 1024;
/** How long the flood lasts. */
const FLOOD_MS = 60_000;
/** What the server may grow by during the flood: far more than it does, far less than the flood. */
const GROWTH_BOUND = 64 * MIB;
/** A click must be handled this soon although a terminal floods. */
const CLICK_TIMEOUT_MS = 5_000;

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a flood of output neither freezes the page nor grows the server, and Ctrl-C ends it", async ({
  page,
  learner: _signedIn,
  lab,
  server,
}, info) => {
  await lab.start("go-http-service");
  const one = lab.terminal("desk 1");
  const two = lab.terminal("desk 2");
  await two.open();
  await one.open();
  const before = await server.residentMemory();
  let most = before;
  await one.run("yes");
  await one.shows(/^(y\n){20}/m);
  const until = Date.now() + FLOOD_MS;
  let slowest = 0;
  while (Date.now() < until) {
    for (const tab of [two.tab, one.tab]) {
      const clicked = Date.now();
      await tab.click({ timeout: CLICK_TIMEOUT_MS });
      await expect(tab).toHaveAttribute("aria-selected", "true", { timeout: CLICK_TIMEOUT_MS });
      slowest = Math.max(slowest, Date.now() - clicked);
    }
    most = Math.max(most, await server.residentMemory());
  }
  await one.press("Control+c");
  const stopped = Date.now();
  await one.run("echo back $((6*7))");
  await one.shows("\nback 42\n");
  const prompt = Date.now() - stopped;
  await page.getByRole("tab", { name: "A health endpoint" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "A health endpoint" })).toBeVisible();

  const growth = most - before;
  const figures =
    `server ${(before / MIB).toFixed(1)} MiB, ${(growth / MIB).toFixed(1)} MiB more in the flood; ` +
    `slowest click ${slowest} ms; ${prompt} ms from Ctrl-C to the next command's output`;
  info.annotations.push({ type: "figures", description: figures });
  console.log(figures);
  expect(growth).toBeLessThan(GROWTH_BOUND);
});

test("a paste of 200 KB arrives whole, and one beyond 1 MiB is refused with a reason", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  await lab.start("go-http-service");
  const one = lab.terminal("desk 1");
  await one.open();
  let text = "";
  for (let n = 0; text.length < 200_000; n += 1) text += `line ${n} 消息队列 ${"~".repeat(80)}\n`;
  const sum = createHash("sha256").update(text).digest("hex");
  await one.run("stty -echo; echo go $((6*7)); sha256sum; stty echo");
  await one.shows("\ngo 42\n");
  await one.paste(text);
  await one.press("Control+d");
  await one.shows(sum, 60_000);

  await one.run("clear; cat");
  await one.paste("x".repeat(MIB + 1));
  const message = page.getByRole("alert").filter({ hasText: "A paste can be 1 MiB at most" });
  await expect(message).toBeVisible();
  await expect(message).toContainText("Put larger content into a file instead");
  await one.run("nothing before this");
  await one.shows(/^nothing before this\nnothing before this\n/);
  await one.press("Control+c");
});

test("bytes that are no text, colours and titles do no harm", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  await lab.start("go-http-service");
  const one = lab.terminal("desk 1");
  await one.open();
  await one.run(
    String.raw`printf '\xff\xfe\x80 ok\n\e[31mred\e[0m\n\e]0;<b>title</b>\a\e]52;c;aGFja2Vk\a'; echo end $((6*7))`,
  );
  await one.shows("\nend 42\n");
  await one.shows(" ok\n");
  await expect(one.panel.locator(".xterm-rows span", { hasText: /^red$/ })).toBeVisible();
  // A shell may set its own title again; in neither case is it markup.
  await expect(one.tab.locator("b")).toHaveCount(0);
  expect(await page.evaluate(() => navigator.clipboard.readText())).not.toBe("hacked");
});

test("a shell that ends says so, and Enter brings a new one", async ({
  learner: _signedIn,
  lab,
}) => {
  await lab.start("go-http-service");
  const one = lab.terminal("desk 1");
  await one.open();
  await one.run("exit 3");
  await expect(one.banner).toContainText("The shell has ended (status 3).");
  await one.press("Enter");
  await expect(one.banner).toBeHidden();
  await one.run("echo anew $((6*7))");
  await one.shows("\nanew 42\n");
});
