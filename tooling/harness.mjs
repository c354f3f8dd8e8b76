// The real Worker on the real runtime, driven by JSON lines: a request on stdin, its answer on stdout, by id.
// Started and spoken to by harness.py. wrangler's createTestHarness would do, but for two things we need: a state that
// outlives the process, and being killed in mid-work. This is built on the same startWorker.

import { readFileSync } from "node:fs";
import fs from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

// stdout carries answers only.
console.log = console.info = console.debug = console.warn = console.error;

const HELPER = "steward-harness-helper";
const options = JSON.parse(process.argv[2]);
const require = createRequire(path.join(options.root, "node_modules/wrangler/package.json"));
const helperScript = await fs.readFile(new URL("helper.mjs", import.meta.url), "utf8");
addHelperTo(require("miniflare"));
const wrangler = require("wrangler");

// wrangler hands its options to miniflare through this one function; it offers no other way to add a second Worker
// that shares the first one's bindings.
function addHelperTo(miniflare) {
    const convertV4MiniflareOptions = (given) => {
        const [first] = given.workers ?? [];
        if (first?.d1Databases) given.workers.push(helperFor(first));
        return miniflare.convertV4MiniflareOptions(given);
    };
    require.cache[require.resolve("miniflare")].exports = { ...miniflare, convertV4MiniflareOptions };
}

function helperFor({ name, compatibilityDate, d1Databases, r2Buckets, kvNamespaces }) {
    const modules = [{ type: "ESModule", path: "helper.mjs", contents: helperScript }];
    const queueProducers = Object.fromEntries(options.queues.map(({ queue }) => [queue, { queueName: queue }]));
    // The flag lets one Worker hand another a batch of messages, as the local queue does.
    const compatibilityFlags = ["service_binding_extra_handlers"];
    const shared = { d1Databases, r2Buckets, kvNamespaces, queueProducers, serviceBindings: { WORKER: name } };
    return { name: HELPER, compatibilityDate, compatibilityFlags, ...shared, modulesRoot: "/", modules };
}

function addBindings(config) {
    for (const binding of options.d1) {
        config.d1_databases.push({ binding, database_name: binding, database_id: `local-${binding}` });
    }
    for (const binding of options.r2) {
        config.r2_buckets.push({ binding, bucket_name: `local-${binding.toLowerCase()}` });
    }
}

function addQueues(config) {
    config.queues.consumers = [...(config.queues.consumers ?? []), ...options.queues];
}

function changeVars(vars) {
    for (const [name, value] of Object.entries(options.vars)) {
        if (value === null) delete vars[name];
        else vars[name] = value;
    }
}

// workerd does not start where a Workflow's class is missing, and most entries of tests and benches have none.
function useEntry(config, entry) {
    const text = readFileSync(entry, "utf8");
    config.main = entry;
    config.workflows = config.workflows.filter(({ class_name }) => text.includes(`class ${class_name}`));
}

function readConfig() {
    const config = wrangler.unstable_readConfig({ config: options.config });
    if (options.main) useEntry(config, options.main);
    // The first two make workerd take the Pyodide bundle from the disk; without the third it would take no memory of
    // Python alone (snapshot.py), but only that of a Worker after its imports, which is another for each change in src.
    const flags = ["python_workers_development", "experimental", "disable_python_dedicated_snapshot"];
    config.compatibility_flags = [...config.compatibility_flags, ...flags];
    addBindings(config);
    addQueues(config);
    if (!options.assets) delete config.assets;
    changeVars(config.vars);
    return config;
}

let logs = [];

function keepLog({ timestamp, level, message }) {
    logs.push({ timestamp, level, message });
    if (options.echo_logs) process.stderr.write(message.endsWith("\n") ? message : `${message}\n`);
}

// Resolves when the Worker answers. wrangler reports what goes wrong in between (a port in use, an import that fails in
// the Worker) as events, and its own promise then stays pending.
function reloaded(devEnv) {
    return new Promise((resolve, reject) => {
        devEnv.once("reloadComplete", resolve);
        devEnv.once("error", (event) => reject(event.cause ?? event));
        devEnv.once("buildFailed", (event) => reject(event.cause ?? event));
    });
}

async function start() {
    const devEnv = new wrangler.unstable_DevEnv();
    const loaded = reloaded(devEnv);
    const worker = await devEnv.startWorker({
        config: readConfig(),
        envFiles: [],
        build: { nodejsCompatMode: null },
        dev: {
            server: { hostname: "127.0.0.1", port: options.port },
            persist: options.state,
            logLevel: "none",
            inspector: false,
            watch: false,
            remote: false,
            structuredLogsHandler: keepLog,
        },
    });
    await Promise.all([loaded, worker.ready]);
    const runtime = devEnv.runtimes[0].mf;
    return {
        worker,
        runtime,
        url: await worker.url,
        helper: await runtime.getWorker(HELPER),
        target: await runtime.getWorker(worker.config.name),
    };
}

