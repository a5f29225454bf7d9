import config from "./playwright.config";
import { defineConfig } from "@playwright/test";

export default defineConfig(config, {
  testDir: "bench",
  workers: 1,
  timeout: 600_000,
  reporter: [["line"]],
});
