// The control of the memory measurement: the same made-up pages and the same D1 batches, without Python. What its
// process grows by is V8's and the local D1's, not this Worker's.
//
// POST /backfill {max_objects, start_after, bucket, rules: [[glob, type]], sql: {plan}} answers {scanned, start_after}.

const ENDS = [".pdf", ".pdf", ".html", ".csv", ".pdf", ".txt", ".html", ".pdf", ".csv", ".pdf"];
const SAME = {
    size: 4,
    httpEtag: '"d41d8cd98f00b204e9800998ecf8427e"',
    uploaded: "2026-01-02T03:04:05.000Z",
    checksums: { md5: "d41d8cd98f00b204e9800998ecf8427e" },
    httpMetadata: {},
    customMetadata: {},
    storageClass: "Standard",
};

export default {
    async fetch(request, env) {
        if (request.method !== "POST") return Response.json({});
        const { max_objects, start_after, bucket, rules, sql } = await request.json();
        const plan = env.DB.prepare(sql.plan.text);
        const listed = JSON.stringify(rules);
        const first = start_after ? Number(start_after.split("/")[2].split(".")[0]) + 1 : 0;
        let last;
        for (let start = first; start < first + max_objects; start += 1000) {
            const objects = await madeUp(start, Math.min(1000, first + max_objects - start));
            last = objects.at(-1).key;
            const page = {
                page: JSON.stringify(objects, ["key", "size", "uploaded"]),
                bucket,
                rules: listed,
                first_key: objects[0].key,
                last_key: last,
                first: 0,
                end: objects.length,
                since: "",
            };
            await env.DB.batch([plan.bind(...sql.plan.names.map((name) => page[name]))]);
        }
        return Response.json({ scanned: max_objects, start_after: last });
    },
};

function madeUp(start, count) {
    const objects = Array.from({ length: count }, (_, index) => {
        const id = String(start + index).padStart(32, "0");
        return { key: keyOf(start + index), version: id, etag: id, ...SAME };
    });
    return Promise.resolve(JSON.parse(JSON.stringify(objects)));
}

function keyOf(number) {
    const folder = String(Math.floor(number / 1000)).padStart(6, "0");
    return `raw/${folder}/${String(number).padStart(9, "0")}${ENDS[number % ENDS.length]}`;
}
