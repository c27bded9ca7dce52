// basic-ftp (npm). Passive only. NODE_PATH says where the module is.
"use strict";
const fs = require("fs");
const path = require("path");
const { Client } = require("basic-ftp");

const [host, port, security, version, data, ca, file, received] = process.argv.slice(2);

async function main() {
    if (data !== "passive") {
        throw new Error("basic-ftp has no active mode");
    }
    const name = path.basename(file);
    const client = new Client(25000);
    try {
        await client.access({
            host,
            port: Number(port),
            user: "ftp",
            password: "secret",
            secure: security === "implicit" ? "implicit" : true,
            secureOptions: {
                ca: fs.readFileSync(ca),
                // Node.js 18 does not find ::1 in a certificate.
                servername: "localhost",
                minVersion: `TLSv${version}`,
                maxVersion: `TLSv${version}`,
            },
        });
        await client.uploadFrom(file, name);
        console.log("upload");
        const listing = await client.list();
        if (!listing.some((entry) => entry.name === name)) {
            throw new Error("the listing lacks the file");
        }
        console.log("list");
        await client.downloadTo(received, name);
        console.log("download");
    } finally {
        client.close();
    }
}

main().catch((error) => {
    console.error(`${error.code || ""} ${error.message}`.trim());
    process.exitCode = 1;
});
