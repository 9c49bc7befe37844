/**
 * Blobs to a registry (distribution-spec, "Pushing blobs"): not at all where it has
 * them, by a word where another of its repositories has them, else in chunks.
 */
import { Failure } from "../../contract/failure.ts";
import type { Descriptor } from "../model.ts";
import type { Scope } from "./authentication.ts";
import type { Registry } from "./client.ts";
import { Transient, waitAfter } from "./patience.ts";
import { refusal, wrong } from "./refusal.ts";
import { resolveLocation } from "./transport.ts";

export type Blob = Pick<Descriptor, "digest" | "size"> & {
  /** Its bytes from the beginning; it may be called more than once. */
  readonly open: () => AsyncIterable<Uint8Array>;
};

export type Uploaded = "present" | "mounted" | "sent";

/** Bytes: one chunk is in memory, to be sent again. */
const usualChunk = 4 << 20;
const largestChunk = 64 << 20;
/** How often a blob is begun anew, where the registry has lost what it had of it. */
const mostBeginnings = 4;

type Session = {
  readonly registry: Registry;
  readonly path: readonly string[];
  readonly scopes: readonly Scope[];
  readonly what: string;
};

/** Where an upload goes on, and how much the registry has of it. */
type Position = {
  readonly location: URL;
  readonly offset: number;
  /** A chunk came in parts. */
  readonly resumed?: true;
};

/** The registry has another part of a blob than we think: it must be begun anew. */
class Lost extends Error {
  constructor(readonly problem?: Transient) {
    super();
  }
}

/**
 * @param from the path of another repository of this registry, that may have it
 * @throws Failure `registry-…`
 */
export async function uploadBlob(
  registry: Registry,
  path: readonly string[],
  blob: Blob,
  from?: readonly string[],
): Promise<Uploaded> {
  const what = `${registry.name}/${path.join("/")}: ${blob.digest}`;
  const push = { repository: path.join("/"), actions: "pull,push" } as const;
  const session = { registry, path, scopes: [push], what };
  if (await has(session, blob)) return "present";
  if (from && (await mount(session, blob, from))) return "mounted";
  for (let beginnings = 1; ; beginnings += 1)
    try {
      await send(session, blob);
      return "sent";
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      const { problem } = error;
      if (problem)
        await waitAfter(problem, beginnings - 1, registry.transport, registry.name);
      else if (beginnings === mostBeginnings)
        throw wrong(`${what} was sent ${beginnings} times; the registry loses it`);
      if (await has(session, blob)) return "sent";
    }
}

async function has({ registry, path, scopes, what }: Session, blob: Blob) {
  return registry.persistently(async () => {
    const to = `${path.join("/")}/blobs/${blob.digest}`;
    const answer = await registry.ask({ method: "HEAD", to }, scopes);
    if (answer.status === 404) return false;
    if (answer.status !== 200) throw await refusal(answer, what, registry);
    return true;
  });
}

/** @returns whether the registry has it by that */
async function mount(
  { registry, path, scopes }: Session,
  { digest }: Blob,
  from: readonly string[],
): Promise<boolean> {
  const repository = from.join("/");
  const query = new URLSearchParams({ mount: digest, from: repository });
  const to = `${path.join("/")}/blobs/uploads/?${query}`;
  try {
    const answer = await registry.persistently(() =>
      registry.ask({ method: "POST", to }, [
        ...scopes,
        { repository, actions: "pull" },
      ]),
    );
    await answer.body?.cancel();
    // A registry that does not do it has begun an upload, which it forgets in time.
    return answer.status === 201;
  } catch (error) {
    // Who may not read the other repository may well send the bytes.
    if (error instanceof Failure && error.code === "registry-refused") return false;
    throw error;
  }
}

async function send(session: Session, blob: Blob): Promise<void> {
  let { position, chunkSize } = await begin(session);
  if (blob.size > chunkSize)
    for await (const chunk of chunksOf(blob.open(), chunkSize))
      position = await sendChunk(session, position, chunk);
  const small = blob.size > chunkSize ? undefined : await whole(blob);
  await finish(session, position, blob, small);
}

