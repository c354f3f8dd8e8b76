// A real Chromium, driven by JSON lines: a request on stdin, its answer on stdout, one at a time. Spoken to by
// browser.py. The browser comes inside an npm package, because Playwright's own download needs the internet.

import fs from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const [root, cache] = process.argv.slice(2);
const require = createRequire(path.join(root, "package.json"));
const packaged = require("@sparticuz/chromium");
const { chromium } = require("playwright-core");

// The package unpacks into the temporary folder and takes what is there for whole; so a finished folder is moved in.
async function executable() {
    const { version } = JSON.parse(await fs.readFile(path.join(root, "node_modules/@sparticuz/chromium/package.json")));
    const folder = path.join(cache, version);
    const found = path.join(folder, "chromium");
    if (await fs.stat(found).catch(() => null)) return found;
    const partial = `${folder}.${process.pid}`;
    await fs.mkdir(partial, { recursive: true });
    const before = process.env.TMPDIR;
    process.env.TMPDIR = partial;
    await (packaged.default ?? packaged).executablePath();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    // Another process may have come first: its folder is as good.
    await fs.rename(partial, folder).catch(() => fs.rm(partial, { recursive: true, force: true }));
    return found;
}

const browser = await chromium.launch({ executablePath: await executable(), args: ["--no-sandbox"], headless: true });
let context = null;
let page = null;
let events = [];

async function open({ width, height, dark, calm, scale }) {
    await context?.close();
    events = [];
    context = await browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: scale,
        permissions: ["clipboard-read", "clipboard-write"],
        colorScheme: dark ? "dark" : "light",
        reducedMotion: calm ? "reduce" : "no-preference",
        locale: "en-GB",
        timezoneId: "UTC",
    });
    context.setDefaultTimeout(20_000);
    page = await context.newPage();
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) events.push({ kind: "console", text: message.text() });
    });
    page.on("pageerror", (error) => events.push({ kind: "error", text: String(error) }));
    page.on("request", (request) => events.push({ kind: "request", text: request.url(), method: request.method() }));
    await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
            console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
        });
    });
}

// A step is a method of what the step before gave: ["getByRole", "button", { name: "Check" }], ["click"].
async function perform({ steps }) {
    let found = page;
    for (const [method, ...args] of steps) found = await found[method](...args);
    return typeof found === "object" && found !== null && !Array.isArray(found) && found.constructor !== Object ? null : found;
}

const answers = new Map();

// The next requests for a path get this answer and not the Worker's.
async function answerWith({ path: wanted, status, body }) {
    const match = (url) => url.pathname === wanted;
    if (answers.has(wanted)) await page.unroute(answers.get(wanted));
    answers.delete(wanted);
    if (status === null) return;
    answers.set(wanted, match);
    await page.route(match, (route) => (status === 0
        ? route.abort()
        : route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify(body) })));
}

const operations = {
    open,
    perform,
    press: ({ key }) => page.keyboard.press(key),
    answer_with: answerWith,
    events: () => events,
    close: () => browser.close(),
};

function send(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}

send({ ok: browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
    const { op, args } = JSON.parse(line);
    try {
        send({ ok: (await operations[op](args)) ?? null });
    } catch (error) {
        send({ error: String(error?.message ?? error) });
    }
    if (op === "close") break;
}
await browser.close();
process.exit(0);
