// The real Worker on the real runtime, driven by JSON lines: a request on stdin, its answer on stdout, by id.
// Started and spoken to by harness.py. wrangler's createTestHarness would do, but for two things we need: a state that
// outlives the process, and being killed in mid-work. It is built on the same startWorker.

import fs from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

// stdout carries answers only.
console.log = console.info = console.debug = console.warn = console.error;

const options = JSON.parse(process.argv[2]);
const { default: wrangler } = await import(
    pathToFileURL(path.join(options.root, "node_modules/wrangler/wrangler-dist/cli.js")).href
);

const CONCURRENCY = 16;
let logs = [];

function keepLog({ timestamp, level, message }) {
    logs.push({ timestamp, level, message });
    if (options.echo_logs) process.stderr.write(message.endsWith("\n") ? message : `${message}\n`);
}

function withBindings(config) {
    for (const binding of options.d1) {
        config.d1_databases.push({ binding, database_name: binding, database_id: `local-${binding}` });
    }
    for (const binding of options.r2) {
        config.r2_buckets.push({ binding, bucket_name: `local-${binding.toLowerCase()}` });
    }
    return config;
}

function withVars(config) {
    for (const [name, value] of Object.entries(options.vars)) {
        if (value === null) delete config.vars[name];
        else config.vars[name] = value;
    }
    return config;
}

function readConfig() {
    const config = wrangler.unstable_readConfig({ config: options.config });
    if (options.main) config.main = options.main;
    // The experimental flag is what makes workerd take the bundle from the disk.
    config.compatibility_flags = [...config.compatibility_flags, "python_workers_development", "experimental"];
    return withVars(withBindings(config));
}

async function start() {
    const config = readConfig();
    const worker = await wrangler.unstable_startWorker({
        config,
        envFiles: [],
        dev: {
            server: { hostname: "127.0.0.1", port: options.port },
            persist: options.state,
            logLevel: options.log_level,
            inspector: false,
            watch: false,
            registry: undefined,
            remote: false,
            structuredLogsHandler: keepLog,
            outboundService: (request) => globalThis.fetch(request.url, request),
        },
        build: { nodejsCompatMode: null },
    });
    await worker.ready;
    return worker;
}

const worker = await start();
const url = await worker.url;
const runtime = worker.raw.runtimes[0].mf;
const env = await runtime.getBindings(worker.config.name);

function binding(name) {
    if (env[name] === undefined) throw new Error(`no binding ${name}; there are ${Object.keys(env).join(", ")}`);
    return env[name];
}

function statement({ binding: name, sql, params }) {
    const prepared = binding(name).prepare(sql);
    return params.length ? prepared.bind(...params) : prepared;
}

async function forEachConcurrently(items, work) {
    const queue = items.values();
    const worker = async () => {
        for (const item of queue) await work(item);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function appliedMigrations(database) {
    await database
        .prepare(
            "CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, " +
                "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
        )
        .run();
    const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
    return new Set(results.map((row) => row.name));
}

function migrationsFolder(name) {
    const database = worker.raw.config.latestWranglerConfig.d1_databases.find((found) => found.binding === name);
    return path.resolve(path.dirname(options.config), database.migrations_dir ?? "migrations");
}

const operations = {
    async fetch({ method, path: target, headers, body }) {
        const response = await worker.fetch(new URL(target, url).href, {
            method,
            headers,
            redirect: "manual",
            body: body === null ? undefined : Buffer.from(body, "base64"),
        });
        return { status: response.status, headers: [...response.headers], text: await response.text() };
    },
    async scheduled({ cron, time }) {
        const target = await runtime.getWorker(worker.config.name);
        return await target.scheduled({ cron, scheduledTime: new Date(time) });
    },
    async d1(query) {
        return await statement(query).all();
    },
    async d1_batch({ binding: name, statements }) {
        return await binding(name).batch(statements.map(([sql, params]) => statement({ binding: name, sql, params })));
    },
    // What `wrangler d1 migrations apply --local` does, in the same table, without a second process on the database.
    async apply_migrations({ binding: name, folder }) {
        const database = binding(name);
        const applied = await appliedMigrations(database);
        const directory = folder ?? migrationsFolder(name);
        const files = (await fs.readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
        const fresh = files.filter((file) => !applied.has(file));
        for (const file of fresh) {
            const parts = wrangler.unstable_splitSqlQuery(await fs.readFile(path.join(directory, file), "utf8"));
            const record = database.prepare("INSERT INTO d1_migrations(name) VALUES (?1)").bind(file);
            await database.batch([...parts.map((part) => database.prepare(part)), record]);
        }
        return fresh;
    },
    async r2_put({ binding: name, items }) {
        const bucket = binding(name);
        await forEachConcurrently(items, ([key, body, extra]) => bucket.put(key, body, extra));
    },
    async r2_put_files({ binding: name, items }) {
        const bucket = binding(name);
        await forEachConcurrently(items, async ([key, file]) => bucket.put(key, await fs.readFile(file)));
    },
    async r2_list({ binding: name, options: listing }) {
        return JSON.parse(JSON.stringify(await binding(name).list(listing)));
    },
    async r2_delete({ binding: name, keys }) {
        await binding(name).delete(keys);
    },
    async kv_get({ binding: name, key }) {
        return await binding(name).get(key);
    },
    async kv_put({ binding: name, key, value }) {
        await binding(name).put(key, value);
    },
    async kv_delete({ binding: name, key }) {
        await binding(name).delete(key);
    },
    async kv_list({ binding: name, prefix }) {
        return (await binding(name).list({ prefix })).keys.map((key) => key.name);
    },
    async logs() {
        return logs;
    },
    async clear_logs() {
        logs = [];
    },
    async stop() {
        await worker.dispose();
    },
};

function send(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function answer(line) {
    const { id, op, args } = JSON.parse(line);
    try {
        send({ id, ok: (await operations[op](args)) ?? null });
    } catch (error) {
        send({ id, error: String(error?.message ?? error) });
    }
    if (op === "stop") process.exit(0);
}

send({ id: 0, ok: { url: url.origin } });
const lines = readline.createInterface({ input: process.stdin });
lines.on("line", answer);
// The driver is gone, however it ended: leave no runtime behind.
lines.on("close", () => operations.stop().finally(() => process.exit(0)));