function send(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}

// The messages alone: the stack is wrangler's own code.
function explain(error) {
    const cause = error?.cause?.message ? `: ${explain(error.cause)}` : "";
    return `${error?.message ?? error}${cause}`.replaceAll("\\n", "\n");
}

const { worker, runtime, url, helper, target } = await start().catch((error) => {
    send({ id: 0, error: `the Worker did not start: ${explain(error)}` });
    process.exit(1);
});

async function atHelper(request) {
    const response = await helper.fetch("http://helper/", { method: "POST", body: JSON.stringify(request) });
    const { ok, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return ok;
}

async function appliedMigrations(binding, table) {
    const create =
        `CREATE TABLE IF NOT EXISTS ${table}(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, ` +
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)";
    await atHelper({ op: "d1", binding, sql: create, params: [] });
    const { results } = await atHelper({ op: "d1", binding, sql: `SELECT name FROM ${table}`, params: [] });
    return new Set(results.map((row) => row.name));
}

function configured(binding) {
    return worker.raw.config.latestWranglerConfig.d1_databases.find((found) => found.binding === binding);
}

function migrationsFolder(binding) {
    return path.resolve(path.dirname(options.config), configured(binding).migrations_dir ?? "migrations");
}

// What `wrangler d1 migrations apply --local` does, in the same table, without a second process on the database.
async function applyMigrations({ binding, folder }) {
    const table = configured(binding).migrations_table ?? "d1_migrations";
    const applied = await appliedMigrations(binding, table);
    const directory = folder ?? migrationsFolder(binding);
    const files = (await fs.readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
    const fresh = files.filter((file) => !applied.has(file));
    for (const file of fresh) {
        const parts = wrangler.unstable_splitSqlQuery(await fs.readFile(path.join(directory, file), "utf8"));
        const statements = parts.map((sql) => [sql, []]);
        statements.push([`INSERT INTO ${table}(name) VALUES (?1)`, [file]]);
        await atHelper({ op: "d1_batch", binding, statements });
    }
    return fresh;
}

async function putFiles({ binding, items }) {
    const read = async ([key, file]) => [key, (await fs.readFile(file)).toString("base64")];
    await atHelper({ op: "r2_put_binary", binding, items: await Promise.all(items.map(read)) });
}

// An instance of the Workflow bound as `binding`, through miniflare's proxy of the Worker's own bindings.
async function instanceOf({ binding, id }) {
    const bindings = await runtime.getBindings(worker.config.name);
    return bindings[binding].get(id);
}

async function flowState(args) {
    const { status, output, error } = await (await instanceOf(args)).status();
    return { status, output, error };
}

// The local engine sets no alarm: after a restart of the runtime nothing wakes an instance, as production's engine does.
// One that is paused and resumed goes on from its last step.
async function wakeFlow(args) {
    const instance = await instanceOf(args);
    await instance.pause();
    for (let looks = 0; looks < 100 && (await instance.status()).status === "waitingForPause"; looks++) await sleep(20);
    await instance.resume();
}

async function terminateFlow(args) {
    await (await instanceOf(args)).terminate();
}

async function fetchFromWorker({ method, path: target, headers, body }) {
    const response = await worker.fetch(new URL(target, url).href, {
        method,
        headers,
        redirect: "manual",
        body: body === null ? undefined : Buffer.from(body, "base64"),
    });
    return { status: response.status, headers: [...response.headers], text: await response.text() };
}

const operations = {
    fetch: fetchFromWorker,
    scheduled: ({ cron, time }) => target.scheduled({ cron, scheduledTime: new Date(time) }),
    queue: ({ name, messages }) => target.queue(name, messages),
    apply_migrations: applyMigrations,
    r2_put_files: putFiles,
    flow_state: flowState,
    flow_wake: wakeFlow,
    flow_terminate: terminateFlow,
    logs: () => logs,
    clear_logs: () => {
        logs = [];
    },
    stop: () => worker.dispose(),
};

async function answer(line) {
    const { id, op, args } = JSON.parse(line);
    try {
        const perform = operations[op] ?? (() => atHelper({ op, ...args }));
        send({ id, ok: (await perform(args)) ?? null });
    } catch (error) {
        send({ id, error: String(error?.message ?? error) });
    }
    if (op === "stop") process.exit(0);
}

send({ id: 0, ok: { url: url.origin } });
const lines = readline.createInterface({ input: process.stdin });
lines.on("line", answer);
// The driver is gone, however it ended: leave no runtime behind.
lines.on("close", () => worker.dispose().finally(() => process.exit(0)));
