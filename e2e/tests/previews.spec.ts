/** Previews: what runs in a sandbox, in the lab page; and what it can't do to the lab page. */
import { type Frame, type Page, expect as expectOf } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import type { LabPage } from "../support/lab";

/** Go compiles in the sandbox, on a share of one processor. */
const COMPILE_TIMEOUT_MS = 120_000;
/** How soon what starts to listen must show by itself, and the broker's pages come up. */
const SHOWS_TIMEOUT_MS = 60_000;

/** The document in the frame of the preview in view. */
async function frameOf(page: Page): Promise<Frame> {
  const frame = page.locator(".preview-frame:visible");
  const content = await (await frame.elementHandle()).contentFrame();
  if (!content) throw new Error("The preview has no frame.");
  return content;
}

/** Starts the Go service of the first step and waits until its preview shows what it says. */
async function serve(page: Page, lab: LabPage): Promise<void> {
  await lab.start("go-http-service");
  await page.getByRole("tab", { name: "Your service" }).click();
  await expect(page.getByText("Nothing listens on port 8080 of desk yet")).toBeVisible();
  await lab.step.runBlock("cd ~/hello && go run .");
  await lab.terminal("desk 2").shows("listening on port 8080", COMPILE_TIMEOUT_MS);
  await page.getByRole("tab", { name: "Your service" }).click();
  await expect(page.frameLocator(".preview-frame").locator("body")).toContainText("TODO", {
    timeout: SHOWS_TIMEOUT_MS,
  });
}

