/** Accounts, through their pages. */
import { newAccount } from "../support/accounts";
import { expect, test } from "../support/fixtures";
import { Server } from "../support/server";

test("the first administrator is made through the printed link, which works once", async ({
  page,
  otherPage,
}, info) => {
  const fresh = await Server.create(8 + info.parallelIndex);
  try {
    await fresh.start();
    const account = newAccount("first");
    await page.goto(fresh.setupLink);
    await expect(page.getByRole("heading", { name: "Set up this server" })).toBeVisible();
    await page.getByLabel("Name").fill(account.name);
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByLabel("Repeat the password").fill("short");
    await page.getByRole("button", { name: "Create the administrator" }).click();
    // The browser itself keeps a short password back.
    await expect(page.getByRole("heading", { name: "Set up this server" })).toBeVisible();
    await page.getByLabel("Password", { exact: true }).fill(account.password);
    await page.getByLabel("Repeat the password").fill(account.password);
    await page.getByRole("button", { name: "Create the administrator" }).click();
    await page.getByRole("link", { name: "Administration" }).first().click();
    await expect(page.getByRole("region", { name: "People" })).toContainText(account.name);

    await otherPage.goto(fresh.setupLink);
    await expect(otherPage.getByRole("heading", { level: 1 })).toHaveText(
      "This link no longer works",
    );
    await expect(otherPage.getByRole("button", { name: "Create the administrator" })).toBeHidden();
  } finally {
    await fresh.dispose();
  }
});

test("a learner registers, changes the password, signs out and in again", async ({
  page,
  admin: _theirsIsTheFirstAccount,
}) => {
  const account = newAccount("learner");
  await page.goto("/");
  await page.getByRole("link", { name: "Sign in" }).first().click();
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill(account.name);
  await page.getByLabel("Password", { exact: true }).fill(account.password);
  await page.getByLabel("Repeat the password").fill("something else");
  await page.getByRole("button", { name: "Create the account" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(account.password);
  await page.getByLabel("Repeat the password").fill(account.password);
  await page.getByRole("button", { name: "Create the account" }).click();

  await page.getByRole("link", { name: "My progress" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(account.name);
  const changed = `${account.password} anew`;
  await page.getByLabel("Current password").fill(account.password);
  await page.getByLabel("New password").fill(changed);
  await page.getByLabel("Repeat the password").fill(changed);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByRole("status").filter({ hasText: /./ })).toBeVisible();

  await page.locator(".menu summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeVisible();
  await page.goto("/me");
  await page.getByLabel("Name").fill(account.name);
  await page.getByLabel("Password").fill(changed);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/me$/);
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("a name in Chinese and the lessons one has read are kept", async ({
    page,
    admin: _theirsIsTheFirstAccount,
  }) => {
    const name = `小船${newAccount("x").name.slice(2)}`;
    await page.goto("/register");
    await page.getByLabel("用户名").fill(name);
    await page.getByLabel("密码", { exact: true }).fill("一串很长很长的密码词");
    await page.getByLabel("再输入一次密码").fill("一串很长很长的密码词");
    await page.getByRole("button", { name: "注册" }).click();
    await expect(page.locator(".menu-name")).toHaveText(name);

    await page.goto("/courses/go-docker-k8s-mq");
    const logbook = page.getByRole("complementary", { name: "学习进度" });
    await expect(logbook).toContainText("0%");
    await page.getByRole("link", { name: "开始学习" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("写一个 Go 服务");
    await page.getByRole("button", { name: "标记为已读" }).click();
    await expect(page.getByText("这一课你已读完。")).toBeVisible();
    await page.goto("/courses/go-docker-k8s-mq");
    await expect(logbook).not.toContainText("0%");
    await expect(page.getByRole("link", { name: "继续学习" })).toBeVisible();
    await expect(page.getByRole("link", { name: "写一个 Go 服务" })).toContainText("已完成");
  });
});
