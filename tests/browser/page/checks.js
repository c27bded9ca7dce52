// What a page does to a server. window.results is a promise of {check: "ok" or what went wrong}.
"use strict";

const BLOB = "/blob.bin";  // 300,000 bytes that do not compress
const TEXT = "/text.txt";  // compresses well

function must(condition, what) {
    if (!condition) {
        throw new Error(what);
    }
}

function equal(left, right, what) {
    must(left === right, `${what}: ${left} instead of ${right}`);
}

async function bytes(response) {
    return new Uint8Array(await response.arrayBuffer());
}

async function sha256(data) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function noise(size) {
    const data = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536) {  // the limit of getRandomValues
        crypto.getRandomValues(data.subarray(at, Math.min(size, at + 65536)));
    }
    return data;
}

function image(number) {
    return new Promise((resolve, reject) => {
        const element = new Image();
        element.onload = resolve;
        element.onerror = () => reject(new Error(`image ${number} did not load`));
        element.src = `/image/${number}.svg`;
        document.getElementById("images").append(element);
    });
}

// A socket that is open, and answers(): the next message.
async function openSocket(path) {
    const socket = new WebSocket(`wss://${location.host}${path}`);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error("the WebSocket does not open"));
    });
    socket.answer = () => new Promise((resolve, reject) => {
        socket.onmessage = (event) => resolve(event.data);
        socket.onclose = () => reject(new Error("the WebSocket was closed"));
    });
    return socket;
}

const checks = {
    async stylesheet() {
        equal(getComputedStyle(document.querySelector("h1")).color, "rgb(0, 64, 128)", "color");
    },

    async manyImages() {
        await Promise.all(Array.from({length: 100}, (_, number) => image(number)));
    },

    async manyRequestsAtOnce() {
        const answers = await Promise.all(Array.from({length: 100}, async (_, number) => {
            const response = await fetch(`/app/echo/${number}`, {method: "POST", body: `${number}`});
            return response.text();
        }));
        answers.forEach((answer, number) => equal(answer, `${number}`, "echo"));
    },

    async gzip() {
        const response = await fetch(TEXT);
        equal(response.headers.get("Content-Encoding"), "gzip", "coding");
        must((await response.text()).startsWith("line 0\nline 1\n"), "the text is not what it was");
    },

    async range() {
        const whole = await bytes(await fetch(BLOB));
        const response = await fetch(BLOB, {headers: {Range: "bytes=1000-1999"}, cache: "no-store"});
        equal(response.status, 206, "status");
        equal(response.headers.get("Content-Range"), "bytes 1000-1999/300000", "range");
        equal(await sha256(await bytes(response)), await sha256(whole.slice(1000, 2000)), "part");
    },

    async head() {
        const response = await fetch(BLOB, {method: "HEAD", cache: "no-store"});
        equal(response.headers.get("Content-Length"), "300000", "length");
        equal((await bytes(response)).length, 0, "body");
    },

    // The browser asks with If-None-Match, the server says 304, the page sees 200.
    async revalidation() {
        const first = await fetch(TEXT);
        const second = await fetch(TEXT, {cache: "no-cache"});
        equal(second.status, 200, "status");
        equal(await second.text(), await first.text(), "text");
    },

    // As http:// the browser would refuse it: mixed content.
    async redirect() {
        const response = await fetch("/app/redirect");
        equal(response.status, 200, "status");
        must(response.redirected, "not redirected");
        equal(response.url, `${location.origin}/app/request`, "where to");
    },

    async cookies() {
        await fetch("/app/cookies");
        const sent = await (await fetch("/app/cookies")).text();
        must(sent.includes("session=s3cret") && sent.includes("theme=dark"), `cookies: ${sent}`);
        must(document.cookie.includes("theme=dark"), "no cookie for scripts");
        must(!document.cookie.includes("session"), "an HttpOnly cookie is there for scripts");
    },

    async form() {
        const file = noise(1000000);
        const form = new FormData();
        form.append("comment", "größer als ein Puffer");
        form.append("file", new Blob([file]), "noise.bin");
        const parts = await (await fetch("/app/form", {method: "POST", body: form})).json();
        equal(parts.map((part) => part.name).join(), "comment,file", "parts");
        equal(parts[1].file, "noise.bin", "file name");
        equal(parts[1].sha256, await sha256(file), "file");
    },

    async upload() {
        const sent = noise(8 << 20);
        const seen = await (await fetch("/app/digest", {method: "PUT", body: sent})).text();
        equal(seen, `${await sha256(sent)} ${sent.length}\n`, "digest");
    },

    async chunkedDownload() {
        const chunked = await bytes(await fetch("/app/chunks/3000000"));
        const plain = await bytes(await fetch("/app/bytes/3000000"));
        equal(chunked.length, 3000000, "length");
        equal(await sha256(chunked), await sha256(plain), "content");
    },

    async webSocket() {
        const socket = await openSocket("/app/websocket");
        for (const size of [1, 125, 126, 65535, 65536, 65537, 1000000]) {
            const sent = noise(size);
            socket.send(sent);
            equal(await sha256(await socket.answer()), await sha256(sent), `${size} bytes`);
        }
        const text = "Grüße ".repeat(20000);
        socket.send(text);
        equal(await socket.answer(), text, "text");
        const closed = new Promise((resolve) => { socket.onclose = resolve; });
        socket.close(1000, "done");
        const {code, wasClean} = await closed;
        must(wasClean && code === 1000, `closed with ${code}, clean: ${wasClean}`);
    },

    async errorPages() {
        equal((await fetch("/nothing-there")).status, 404, "status");
        const response = await fetch("/app/status/503");
        equal(response.status, 503, "status");
        equal(await response.text(), "status 503\n", "body");
    },

    async abortedDownload() {
        const abort = new AbortController();
        const response = await fetch("/app/bytes/10000000000", {signal: abort.signal});
        await response.body.getReader().read();
        abort.abort();
        equal(await (await fetch("/app/echo", {method: "POST", body: "on"})).text(), "on", "after it");
    },
};

// Not a check: tells with which protocol the browser asked.
function protocols() {
    const used = performance.getEntriesByType("resource").map((entry) => entry.nextHopProtocol);
    return [...new Set(used)].filter((name) => name !== "").sort().join();
}

async function runAll() {
    const results = {};
    for (const [name, check] of Object.entries(checks)) {
        results[name] = await check().then(() => "ok", (error) => `${error}`);
    }
    results.protocols = protocols();
    return results;
}

performance.setResourceTimingBufferSize(1000);
window.results = runAll();