async function begin({ registry, path, scopes, what }: Session) {
  const answer = await registry.persistently(() =>
    registry.ask({ method: "POST", to: `${path.join("/")}/blobs/uploads/` }, scopes),
  );
  if (answer.status !== 202) throw await refusal(answer, what, registry);
  await answer.body?.cancel();
  const least = Number(answer.headers.get("oci-chunk-min-length") ?? 0) || 0;
  if (least > largestChunk)
    throw wrong(`${what}: the registry wants chunks of ${least} bytes`);
  return {
    position: { location: locationOf(answer, what), offset: 0 } as Position,
    chunkSize: Math.max(usualChunk, least),
  };
}

async function sendChunk(
  session: Session,
  start: Position,
  chunk: Uint8Array,
): Promise<Position> {
  const { registry, scopes, what } = session;
  const end = start.offset + chunk.length;
  let position = start;
  for (let failures = 0; position.offset < end; )
    try {
      const answer = await registry.ask(
        {
          method: "PATCH",
          to: position.location,
          headers: {
            "content-type": "application/octet-stream",
            "content-range": `${position.offset}-${end - 1}`,
          },
          body: chunk.subarray(position.offset - start.offset),
        },
        scopes,
      );
      if (answer.status === 404 || answer.status === 416) throw new Lost();
      if (answer.status !== 202) throw await refusal(answer, what, registry);
      await answer.body?.cancel();
      position = { ...position, location: locationOf(answer, what), offset: end };
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      await waitAfter(error, failures, registry.transport, registry.name);
      failures += 1;
      position = { ...(await positionOf(session, position)), resumed: true };
      if (position.offset < start.offset || position.offset > end) throw new Lost();
    }
  return position;
}

/** How much of an upload has arrived. @throws Lost */
async function positionOf(session: Session, last: Position): Promise<Position> {
  const { registry, scopes, what } = session;
  const answer = await registry.persistently(() =>
    registry.ask({ method: "GET", to: last.location }, scopes),
  );
  await answer.body?.cancel();
  const range = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get("range") ?? "");
  if (answer.status !== 204 || !range) throw new Lost();
  // 0-0 is said of one byte, and by some of none (distribution 2.8): none is meant.
  const end = Number(range[1]);
  return { location: locationOf(answer, what), offset: end === 0 ? 0 : end + 1 };
}

async function finish(
  { registry, scopes, what }: Session,
  { location, resumed }: Position,
  { digest }: Blob,
  body: Uint8Array | undefined,
): Promise<void> {
  const to = new URL(location);
  to.searchParams.set("digest", digest);
  let answer: Response;
  try {
    answer = await registry.ask(
      {
        method: "PUT",
        to,
        headers: { "content-type": "application/octet-stream" },
        ...(body ? { body } : {}),
      },
      scopes,
    );
  } catch (error) {
    // Whether it was understood is not known; to begin anew does no harm.
    throw error instanceof Transient ? new Lost(error) : error;
  }
  // What came in parts may have been put together wrongly.
  const isLost =
    [404, 416].includes(answer.status) || (resumed && answer.status === 400);
  if (isLost) throw new Lost();
  if (answer.status !== 201) throw await refusal(answer, what, registry);
  await answer.body?.cancel();
}

function locationOf(answer: Response, what: string): URL {
  const location = answer.headers.get("location");
  if (location === null) throw wrong(`${what}: the registry does not say where to`);
  return resolveLocation(new URL(answer.url), location);
}

async function whole({ open }: Blob): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of open()) parts.push(piece);
  return Buffer.concat(parts);
}

/**
 * Pieces of any size as chunks of `size` bytes; the last may be smaller. Each is the same
 * memory: it holds until the next is asked for.
 */
export async function* chunksOf(
  pieces: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(size - filled, piece.length - at);
      chunk.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield chunk;
      filled = 0;
    }
  if (filled > 0) yield chunk.subarray(0, filled);
}
