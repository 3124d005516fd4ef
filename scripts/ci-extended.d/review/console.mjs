// Works in the review console as people do: in two browsers at once, with keys, without scripts, and
// with a server that is killed in between.
//
//     node console.mjs COMITY DATABASE RUN HOSTILE POLICY SHOTS [--short]

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const [comity, database, run, hostile, policy, shots, short] = process.argv.slice(2);
const PASSWORD = "a walk in the park";
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const PEOPLE = { ron: "read-only", ann: "moderator", bob: "moderator", lea: "lead", ada: "admin" };

const step = (words) => console.log(`   ${words}`);

/// Returns a free port.
const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
const port = await freePort();
const base = `http://127.0.0.1:${port}`;

let server;
let stderr = "";
const start = async () => {
  server = spawn(comity, ["review", run, hostile, "--database", database, "--listen", `127.0.0.1:${port}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  server.stderr.on("data", (data) => (stderr = (stderr + data).slice(-4000)));
  for (let tries = 0; tries < 600; tries++) {
    if (server.exitCode !== null) throw new Error(`the server ended: ${stderr}`);
    try {
      await fetch(`${base}/review/login`);
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`the server does not answer: ${stderr}`);
};
// A fault of a step leaves no server behind.
process.on("exit", () => server?.kill("SIGKILL"));
const kill = async () => {
  const ended = new Promise((done) => server.once("exit", done));
  server.kill("SIGKILL");
  await ended;
};

for (const [name, role] of Object.entries(PEOPLE)) {
  const done = spawnSync(comity, ["review", "users", "add", name, "--role", role, "--database", database], {
    input: PASSWORD + "\n",
  });
  assert.equal(done.status, 0, String(done.stderr));
}
await start();

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];
const watch = (page, who) => {
  page.on("dialog", (dialog) => complaints.push(`${who}: a dialog`) && dialog.dismiss());
  page.on("console", (message) => {
    // A killed server is no fault of the page.
    const text = message.text();
    if (message.type() === "error" && !text.includes("net::") && !text.includes("status of 4")) {
      complaints.push(`${who}: ${page.url()}: ${text}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`${who}: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("data:") && !url.startsWith("chrome-error:")) {
      complaints.push(`${who}: a request to ${url}`);
    }
  });
};
const visit = async (name, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  watch(page, name);
  await page.goto(`${base}/review/queue`);
  await page.fill("#name", name);
  await page.fill("#password", PASSWORD);
  await page.click("button.first");
  await page.waitForURL("**/review/queue");
  return page;
};
const total = async (page, query = "queue=review") => {
  await page.goto(`${base}/review/queue?${query}`);
  const words = await page.textContent(".desk-row p");
  return Number(words.replace(/[^\d]/g, " ").trim().split(" ").filter(Boolean).slice(0, 2).join(""));
};
const notice = (page) => page.textContent(".notice p");

step("guessing a password ends");
{
  const page = await (await browser.newContext()).newPage();
  for (let tries = 0; tries < 6; tries++) {
    await page.goto(`${base}/review/login`);
    await page.fill("#name", "zoe");
    await page.fill("#password", "not the password");
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await page.click("button.first");
    assert.equal((await answer).status(), tries < 5 ? 200 : 429);
  }
  await page.context().close();
}

step("a lead publishes a policy that flags everything");
const lea = await visit("lea");
await lea.goto(`${base}/review/policy`);
await lea.click("summary:has-text('Edit as text')");
await lea.fill("#toml", readFileSync(policy, "utf8"));
await lea.click("details button");
await lea.waitForSelector("#publish-note");
await lea.fill("#publish-note", "everything");
await lea.click("button:has-text('Publish it')");
await lea.waitForURL("**done=published*");
const items = await total(lea);
assert.ok(items >= (short ? 60 : 500), `${items} items`);
step(`${items} items`);

step("thresholds show their effect while they change");
await lea.goto(`${base}/review/policy`);
await lea.fill("#t0", "1");
await lea.waitForSelector("#publish-note");

step("hostile comments do no harm, and stay in their place");
const ids = await (async () => {
  const found = [];
  for (const width of [1280, 390]) {
    await lea.setViewportSize({ width, height: 844 });
    await lea.goto(`${base}/review/search`);
    for (let next = `${base}/review/queue?queue=review`; next; ) {
      await lea.goto(next);
      await lea.check("#show-all");
      const wide = await lea.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${next} at ${width}: ${wide} px too wide`);
      const links = await lea.$$eval(".card:has-text('hostile'), .card:has-text('harbour')", (cards) =>
        cards.map((card) => card.querySelector("a.open").getAttribute("href")));
      found.push(...links);
      const link = await lea.$("a[rel=next]");
      next = link && base + (await link.getAttribute("href"));
    }
  }
  return [...new Set(found)];
})();
assert.ok(ids.length >= 6, `${ids.length} hostile comments`);
for (const width of [1280, 390]) {
  await lea.setViewportSize({ width, height: 844 });
  for (const link of ids) {
    await lea.goto(base + link);
    const found = await lea.evaluate(() => ({
      smuggled: globalThis.smuggled,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      foreign: document.querySelectorAll("main img, main iframe, main script, main style, main object").length,
      inline: [...document.querySelectorAll("*")].filter((element) =>
        [...element.attributes].some((attribute) => /^on|^style$/i.test(attribute.name))).length,
    }));
    assert.deepEqual(found, { smuggled: undefined, wide: 0, foreign: 0, inline: 0 }, `${link} at ${width}`);
  }
}
await lea.setViewportSize({ width: 1280, height: 900 });

