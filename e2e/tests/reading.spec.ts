/** What anybody may read. */
import { COURSE } from "../support/lab";
import { expect, test } from "../support/fixtures";

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("a visitor finds all there is to know about the course, and reads it in English as well", async ({
    page,
  }) => {
    await page.goto("/");
    // There is one course, so the list of courses leads straight to it.
    await expect(page).toHaveURL(new RegExp(`${COURSE}$`));
    await expect(page.locator("html")).toHaveAttribute("lang", /^zh/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "Go、Docker、K8s、消息队列与分布式",
    );
    await expect(page.locator(".teacher")).toContainText("水木未名");
    const about = page.getByRole("region", { name: "课程介绍" });
    await expect(about).toContainText("适合谁学");
    await expect(about).toContainText("不需要任何运维经验");
    await expect(about).toContainText("你将学会");
    await expect(about.locator(".ticked li")).toHaveCount(6);
    const outline = page.getByRole("region", { name: "课程大纲" });
    await expect(outline.locator(".module h3")).toHaveText([
      "Go 服务",
      "Docker 容器",
      "Kubernetes 编排",
      "消息队列",
      "分布式系统",
      "毕业实验",
    ]);
    await expect(outline.getByRole("link", { name: "第一个容器" })).toBeVisible();
    await expect(page.getByRole("region", { name: "寻求帮助" })).toContainText(
      "先问班级的任课老师",
    );

    // The introduction is long: at first only its beginning is to be seen.
    const introduction = about.locator("details.fold");
    await expect(introduction).toContainText("一家茶铺，一套系统");
    const height = async (): Promise<number> => (await introduction.boundingBox())?.height ?? 0;
    expect(await height()).toBeLessThan(500);
    await page.getByText("展开全文").click();
    await expect.poll(height).toBeGreaterThan(1500);
    for (const text of [
      "服务发现与调度",
      "负载均衡",
      "服务自愈",
      "弹性扩容",
      "横向扩容",
      "存储卷挂载",
    ]) {
      await expect(about.getByRole("cell", { name: text })).toBeVisible();
    }
    await expect(about).toContainText("kube-scheduler");
    await expect(about).toContainText("解耦");
    await page.getByText("收起").click();
    await expect.poll(height).toBeLessThan(500);

    await page.getByRole("button", { name: "English" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", /^en/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "Go, Docker, Kubernetes, Message Queues and Distributed Systems",
    );
    await expect(page.locator(".teacher")).toContainText("Shuimu Weiming");
    await expect(page.getByRole("region", { name: "About this course" })).toContainText(
      "no experience in operations is needed",
    );
    await page.getByText("Show more").click();
    await expect(page.getByRole("heading", { name: "One tea shop, one system" })).toBeVisible();
    await expect(page.getByRole("cell", { name: "Self-healing" })).toBeVisible();
    await expect(page.getByRole("region", { name: "Get help" })).toContainText("If you get stuck");
  });

  test("a visitor reads a lesson with its drawings, and comes back to the top", async ({
    page,
  }) => {
    await page.goto(`${COURSE}/lessons/containers-and-virtual-machines`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const drawing = page.getByRole("img", { name: /^虚拟机与容器/ });
    await expect(drawing).toBeVisible();
    const box = await drawing.boundingBox();
    expect(box?.width).toBeGreaterThan(400);
    expect(box?.height).toBeGreaterThan(100);
    await page.getByText("登录后可以记录读到了哪里。").scrollIntoViewIfNeeded();
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(200);
    await page.getByRole("link", { name: "返回顶部" }).first().click();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);

    await page.getByRole("button", { name: "English" }).click();
    await expect(page).toHaveURL(/\/lessons\/containers-and-virtual-machines$/);
    await expect(page.getByText("Sign in to keep track of what you have read.")).toBeVisible();
  });
});

test("a visitor who wants to start a lab is asked to sign in, and comes back to it", async ({
  page,
  learner,
  otherPage,
}) => {
  // `learner` is signed in with `page`; the visitor is in another browser.
  await page.close();
  await otherPage.goto(`${COURSE}/labs/docker-first-container`);
  await expect(otherPage.getByText("Starting a lab takes an account")).toBeVisible();
  await expect(otherPage.getByRole("button", { name: "Start the lab" })).toBeHidden();
  await otherPage.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  await otherPage.getByLabel("Name").fill(learner.name);
  await otherPage.getByLabel("Password").fill("not the password");
  await otherPage.getByRole("button", { name: "Sign in" }).click();
  await expect(otherPage.getByRole("alert")).toBeVisible();
  await expect(otherPage.getByLabel("Name")).toHaveValue(learner.name);
  await otherPage.getByLabel("Password").fill(learner.password);
  await otherPage.getByRole("button", { name: "Sign in" }).click();
  await expect(otherPage).toHaveURL(new RegExp(`${COURSE}/labs/docker-first-container$`));
  await expect(otherPage.getByRole("button", { name: "Start the lab" })).toBeVisible();
});

test("an address that does not exist is explained", async ({ page }) => {
  const response = await page.goto(`${COURSE}/lessons/no-such-lesson`);
  expect(response?.status()).toBe(404);
  await expect(page.getByText("What you can do")).toBeVisible();
  await page.getByRole("link", { name: "To the courses" }).click();
  await expect(page).toHaveURL(/\/(courses\/.*)?$/);
});
