// The same job, written by hand in JavaScript, for comparison. The statements and the rules come with the request, so
// that both Workers make D1 do the same; what differs is the language around them.
//
// POST /backfill {way, max_objects, watched, bucket, rules: [[glob, type]], sql: {plan, write, upsert}}
// answers the six counts, and with `watched` the doors as [door, began, ended] in seconds.
//
// With `lanes` it walks all of the bucket, so many of `ranges` ([after, until], null is open) at once, and each lane
// lists its next page while it commits the last one. `away` {r2_ms, d1_ms} puts R2 and D1 at a distance.

const KINDS = ["scanned", "inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused"];

export default {
    async fetch(request, env) {
        if (request.method !== "POST") return Response.json({ status: "ok" });
        const began = performance.now();
        const job = await request.json();
        const doors = job.watched ? [] : undefined;
        const bindings = distant(env, job.away ?? {});
        const counts = await walk(doors ? watched(bindings, doors) : { ...bindings, stringify }, job);
        doors?.push(["whole", began / 1000, performance.now() / 1000]);
        return Response.json({ ...counts, doors });
    },
    async scheduled() {},
};

async function walk(env, job) {
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    const work = WAYS[job.way](env, job, counts);
    if (job.lanes) await walkLanes(env, job, work);
    else await walkInTurn(env, job, work, counts);
    return counts;
}

async function walkInTurn(env, job, work, counts) {
    let cursor;
    let after = "";
    do {
        const limit = Math.min(1000, job.max_objects - counts.scanned);
        const listing = await env.ARTIFACTS.list(cursor ? { limit, cursor } : { limit });
        if (listing.objects.length) await work(listing.objects, after);
        after = listing.objects.at(-1)?.key ?? after;
        cursor = listing.truncated ? listing.cursor : undefined;
    } while (cursor && counts.scanned < job.max_objects);
}

async function walkLanes(env, { lanes, ranges }, work) {
    const left = [...ranges];
    const lane = async () => {
        while (left.length) await walkRange(env, left.shift(), work);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
}

async function walkRange(env, [after, until], work) {
    let listing = env.ARTIFACTS.list(after === null ? { limit: 1000 } : { limit: 1000, startAfter: after });
    let from = after ?? "";
    while (listing) {
        const { objects, truncated, cursor } = await listing;
        const ends = until !== null && objects.length > 0 && objects.at(-1).key >= until;
        listing = truncated && !ends ? env.ARTIFACTS.list({ limit: 1000, cursor }) : undefined;
        const within = ends ? objects.filter(({ key }) => key <= until) : objects;
        if (within.length) await work(within, from);
        from = within.at(-1)?.key ?? from;
    }
}

const WAYS = { json_each: byJson, batch: byBatch, rows: byRow };

// Groups of 32, in which SQL finds an object by its place.
function stringify(objects) {
    const groups = [];
    for (let first = 0; first < objects.length; first += 32) groups.push(objects.slice(first, first + 32));
    return JSON.stringify(groups, ["key", "size", "uploaded"]);
}

function byJson(env, { bucket, rules, sql }, counts) {
    const prepared = [sql.plan, sql.write].map(({ text, names }) => [env.DB.prepare(text), names]);
    const listed = JSON.stringify(rules);
    return async (objects, after) => {
        const page = {
            page: env.stringify(objects),
            bucket,
            rules: listed,
            first_key: objects[0].key,
            last_key: objects.at(-1).key,
            first: 0,
            end: objects.length,
            since: "",
            slack: 900,
            after,
        };
        const statements = prepared.map(([statement, names]) => statement.bind(...names.map((name) => page[name])));
        const [found] = await env.DB.batch(statements);
        for (const kind of KINDS) counts[kind] += found.results[0][kind];
    };
}

function byBatch(env, job, counts) {
    const prepared = preparedFor(env, job, counts);
    return async (objects) => {
        const statements = prepared(objects);
        if (statements.length) for (const one of await env.DB.batch(statements)) tell(one, counts);
    };
}

function byRow(env, job, counts) {
    const prepared = preparedFor(env, job, counts);
    return async (objects) => {
        for (const statement of prepared(objects)) tell(await statement.run(), counts);
    };
}

// Classifies in JavaScript and returns one statement for each classified object.
function preparedFor(env, { bucket, rules, sql }, counts) {
    const patterns = rules.map(([glob, type]) => [asPattern(glob), type]);
    const upsert = env.DB.prepare(sql.upsert);
    return (objects) => {
        const statements = [];
        for (const { key, size, uploaded } of objects) {
            counts.scanned += 1;
            const rule = patterns.find(([pattern]) => pattern.test(key));
            if (size === 0 && key.endsWith("/")) counts.skipped += 1;
            else if (!rule) counts.unclassified += 1;
            else statements.push(upsert.bind(bucket, key, rule[1], uploaded.toISOString()));
        }
        return statements;
    };
}

// An upsert does not say whether it inserted or upgraded; there is nothing to upgrade in these measurements.
function tell({ meta }, counts) {
    counts[meta.changes ? "inserted" : "unchanged"] += 1;
}

function asPattern(glob) {
    const escaped = glob.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", "[\\s\\S]*").replaceAll("?", "[\\s\\S]");
    return new RegExp(`^${escaped}$`, "u");
}

// The same bindings, each call of which waits on a timer first; without a distance, the bindings themselves.
function distant(env, { r2_ms, d1_ms }) {
    const { ARTIFACTS, DB } = env;
    const far = { ARTIFACTS, DB };
    if (r2_ms) far.ARTIFACTS = { list: (options) => scheduler.wait(r2_ms).then(() => ARTIFACTS.list(options)) };
    if (d1_ms) {
        far.DB = {
            prepare: (text) => DB.prepare(text),
            batch: (statements) => scheduler.wait(d1_ms).then(() => DB.batch(statements)),
        };
    }
    return far;
}

// The same bindings with a stopwatch at each.
function watched(env, doors) {
    const passed = (door, began) => doors.push([door, began / 1000, performance.now() / 1000]);
    const awaited = (door, call) => async (given) => {
        const began = performance.now();
        const answer = await call(given);
        passed(door, began);
        return answer;
    };
    return {
        ARTIFACTS: { list: awaited("R2 list", (options) => env.ARTIFACTS.list(options)) },
        DB: {
            prepare: (text) => env.DB.prepare(text),
            batch: awaited("D1 batch", (statements) => env.DB.batch(statements)),
        },
        stringify(objects) {
            const began = performance.now();
            const text = stringify(objects);
            passed("JSON", began);
            return text;
        },
    };
}