step("keys decide and undo");
const ann = await visit("ann");
{
  const before = await total(ann);
  await ann.keyboard.press("g");
  await ann.waitForURL("**/review/item/**");
  const address = ann.url();
  // A text that is still blurred is not judged.
  await ann.keyboard.press("r");
  await sleep(300);
  assert.equal(ann.url(), address);
  await ann.keyboard.press("s");
  await ann.keyboard.press("n");
  await ann.keyboard.type("rude again");
  // The key that ends a note decides nothing.
  await ann.keyboard.press("Enter");
  await sleep(300);
  assert.equal(ann.url(), address);
  await ann.keyboard.press("r");
  await ann.waitForURL("**done=reject**");
  await ann.keyboard.press("u");
  await ann.waitForURL("**done=undone**");
  assert.equal(new URL(ann.url()).pathname, new URL(address).pathname);
  assert.equal(await total(ann), before);
}

step("pages read and decide without scripts");
{
  const page = await visit("bob", { javaScriptEnabled: false });
  const before = await total(page);
  await page.click("button:has-text('Take the next item')");
  await page.waitForURL("**/review/item/**");
  await page.click("button[value=approve]");
  assert.ok(!page.url().includes("done="), "the browser asks for the text to be shown first");
  await page.check("#shown");
  await page.click("button[value=approve]");
  await page.waitForURL("**done=approve**");
  await page.click(".notice button");
  await page.waitForURL("**done=undone**");
  await page.goto(`${base}/review/queue`);
  assert.equal(await total(page), before);
  await page.context().close();
}

step("decisions in bulk are previewed and undone");
{
  const all = await total(lea);
  await lea.goto(`${base}/review/queue?queue=review&min=0.5`);
  await lea.selectOption("#bulk-verdict", "reject");
  await lea.click("button:has-text('Preview')");
  await lea.waitForSelector("text=Most and least urgent");
  const count = Number(await lea.inputValue("input[name=expected]"));
  assert.ok(count > 20, "what others have claimed is left out, and no more");
  await lea.click("button.first");
  await lea.waitForURL("**done=bulk**");
  const done = lea.url();
  assert.equal(await total(lea), all - count);
  await lea.goto(done);
  await lea.click("button:has-text('Undo all')");
  await lea.waitForURL("**done=undone**");
  assert.equal(await total(lea), all);
}

step("roles bound what people do");
{
  const page = await visit("ron");
  assert.equal(await page.locator("button:has-text('Take the next item')").count(), 0);
  await page.goto(base + ids[0]);
  assert.equal(await page.locator("#decide").count(), 0);
  assert.equal((await page.goto(`${base}/review/people`)).status(), 403);
  await page.context().close();
  await ann.goto(`${base}/review/queue`);
  assert.equal(await ann.locator("#bulk-verdict").count(), 0);
  await ann.goto(base + ids[0]);
  await ann.keyboard.press("e");
  await ann.waitForURL("**done=escalate**");
  await ann.goto(base + ids[0]);
  assert.equal(await ann.locator("#decide").count(), 0, "a lead decides about it");
  await lea.goto(base + ids[0]);
  await lea.keyboard.press("s");
  await lea.keyboard.press("a");
  await lea.waitForURL("**done=approve**");
  // The decision gave the lead the next item, which nobody else would get for five minutes.
  await lea.keyboard.press("c");
  await lea.waitForURL("**done=released**");
}

