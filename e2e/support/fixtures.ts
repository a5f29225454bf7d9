/** What the tests start from: a running server, and people with accounts on it. */
import { type Browser, type Page, test as base, request as requests } from "@playwright/test";
import { type Account, makeAccount, newAccount } from "./accounts";
import { EN, LabPage, ZH } from "./lab";
import { Server } from "./server";

interface ForWorker {
  /** A server of this worker's own, which the tests of the worker share. */
  server: Server;
  /** The administrator of that server. */
  admin: Account;
}

interface ForTest {
  /** A learner who has just made an account and is signed in with `page`. */
  learner: Account;
  /** The lab page in `page`; whatever is started there is ended after the test. */
  lab: LabPage;
  /** A page in a browser of its own, with nobody signed in. */
  otherPage: Page;
}

export const test = base.extend<ForTest, ForWorker>({
  server: [
    async ({}, use, worker) => {
      const server = await Server.create(worker.parallelIndex);
      try {
        await server.start();
        await use(server);
      } finally {
        await server.dispose();
      }
    },
    { scope: "worker", timeout: 120_000 },
  ],

  admin: [
    async ({ server }, use) => {
      const account = newAccount("admin");
      const link = new URL(server.setupLink);
      const request = await requests.newContext({ baseURL: server.url });
      const token = link.searchParams.get("token") ?? "";
      await makeAccount(request, `${link.pathname}${link.search}`, account, { token });
      await request.dispose();
      await use(account);
    },
    { scope: "worker" },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  learner: async ({ page, admin: _theirsIsTheFirstAccount }, use) => {
    const account = newAccount("learner");
    await makeAccount(page.request, "/register", account);
    await use(account);
  },

  lab: async ({ page, locale }, use) => {
    await use(new LabPage(page, locale?.startsWith("zh") === true ? ZH : EN));
    await finishAll(page);
  },

  otherPage: async ({ browser, baseURL, locale }, use) => {
    const page = await newPage(browser, { baseURL, locale });
    await use(page);
    await page.context().close();
  },

  page: async ({ page, server }, use, info) => {
    await use(steady(page));
    if (info.status !== info.expectedStatus) {
      await info.attach("server.log", { body: server.log, contentType: "text/plain" });
    }
  },
});

export { expect } from "@playwright/test";

async function newPage(
  browser: Browser,
  options: { baseURL: string | undefined; locale: string | undefined },
): Promise<Page> {
  const { baseURL, locale } = options;
  const context = await browser.newContext({
    ...(baseURL !== undefined && { baseURL }),
    ...(locale !== undefined && { locale }),
  });
  return steady(await context.newPage());
}

/** A page that asks again, as browsers with a window do by themselves, when the networks of the
 *  machine change while it opens an address. */
function steady(page: Page): Page {
  const goto = page.goto.bind(page);
  page.goto = async (...args) => {
    for (let left = 3; ; left -= 1) {
      try {
        return await goto(...args);
      } catch (error) {
        if (left === 0 || !String(error).includes("ERR_NETWORK_CHANGED")) throw error;
      }
    }
  };
  return page;
}

/** Ends the sandboxes of whoever is signed in, so that the machine has room for the next test. */
async function finishAll(page: Page): Promise<void> {
  const me = await (await page.request.get("/me")).text();
  const token = /name="csrf" value="([^"]+)"/.exec(me)?.[1] ?? "";
  const attempts = new Set([...me.matchAll(/\/attempts\/([0-9a-f-]+)/g)].map((match) => match[1]));
  for (const attempt of attempts) {
    await page.request.post(`/api/attempts/${attempt ?? ""}/finish`, {
      headers: { "X-CSRF-Token": token },
      data: {},
    });
  }
}
