/** Two more labs, on real engines and brokers. */
import { expect, test } from "../support/fixtures";

/** A step that waits for the broker's figures, which run late, or for a nested engine. */
const SLOW_MS = 90_000;

test("docker-first-container: containers run, publish a port and are inspected in a real engine", async ({
  page,
  learner: _signedIn,
  lab,
}) => {
  test.setTimeout(300_000);
  await lab.start("docker-first-container");
  const desk = lab.terminal("desk 1");
  await desk.open();
  await lab.step.runBlock("docker images");
  await desk.shows(/^busybox\s/m, SLOW_MS);
  await lab.step.runBlock("docker run --name first hello");
  await desk.run("docker run --name oops busybox sh -c 'exit 7'; echo code=$?");
  await desk.shows("\ncode=7\n", SLOW_MS);
  await lab.step.runBlock("docker ps -a");
  await desk.shows("Exited (7)");
  await expect(lab.step.line("The container oops ended with 7")).toContainText("Looks right", {
    timeout: SLOW_MS,
  });
  await lab.step.check("All done: 20 points");

  await page.getByRole("button", { name: "Next step" }).click();
  await desk.run("clear; docker run -d --name web -p 8080:80 nginx");
  await desk.shows(/^[0-9a-f]{64}$/m, SLOW_MS);
  await lab.step.runBlock("curl -i localhost:8080");
  // The terminal below the board shows the end of what came.
  await desk.shows("It works: nginx in a container", SLOW_MS);
  await desk.run(
    "clear; docker ps --format 'ports={{.Ports}}'; curl -sI localhost:8080 | head -n 1",
  );
  await desk.shows(/^ports=0\.0\.0\.0:8080->80/m);
  await desk.shows("HTTP/1.1 200 OK");
  await lab.step.check("All done: 20 points");
  await desk.run("clear; docker inspect -f 'image={{.Config.Image}}' web");
  await desk.shows(/^image=nginx$/m);
  await expect(page.getByRole("tab", { name: "Publish a port" })).toContainText("done");
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("rabbitmq-first-queue: messages wait, and are done when they are acknowledged", async ({
    page,
    learner: _signedIn,
    lab,
  }) => {
    test.setTimeout(300_000);
    await lab.start("rabbitmq-first-queue");
    await expect(
      lab.step.article.getByRole("heading", { name: "没有人在听，也能发送" }),
    ).toBeVisible();
    const one = lab.terminal("desk 1");
    const two = lab.terminal("desk 2");
    await lab.replaceLine(
      "channel.queue_declare(queue, durable=False)",
      "channel.queue_declare(queue, durable=True)",
    );
    await lab.save();
    await one.open();
    await lab.step.runBlock('python3 send.py orders "order 1"');
    await one.shows("sent: order 3", SLOW_MS);
    await lab.step.runBlock("queues");
    await one.shows(/^orders\s+3\s/m);
    await lab.step.check("全部通过，得 25 分");

    const acknowledge = await lab.goTo("接收并确认");
    await two.open();
    await acknowledge.runBlock("cd ~/shop && python3 receive.py orders");
    await two.shows("done: order 3", SLOW_MS);
    await acknowledge.check("目前得 0 分，满分 25 分");
    await expect(acknowledge.line("三条消息得到确认")).toContainText(
      "代理还没有收到 orders 的三个确认",
    );
    // The second of the two blocks stops the receiver.
    await acknowledge.runBlock("queues", 1);
    await two.shows(/^orders\s+3\s+0/m);

    await page.getByRole("tab", { name: "编辑器", exact: true }).click();
    await page.getByRole("treeitem", { name: "receive.py" }).click();
    await lab.replaceLine("# TODO step 2", "channel.basic_ack(method.delivery_tag)");
    await lab.save();
    await acknowledge.runBlock("python3 receive.py orders", 1);
    await two.shows(/\(redelivered\)[^]*done: order 3/, SLOW_MS);
    await acknowledge.check("全部通过，得 25 分");
    await expect(lab.score).toHaveText(/^50\/\d+ 分$/);
  });
});
