/** `compress.ts FROM TO`: gzip by the library, and with the settings, that sidecar has. */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

const [from, to] = process.argv.slice(2) as [string, string];
const pieceSize = 1 << 20;
await pipeline(
  createReadStream(from, { highWaterMark: pieceSize }),
  createGzip({ level: 6, chunkSize: pieceSize }),
  createWriteStream(to),
);
