import { defineConfig } from "@playwright/test";

/** One worker for each processor, up to two: a worker has a server, a browser and sandboxes. */
const WORKERS = 2;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  workers: Number(process.env["E2E_WORKERS"] ?? WORKERS),
  fullyParallel: true,
  forbidOnly: true,
  // A browser on the engine's machine may drop a page when a sandbox's network comes or goes.
  retries: 1,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    locale: "en-US",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 1440, height: 900 },
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["E2E_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        // Terminals then draw as text in the page, which tests can read like a learner does.
        "--disable-3d-apis",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
