// The Worker's HTTP interface, and the token: in memory and in this tab's session storage, nowhere else.

const STORED = "steward-token";
const NAME = "steward-actor";
const WHY = "steward-signed-out";
const READ_TIMEOUT_MS = 60_000;
const FILE_TIMEOUT_MS = 15 * 60_000;

let token = sessionStorage.getItem(STORED);

/** The database that this page is about, as `?profile=` in its own address says; null is the first. */
export const profile = new URLSearchParams(location.search).get("profile");

/** A refusal or a failure: RFC 9457 as the Worker sends it, or the same shape where it sent nothing of the kind. */
export class Problem extends Error {
    constructor(members) {
        super(members.detail);
        Object.assign(this, { title: "Failed", status: 0 }, members);
    }
}

/** Whether this tab has a token. */
export function signedIn() {
    return token !== null;
}

/** Keep a token that was seen to work, and the name of who uses it, for this tab. */
export function keepToken(value, name) {
    token = value;
    sessionStorage.setItem(STORED, value);
    if (name) sessionStorage.setItem(NAME, name);
}

/** Return the name that this tab gives for the record; null where it gives none. */
export function whoAsks() {
    return sessionStorage.getItem(NAME);
}

/** Forget the token and all that the page shows; `why` is shown on the page that follows. */
export function signOut(why) {
    token = null;
    sessionStorage.removeItem(STORED);
    sessionStorage.removeItem(NAME);
    if (why) sessionStorage.setItem(WHY, why);
    location.reload();
}

/** Return why the page was signed out, once; null where a person did it. */
export function takeWhy() {
    const why = sessionStorage.getItem(WHY);
    sessionStorage.removeItem(WHY);
    return why;
}

/** Ask the Worker for a file, however long it takes to make, and return it as a Blob; throws a Problem. */
export async function askFile(path) {
    const used = token;
    const response = await send("GET", path, undefined, used, FILE_TIMEOUT_MS);
    if (response.ok) return response.blob();
    throw refusal(response, await response.json().catch(() => null), used);
}

/**
 * Ask the Worker and return its answer's JSON; throws a Problem.
 * @param {string} method
 * @param {string} path
 * @param {object} [body] sent as JSON
 * @param {string} [trial] a token to try, in place of the kept one
 */
export async function ask(method, path, body, trial) {
    const used = trial ?? token;
    const response = await send(method, path, body, used);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    throw refusal(response, answer, trial === undefined ? used : null);
}

function refusal(response, answer, used) {
    const problem = new Problem(isProblem(answer) ? answer : unexplained(response));
    if (problem.status === 401 && used !== null && used === token) signOut("The token is no longer accepted.");
    return problem;
}

async function send(method, path, body, used, timeout = READ_TIMEOUT_MS) {
    const headers = { Authorization: `Bearer ${used}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET" && whoAsks()) headers["X-Steward-Actor"] = asBytes(whoAsks());
    const signal = method === "GET" ? AbortSignal.timeout(timeout) : undefined;
    const content = body === undefined ? undefined : JSON.stringify(body);
    try {
        return await fetch(aboutProfile(path), { method, headers, body: content, signal, cache: "no-store", credentials: "omit" });
    } catch (error) {
        const late = error.name === "TimeoutError";
        throw new Problem({
            title: late ? "No answer in time" : "No answer",
            detail: late ? "The Worker took longer than a minute." : "The Worker could not be reached.",
            hint: method === "GET"
                ? "The page tries again by itself."
                : "The work may have begun all the same: look at the runs before trying again.",
        });
    }
}

/** Return the address of a request that is about the page's own database. */
export function aboutProfile(path) {
    return profile === null ? path : `${path}${path.includes("?") ? "&" : "?"}profile=${encodeURIComponent(profile)}`;
}

// A header holds bytes: the Worker reads them as UTF-8.
function asBytes(text) {
    return String.fromCharCode(...new TextEncoder().encode(text));
}

function isProblem(answer) {
    return typeof answer?.detail === "string" && typeof answer.status === "number";
}

function unexplained(response) {
    return {
        title: "Unexpected answer",
        status: response.status,
        detail: `The answer was ${response.status} ${response.statusText}, without an explanation.`,
        hint: "wrangler tail shows what the Worker logged.",
    };
}
