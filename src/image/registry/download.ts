/** Blobs from a registry: what was cut off goes on where it ended. */
import type { Descriptor } from "../model.ts";
import { digestOf } from "../source/digest.ts";
import { documentLimit } from "../source/files.ts";
import type { Registry } from "./client.ts";
import { Transient, waitAfter } from "./patience.ts";
import { refusal, wrong } from "./refusal.ts";
import { piecesOf } from "./transport.ts";

/**
 * A blob's bytes in pieces as they come: exactly as many as the descriptor says. Their
 * digest is not looked at.
 * @throws Failure `registry-…`
 */
export async function* downloadBlob(
  registry: Registry,
  path: readonly string[],
  { digest, size }: Pick<Descriptor, "digest" | "size">,
): AsyncGenerator<Uint8Array> {
  const what = `${registry.name}/${path.join("/")}: ${digest}`;
  const tooLong = () => wrong(`${what} has more than its ${size} bytes`);
  let received = 0;
  // One after another without a byte; a connection that is cut often is still one.
  let failures = 0;
  for (;;) {
    try {
      const answer = await begin(registry, path, digest, received, what);
      for await (const piece of rest(answer, received, registry)) {
        received += piece.length;
        if (received > size) throw tooLong();
        failures = 0;
        yield piece;
      }
      if (received < size) throw new Transient("the connection was cut");
      return;
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      if (received === size && size > 0) return;
      await waitAfter(error, failures, registry.transport, registry.name);
      failures += 1;
    }
  }
}

/** A small blob, whole and verified. @throws Failure `registry-…` */
export async function readBlob(
  registry: Registry,
  path: readonly string[],
  { digest, size }: Pick<Descriptor, "digest" | "size">,
): Promise<Uint8Array> {
  const what = `${registry.name}/${path.join("/")}: ${digest}`;
  if (size > documentLimit)
    throw wrong(`${what} has ${size} bytes; none such has more than ${documentLimit}`);
  const parts: Uint8Array[] = [];
  for await (const piece of downloadBlob(registry, path, { digest, size }))
    parts.push(piece);
  const bytes = Buffer.concat(parts);
  if (digestOf(bytes) !== digest) throw wrong(`${what} has another digest`);
  return bytes;
}

async function begin(
  registry: Registry,
  path: readonly string[],
  digest: string,
  received: number,
  what: string,
): Promise<Response> {
  const repository = path.join("/");
  const answer = await registry.ask(
    {
      method: "GET",
      to: `${repository}/blobs/${digest}`,
      headers: received > 0 ? { range: `bytes=${received}-` } : {},
    },
    [{ repository, actions: "pull" }],
  );
  if (answer.status === 200) return answer;
  if (answer.status !== 206 || received === 0)
    throw await refusal(answer, what, registry);
  const range = answer.headers.get("content-range") ?? "";
  if (range.startsWith(`bytes ${received}-`)) return answer;
  await answer.body?.cancel();
  throw wrong(`${what} was asked for from byte ${received}; another part came`);
}

/** What is new in an answer: all of it, or, of a whole blob, what is not there yet. */
async function* rest(
  answer: Response,
  received: number,
  { transport }: Registry,
): AsyncGenerator<Uint8Array> {
  let skip = answer.status === 206 ? 0 : received;
  for await (const piece of piecesOf(answer, transport)) {
    const known = Math.min(skip, piece.length);
    skip -= known;
    if (known < piece.length) yield piece.subarray(known);
  }
}
