// A Worker beside ours, in the same workerd and on the same bindings: what the harness does to D1, R2 and KV happens
// here. From Node, miniflare's proxy of the bindings costs 20 ms for each object listed.

const CONCURRENCY = 50;
const CONSUMERS = 2;
const BATCH = 100;

async function forEachConcurrently(items, work, lanes = CONCURRENCY) {
    const queue = items.values();
    const drain = async () => {
        for (const item of queue) await work(item);
    };
    await Promise.all(Array.from({ length: lanes }, drain));
}

function statement(database, [sql, params]) {
    const prepared = database.prepare(sql);
    return params.length ? prepared.bind(...params) : prepared;
}

function bytes(base64) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function everyObject(bucket, prefix, include = ["httpMetadata", "customMetadata"]) {
    const objects = [];
    let page = await bucket.list({ prefix, include });
    objects.push(...page.objects);
    while (page.truncated) {
        page = await bucket.list({ prefix, cursor: page.cursor, include });
        objects.push(...page.objects);
    }
    return objects;
}

async function everyKey(namespace, prefix) {
    const keys = [];
    let page = await namespace.list({ prefix });
    keys.push(...page.keys.map((key) => key.name));
    while (!page.list_complete) {
        page = await namespace.list({ prefix, cursor: page.cursor });
        keys.push(...page.keys.map((key) => key.name));
    }
    return keys;
}

// Hands over batches as fast as the Worker takes them, and returns how long that took and what became of each.
async function deliverAll(worker, { queue, batches }) {
    const outcomes = {};
    const timestamp = new Date();
    const started = Date.now();
    await forEachConcurrently(
        batches,
        async (bodies) => {
            const messages = bodies.map((body, number) => ({ id: String(number), timestamp, attempts: 1, body }));
            const { outcome } = await worker.queue(queue, messages);
            outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        },
        CONSUMERS,
    );
    return { milliseconds: Date.now() - started, outcomes };
}

const seen = new Map();

// What changed in a bucket since the last look, as R2's notification service would tell it. The first look tells nothing.
async function changes(bucket, name) {
    const before = seen.get(name);
    const objects = new Map((await everyObject(bucket, "", [])).map((object) => [object.key, object]));
    seen.set(name, objects);
    if (before === undefined) return [];
    const body = (action, key, rest, at) => ({ account: "local", action, bucket: name, object: { key, ...rest }, eventTime: at });
    const now = new Date().toISOString();
    const gone = [...before.keys()].filter((key) => !objects.has(key)).map((key) => body("DeleteObject", key, {}, now));
    const put = [...objects.values()]
        .filter(({ key, version }) => before.get(key)?.version !== version)
        .map(({ key, size, etag, uploaded }) => body("PutObject", key, { size, eTag: etag }, uploaded.toISOString()));
    return [...put, ...gone];
}

async function sendAll(queue, bodies) {
    for (let first = 0; first < bodies.length; first += BATCH) {
        const some = bodies.slice(first, first + BATCH);
        await queue.sendBatch(some.map((body) => ({ body, contentType: "json" })));
    }
}

async function notify(bucket, { name, queue }, env) {
    const bodies = await changes(bucket, name);
    await sendAll(env[queue], bodies);
    return bodies.length;
}

const operations = {
    d1: (database, { sql, params }) => statement(database, [sql, params]).all(),
    d1_batch: (database, { statements }) => database.batch(statements.map((given) => statement(database, given))),
    r2_put: (bucket, { items }) => forEachConcurrently(items, ([key, body]) => bucket.put(key, body)),
    r2_put_binary: (bucket, { items }) => forEachConcurrently(items, ([key, body]) => bucket.put(key, bytes(body))),
    r2_list: (bucket, { prefix }) => everyObject(bucket, prefix),
    r2_delete: (bucket, { keys }) => bucket.delete(keys),
    kv_get: (namespace, { key }) => namespace.get(key),
    kv_put: (namespace, { key, value }) => namespace.put(key, value),
    kv_delete: (namespace, { key }) => namespace.delete(key),
    queue_deliver: deliverAll,
    queue_send: (queue, { bodies }) => sendAll(queue, bodies),
    r2_notify: notify,
    kv_list: (namespace, { prefix }) => everyKey(namespace, prefix),
};

async function perform(env, { op, binding, ...args }) {
    if (env[binding] === undefined) throw new Error(`no binding ${binding}; there are ${Object.keys(env).join(", ")}`);
    return (await operations[op](env[binding], args, env)) ?? null;
}

export default {
    async fetch(request, env) {
        try {
            return Response.json({ ok: await perform(env, await request.json()) });
        } catch (error) {
            return Response.json({ error: String(error?.message ?? error) });
        }
    },
};
