// HTTPS with Node.js's own clients: node https_session.js PORT CA-FILE http1|http2
// Before tests/tools/origin.py. Prints nothing; what goes wrong is an exception.
"use strict";
const assert = require("node:assert");
const crypto = require("node:crypto");
const fs = require("node:fs");
const http2 = require("node:http2");
const https = require("node:https");

const [port, caFile, version] = process.argv.slice(2);
const ca = fs.readFileSync(caFile);
const host = "localhost";

// Both kinds of clients: ask(method, path, body, fields) resolves to {status, fields, body}.
function http1() {
    const agent = new https.Agent({ca, keepAlive: true, maxSockets: 8});
    const ask = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
        const request = https.request({host, port, agent, method, path, headers}, (answer) => {
            const pieces = [];
            answer.on("data", (piece) => pieces.push(piece)).on("error", reject).on("end", () =>
                resolve({
                    status: answer.statusCode,
                    fields: answer.headers,
                    body: Buffer.concat(pieces),
                    reused: request.reusedSocket,
                }));
        });
        request.on("error", reject).end(body);
    });
    return {ask, close: () => agent.destroy()};
}

function http2Client() {
    const session = http2.connect(`https://${host}:${port}`, {ca});
    const ask = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
        const stream = session.request({":method": method, ":path": path, ...headers},
                                       {endStream: false});
        let fields;
        const pieces = [];
        stream.on("response", (received) => { fields = received; });
        stream.on("data", (piece) => pieces.push(piece)).on("error", reject).on("end", () =>
            resolve({status: fields[":status"], fields, body: Buffer.concat(pieces), reused: true}));
        stream.end(body);
    });
    return {ask, close: () => session.close()};
}

function sha256(data) {
    return crypto.createHash("sha256").update(data).digest("hex");
}

async function session({ask, close}) {
    const noise = crypto.randomBytes(700000);
    const echo = await ask("POST", "/echo", noise);
    assert.strictEqual(sha256(echo.body), sha256(noise));
    const digest = await ask("PUT", "/digest", noise);
    assert.strictEqual(`${digest.body}`, `${sha256(noise)} ${noise.length}\n`);
    assert(digest.reused, "the second request has a connection of its own");

    const head = await ask("HEAD", "/bytes/300000");
    assert.strictEqual(head.fields["content-length"], "300000");
    const [plain, chunked] = await Promise.all(
        ["/bytes/300000", "/chunks/300000"].map((path) => ask("GET", path)));
    assert.strictEqual(plain.body.length, 300000);
    assert.strictEqual(sha256(plain.body), sha256(chunked.body));

    for (const status of [204, 304, 404, 500, 503]) {
        assert.strictEqual((await ask("GET", `/status/${status}`)).status, status);
    }
    const redirect = await ask("GET", "/redirect");
    assert.strictEqual(redirect.fields.location, `https://${host}:${port}/request`);
    const cookies = await ask("GET", "/cookies", "", {cookie: "a=1; b=2"});
    assert.strictEqual(`${cookies.body}`, "a=1; b=2");
    assert.strictEqual(cookies.fields["set-cookie"].length, 2);

    const answers = await Promise.all(Array.from({length: 200}, (_, number) =>
        ask("POST", "/echo", `${number}`)));
    answers.forEach((answer, number) => assert.strictEqual(`${answer.body}`, `${number}`));
    close();
}

session(version === "http2" ? http2Client() : http1());