test("a service shows as soon as it listens, at any path, and in a tab of its own", async ({
  page,
  context,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(300_000);
  await serve(page, lab);

  await test.step("at the path one asks for", async () => {
    await page.getByLabel("Address within the preview").fill("healthz?x=1");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Address within the preview")).toHaveValue("/healthz?x=1");
    await expect.poll(async () => (await frameOf(page)).url()).toMatch(/\/healthz\?x=1$/);
    const url = new URL((await frameOf(page)).url());
    expect(url.hostname).toMatch(/^8080--[0-9a-f-]{36}\.localhost$/);
    expect(url.port).toBe(new URL(page.url()).port);
  });

  const tab = await test.step("in a new tab", async () => {
    await page.getByLabel("Address within the preview").fill("/");
    const opened = context.waitForEvent("page");
    await page.getByRole("button", { name: "Open in a new tab" }).click();
    const tab = await opened;
    await expectOf(tab.locator("body")).toContainText("TODO");
    return tab;
  });

  await test.step("a port that the lab does not name is offered", async () => {
    const one = lab.terminal("desk 1");
    await one.open();
    await one.run(
      "cd ~/hello && sed 's/8080/9090/' main.go >/tmp/other.go && go run /tmp/other.go",
    );
    await one.shows("9090", COMPILE_TIMEOUT_MS);
    await expect(page.locator(".add-terminal.news")).toBeVisible({ timeout: SHOWS_TIMEOUT_MS });
    await page.locator(".add-terminal > summary").click();
    await page.getByRole("button", { name: "Show port 9090 of desk" }).click();
    const panel = page.locator("#work-panel-preview-desk-9090");
    await expect(panel.frameLocator(".preview-frame").locator("body")).toContainText("TODO");
  });

  await test.step("a service that stopped is explained", async () => {
    await lab.terminal("desk 2").tab.click();
    await lab.terminal("desk 2").press("Control+c");
    await tab.reload();
    await expectOf(tab.getByRole("heading")).toHaveText("Nothing listens on port 8080 of desk yet");
  });

  await test.step("and so is a sandbox that has ended", async () => {
    await page.getByRole("button", { name: "Finish", exact: true }).click();
    await lab.dialog.getByRole("button", { name: "Finish" }).click();
    await expect(page.getByRole("heading", { name: "You have finished this lab" })).toBeVisible();
    await tab.reload();
    await expectOf(tab.getByRole("heading")).toHaveText("This sandbox has ended");
  });
});

test("a hostile page in a preview can read, do, frame and plant nothing", async ({
  page,
  context,
  learner,
  lab,
}) => {
  test.setTimeout(300_000);
  await serve(page, lab);
  const ours = new URL(page.url()).origin;
  const attempt = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const frame = await frameOf(page);
  /** What the server answered to the preview's page; not every refusal reaches the browser's own
   *  tools, so that what was answered at all must be one. */
  const answers: number[] = [];
  context.on("response", (r) => {
    if (r.url().startsWith(ours) && r.request().frame() !== page.mainFrame()) {
      answers.push(r.status());
    }
  });

  await test.step("it sees no cookie and no page of ours", async () => {
    const seen = await frame.evaluate(() => {
      const attempts = [() => parent.document.title, () => String(top?.location.href)];
      return {
        cookie: document.cookie,
        parents: attempts.map((look) => {
          try {
            return look();
          } catch {
            return "refused";
          }
        }),
      };
    });
    expect(seen).toEqual({ cookie: "", parents: ["refused", "refused"] });
  });

  await test.step("it can call nothing of the API", async () => {
    const outcome = await frame.evaluate(
      async ({ ours, attempt }) => {
        const api = `${ours}/api/attempts/${attempt}`;
        const tryTo = async (what: () => Promise<unknown>): Promise<string> =>
          what().then(
            (value) => String(value),
            () => "failed",
          );
        const read = (init: RequestInit) => async (): Promise<string> =>
          (await fetch(`${api}/machines/desk/folder?path=`, init)).type;
        const post = async (): Promise<string> =>
          (
            await fetch(`${api}/finish`, {
              method: "POST",
              mode: "no-cors",
              credentials: "include",
            })
          ).type;
        const stream = async (): Promise<string> =>
          new Promise((done) => {
            const events = new EventSource(`${api}/events`, { withCredentials: true });
            events.onopen = () => done("open");
            events.onerror = () => done("failed");
          });
        const socket = async (): Promise<string> =>
          new Promise((done) => {
            const at = `${ours}/ws/attempts/${attempt}/machines/desk/terminals/1`;
            const terminal = new WebSocket(at.replace("http", "ws"));
            terminal.onopen = () => done("open");
            terminal.onerror = () => done("failed");
          });
        return {
          cors: await tryTo(read({ credentials: "include" })),
          simple: await tryTo(read({ mode: "no-cors", credentials: "include" })),
          post: await tryTo(post),
          stream: await stream(),
          socket: await socket(),
        };
      },
      { ours, attempt },
    );
    expect(outcome.cors).toBe("failed");
    expect(outcome.stream).toBe("failed");
    expect(outcome.socket).toBe("failed");
    // What is sent without asking is sent; the answer is a refusal that the page can't read.
    expect(["opaque", "failed"]).toContain(outcome.simple);
    expect(["opaque", "failed"]).toContain(outcome.post);
    expect(answers.filter((status) => status !== 403)).toEqual([]);
    await expect(lab.state).toHaveText("Ready");
  });

  await test.step("it can send no form, show no page of ours and lead this page nowhere", async () => {
    await frame.evaluate(
      async ({ ours }) => {
        const inner = document.createElement("iframe");
        inner.name = "inner";
        document.body.append(inner);
        const form = document.createElement("form");
        form.method = "post";
        form.action = `${ours}/sign-out`;
        form.target = "inner";
        document.body.append(form);
        form.submit();
        await new Promise((done) => (inner.onload = done));
        const shown = document.createElement("iframe");
        shown.src = `${ours}/me`;
        document.body.append(shown);
        await new Promise((done) => (shown.onload = done));
        try {
          if (top) top.location.href = "http://evil.invalid/";
        } catch {
          // Refused at once, or in silence.
        }
      },
      { ours },
    );
    // The form was refused; the page was answered, but not shown.
    expect(answers).toContain(403);
    const shown = page.frames().map((f) => f.url());
    expect(shown.filter((url) => url.startsWith(ours))).toEqual([page.url()]);
    expect(new URL(page.url()).origin).toBe(ours);
  });

  await test.step("it leaves nothing behind: no cookie for us, no worker", async () => {
    const worker = await frame.evaluate(async () => {
      for (const domain of ["localhost", ".localhost"]) {
        document.cookie = `slipway_login=planted; Path=/; Domain=${domain}`;
        document.cookie = `slipway_language=zh; Path=/; Domain=${domain}`;
      }
      return navigator.serviceWorker.register("/sw.js").then(
        () => "registered",
        () => "refused",
      );
    });
    expect(worker).toBe("refused");
    const planted = (await context.cookies(ours)).filter(({ value }) => value === "planted");
    expect(planted).toEqual([]);
    await page.reload();
    await lab.isReady();
    expect((await page.request.get("/me")).url()).toBe(`${ours}/me`);
    expect(await (await page.request.get("/me")).text()).toContain(learner.name);
  });

  await test.step("its address is of no use to others, and of none after signing out", async () => {
    await page.getByRole("tab", { name: "Your service" }).click();
    await expect(page.frameLocator(".preview-frame").locator("body")).toContainText("TODO");
    const opened = context.waitForEvent("page");
    await page.getByRole("button", { name: "Open in a new tab" }).click();
    const tab = await opened;
    await expectOf(tab.locator("body")).toContainText("TODO");
    const stranger = await context.browser()?.newContext();
    if (!stranger) throw new Error("There is no browser.");
    const theirs = await stranger.newPage();
    expect((await theirs.goto(tab.url()))?.status()).toBe(401);
    await stranger.close();
    const token = /name="csrf" value="([^"]+)"/.exec(
      await (await page.request.get("/me")).text(),
    )?.[1];
    await page.request.post("/sign-out", { form: { csrf: token ?? "" } });
    expect((await tab.reload())?.status()).toBe(401);
    await expectOf(tab.getByRole("heading")).toHaveText("This preview is not open");
  });
});

test("one signs in to the broker's own pages and sees its queues", async ({
  page,
  context,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(240_000);
  await lab.start("rabbitmq-first-queue");
  await page.getByRole("tab", { name: "RabbitMQ's own pages" }).click();
  await expect(page.locator("#work-panel-preview-broker-15672 .preview-frame")).toBeVisible({
    timeout: SHOWS_TIMEOUT_MS,
  });
  // In a tab of its own: these pages need storage, which a private window like that of the tests
  // denies to a frame of another site.
  const opened = context.waitForEvent("page");
  await page.getByRole("button", { name: "Open in a new tab" }).click();
  const broker = await opened;
  await broker.locator("input[name=username]").fill("learner", { timeout: SHOWS_TIMEOUT_MS });
  await broker.locator("input[name=password]").fill("learner");
  await broker.locator("input[type=submit]").click();
  await broker.getByRole("link", { name: "Queues and Streams" }).click();
  await expectOf(broker.getByRole("heading", { level: 1 })).toHaveText("Queues");
});
