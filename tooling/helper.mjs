// A Worker beside ours, in the same workerd and on the same bindings: what the harness does to D1, R2 and KV happens
// here. From Node, miniflare's proxy of the bindings costs 20 ms for each object listed.

const CONCURRENCY = 50;
const CONSUMERS = 2;

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

async function everyObject(bucket, prefix) {
    const objects = [];
    let page = await bucket.list({ prefix, include: ["httpMetadata", "customMetadata"] });
    objects.push(...page.objects);
    while (page.truncated) {
        page = await bucket.list({ prefix, cursor: page.cursor, include: ["httpMetadata", "customMetadata"] });
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
    queue_send: (queue, { bodies }) => queue.sendBatch(bodies.map((body) => ({ body, contentType: "json" }))),
    kv_list: (namespace, { prefix }) => everyKey(namespace, prefix),
};

async function perform(env, { op, binding, ...args }) {
    if (env[binding] === undefined) throw new Error(`no binding ${binding}; there are ${Object.keys(env).join(", ")}`);
    return (await operations[op](env[binding], args)) ?? null;
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
