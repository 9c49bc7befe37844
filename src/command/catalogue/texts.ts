/** Files that people name, as text; `-` is standard input, which can be read once. */
import { type FileHandle, open } from "node:fs/promises";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";

/** Bytes: more than a deployment of two hundred thousand images has. */
const largest = 32 << 20;
const pieceSize = 1 << 18;

let isInputRead = false;

/** @throws Failure `catalogue-file-unreadable`, `option-conflict` */
export async function readText(file: string): Promise<string> {
  if (file !== "-") return decoded(await bytesOf(file), file);
  if (isInputRead)
    throw new Failure(
      "option-conflict",
      "standard input (-) is named twice, and can be read once",
      "name a file instead of one of them",
    );
  isInputRead = true;
  const name = shownName(file);
  return decoded(await gather(Bun.stdin.stream(), name), name);
}

/** For messages. */
export function shownName(file: string): string {
  return file === "-" ? "standard input" : file;
}

async function bytesOf(file: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    return await gather(piecesOf(handle), file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(file, (code && reasons[code]) ?? printable(message));
  } finally {
    await handle?.close();
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "this user may not read it",
  EISDIR: "it is a directory",
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such directory",
  EPERM: "this user may not read it",
};

async function* piecesOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(pieceSize));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** @throws Failure `catalogue-file-unreadable` */
async function gather(
  pieces: AsyncIterable<Uint8Array>,
  file: string,
): Promise<Uint8Array> {
  const gathered: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > largest) throw unreadable(file, `it has more than ${largest} bytes`);
    gathered.push(piece);
  }
  return Buffer.concat(gathered);
}

function decoded(bytes: Uint8Array, file: string): string {
  const isUtf16 = bytes[0] === 0xff ? bytes[1] === 0xfe : bytes[0] === 0xfe;
  try {
    if (!isUtf16) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, "it is not UTF-8");
  }
  throw unreadable(file, "it is UTF-16, not UTF-8");
}

function unreadable(file: string, why: string): Failure {
  return new Failure(
    "catalogue-file-unreadable",
    `${printable(file)} cannot be read: ${why}`,
    why.includes("UTF")
      ? "write it in UTF-8; in PowerShell by Out-File -Encoding utf8"
      : "name a file in UTF-8, or - for standard input",
  );
}
