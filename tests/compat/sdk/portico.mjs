// What the walks share: a Portico of their own, clients for it, and a zip made by hand.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import readline from "node:readline";
import { crc32 } from "./crc32.mjs";

/** Starts Portico on a free port with data that is gone afterwards. */
export async function start() {
  const child = spawn("build/portico", ["serve", "--listen", "127.0.0.1:0", "--data", ":memory:"], {
    stdio: ["ignore", "pipe", process.env.PORTICO_LOG ? "inherit" : "ignore"],
  });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const at = /^listening on (http:\S+)/.exec(line);
    if (at) return { url: at[1], stop: () => stop(child) };
  }
  throw new Error("Portico did not start");
}

async function stop(child) {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** How every client is made: as a user's, but for the address. */
export function settings(url) {
  return {
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
}

/** A request with a Host of its own choice, which fetch does not allow. */
export function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers }, (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            body: Buffer.concat(pieces),
          }),
        );
      })
      .on("error", reject);
  });
}

/** A zip of stored files: {name: text}. */
export function zip(files) {
  const locals = [];
  const entries = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const at = Buffer.from(name);
    const content = Buffer.from(text);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt32LE(crc32(content), 14);
    head.writeUInt32LE(content.length, 18);
    head.writeUInt32LE(content.length, 22);
    head.writeUInt16LE(at.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(0x0314, 4);
    head.copy(entry, 6, 4, 28);
    entry.writeUInt32LE((0o100644 << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    locals.push(head, at, content);
    entries.push(entry, at);
    offset += head.length + at.length + content.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length / 2, 8);
  end.writeUInt16LE(entries.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