step("every page keeps the rules of accessibility, light and dark");
{
  const ada = await visit("ada");
  await ada.goto(`${base}/review/sample`);
  const addresses = ["/review/queue", "/review/queue?queue=review&min=0.2", ids[0], ids[1], "/review/search", "/review/mine",
    "/review/sample", "/review/policy", "/review/insight", "/review/people", "/review/site", "/review/audit",
    "/review/settings", "/review/thread/1", "/review/author/1", "/review/nothing"];
  const inspect = async (page, address, scheme) => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
      globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const violation of violations.filter(({ impact }) => ["serious", "critical"].includes(impact))) {
      complaints.push(`${address} ${scheme}: ${violation.id}: ${violation.nodes.slice(0, 3).map((node) =>
        `${node.target} ${node.any.map((check) => check.message)}`).join(" | ")}`);
    }
  };
  for (const colorScheme of ["light", "dark"]) {
    await ada.emulateMedia({ colorScheme });
    for (const [number, address] of addresses.entries()) {
      await ada.goto(base + address);
      // Blurred text has no contrast to measure.
      for (const box of await ada.$$("#show-all, #show-thread, #shown")) await box.check();
      await inspect(ada, address, colorScheme);
      for (const width of short ? [] : [1280, 390]) {
        await ada.setViewportSize({ width, height: 844 });
        await ada.screenshot({ path: `${shots}/${String(number).padStart(2, "0")}-${width}-${colorScheme}.png`, fullPage: true });
      }
      await ada.setViewportSize({ width: 1280, height: 900 });
    }
  }
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${base}/review/login`);
  await inspect(page, "/review/login", "light");
  await page.context().close();
  await ada.context().close();
}
assert.deepEqual(complaints, []);

step("two moderators and a server that is killed: every item is decided once");
{
  const csv = async () => {
    const answer = await lea.request.get(`${base}/review/insight/moderators.csv`);
    const [head, ...rows] = (await answer.text()).trim().split("\n").map((line) => line.split(","));
    const column = head.indexOf("decisions");
    return rows.reduce((sum, row) => sum + Number(row[column]), 0);
  };
  const before = await csv();
  const open = await total(lea);
  const bob = await visit("bob");
  let isOver = false;
  let kills = 0;
  const work = async (page, seed) => {
    let random = seed;
    const chance = () => (random = (random * 48271) % 2147483647) / 2147483647;
    const acknowledged = new Set();
    for (let idle = 0; idle < 400; ) {
      try {
        if (!page.url().includes("/review/item/") || (await page.locator("#decide").count()) === 0) {
          await page.goto(`${base}/review/queue`);
          const take = page.locator("button:has-text('Take the next item')");
          if (await take.isDisabled()) return acknowledged;
          await take.click();
          await page.waitForURL(/item|not=/);
          if (!page.url().includes("/review/item/")) {
            idle++;
            await sleep(100);
            continue;
          }
        }
        const item = new URL(page.url()).pathname;
        const roll = chance();
        if (roll < 0.05) {
          // Gives the item back.
          await page.keyboard.press("c");
          await page.waitForURL("**done=released**");
          continue;
        }
        await page.keyboard.press("s");
        const sent = page.waitForResponse((response) => response.request().method() === "POST");
        await page.keyboard.press(roll < 0.5 ? "a" : "r");
        const location = (await (await sent).allHeaders()).location ?? "";
        await page.waitForLoadState("domcontentloaded");
        if (location.includes("done=")) {
          assert.ok(!acknowledged.has(item), `${item} twice`);
          acknowledged.add(item);
        } else {
          await page.goto(`${base}/review/queue`);
        }
      } catch (error) {
        if (error.code === "ERR_ASSERTION") throw error;
        // The server was killed meanwhile.
        await sleep(200);
        await page.goto(`${base}/review/queue`).catch(() => {});
        idle++;
      }
    }
    throw new Error("a moderator waits for ever");
  };
  const killer = (async () => {
    while (!isOver && kills < (short ? 2 : 12)) {
      await sleep(short ? 1000 : 2000 + 3000 * Math.random());
      if (isOver) break;
      await kill();
      await start();
      kills++;
    }
  })();
  for (const page of [ann, bob]) page.setDefaultTimeout(8000);
  const [one, other] = await Promise.all([work(ann, 1), work(bob, 2)]);
  isOver = true;
  await killer;
  const both = [...one].filter((item) => other.has(item));
  assert.deepEqual(both, [], "decided by both");
  assert.equal(await total(lea), 0);
  assert.equal((await csv()) - before, open, "as many decisions as items");
  // Both had a part, and what was acknowledged is recorded.
  assert.ok(one.size > 0 && other.size > 0 && one.size + other.size <= open);
  step(`${open} items, ${one.size} and ${other.size} acknowledged, ${kills} kills`);
}
assert.deepEqual(complaints, []);

await browser.close();
await kill();
