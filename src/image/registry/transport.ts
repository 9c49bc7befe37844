/**
 * One request and its answer: redirections by hand, such that credentials never reach
 * another origin; silence and what is transient told apart from answers.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import {
  type Patience,
  retryAfter,
  Transient,
  whatHappened,
  withPatience,
} from "./patience.ts";

export type Transport = Patience & {
  /** PEM; these are trusted beside the public authorities. */
  readonly certificates?: string;
  /** Whether HTTP without TLS may be spoken with any host, not just with this one. */
  readonly insecure: boolean;
};

export type Outgoing = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The value of `Authorization`; for the origin of `url` only. */
  readonly authorization?: string;
  readonly body?: Uint8Array;
};

/** Bytes a millisecond: what is sent less quickly does not arrive. */
const slowest = 16;
const mostRedirections = 5;
const redirections = [301, 302, 303, 307, 308];
/** Of HTTP's status codes, those that speak of this moment only. */
const transientStatus = [408, 425, 429, 500, 502, 503, 504];
/**
 * Sends once, and follows redirections.
 * @returns an answer of any status, its body unread
 * @throws Transient; Failure `registry-…`
 */
async function exchange(outgoing: Outgoing, transport: Transport): Promise<Response> {
  let { method, url, body } = outgoing;
  for (let redirected = 0; ; redirected += 1) {
    requireSafe(url, transport);
    const trusted = url.origin === outgoing.url.origin;
    const answer = await attempt(
      {
        method,
        url,
        headers: outgoing.headers ?? {},
        ...(body ? { body } : {}),
        ...(trusted && outgoing.authorization
          ? { authorization: outgoing.authorization }
          : {}),
      },
      transport,
    );
    const location = answer.headers.get("location");
    if (!redirections.includes(answer.status) || location === null) return answer;
    await answer.body?.cancel();
    if (redirected === mostRedirections)
      throw new Failure(
        "registry-answer-invalid",
        `${outgoing.url.host} redirects more than ${mostRedirections} times`,
        "ask whoever runs the registry",
      );
    url = resolveLocation(url, location);
    if (answer.status === 303) {
      method = "GET";
      body = undefined;
    }
    // What is sent may be as secret as a password, or be one.
    if (body && url.origin !== outgoing.url.origin)
      throw new Failure(
        "registry-answer-invalid",
        `${outgoing.url.host} wants what it was sent to be sent to ${url.host}`,
        "ask whoever runs the registry",
      );
  }
}

/**
 * {@link exchange}, where an answer that speaks of this moment only is none.
 * @throws Transient; Failure `registry-…`
 */
export async function ask(outgoing: Outgoing, transport: Transport): Promise<Response> {
  const answer = await exchange(outgoing, transport);
  if (!transientStatus.includes(answer.status)) return answer;
  await answer.body?.cancel();
  throw new Transient(
    `it answered ${answer.status}`,
    retryAfter(answer.headers.get("retry-after"), Date.now()),
  );
}

/** A body in pieces, none of which keeps us waiting for ever. @throws Transient */
export async function* piecesOf(
  answer: Response,
  { patience }: Transport,
): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await withPatience(reader.read(), patience);
      if (done) return;
      yield value;
    }
  } finally {
    // What is left of it is of no use, and its connection is not either.
    reader.cancel().catch(() => {});
  }
}

/**
 * A body that is small, or an error.
 * @throws Transient; Failure `registry-answer-invalid`
 */
export async function readSmall(
  answer: Response,
  limit: number,
  what: string,
  transport: Transport,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of piecesOf(answer, transport)) {
    length += piece.length;
    if (length > limit)
      throw new Failure(
        "registry-answer-invalid",
        `${new URL(answer.url).host} sends ${what} of more than ${limit} bytes`,
        "no registry takes so large a one; ask whoever runs this one",
      );
    parts.push(piece);
  }
  return Buffer.concat(parts);
}

/** This machine, by a name that can mean nothing else. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

async function attempt(outgoing: Outgoing, transport: Transport): Promise<Response> {
  const { method, url, headers, authorization, body } = outgoing;
  const silence = new AbortController();
  const patience = transport.patience + (body?.length ?? 0) / slowest;
  const timer = setTimeout(() => silence.abort(), patience);
  try {
    return await fetch(url, {
      method,
      headers: {
        ...headers,
        // What is stored is wanted, byte for byte.
        "accept-encoding": "identity",
        "user-agent": "sidecar",
        ...(authorization ? { authorization } : {}),
      },
      ...(body ? { body } : {}),
      // Where no launcher hides the environment, variables would count.
      tls: { rejectUnauthorized: true, ...(await trusted(transport)) },
      proxy: false,
      redirect: "manual",
      decompress: false,
      // A body may take any time, as long as it comes.
      timeout: false,
      signal: silence.signal,
    } as RequestInit);
  } catch (error) {
    if (silence.signal.aborted)
      throw new Transient(`it was silent for ${Math.round(patience / 100) / 10} s`);
    throw connectionProblem(url, error);
  } finally {
    clearTimeout(timer);
  }
}

async function trusted({ certificates }: Transport): Promise<{ ca?: string[] }> {
  if (certificates === undefined) return {};
  const { rootCertificates } = await import("node:tls");
  return { ca: [...rootCertificates, certificates] };
}

function connectionProblem(url: URL, error: unknown): Error {
  const code = String((error as { code?: unknown }).code ?? "");
  if (/CERT|ALTNAME|SIGNATURE|CRL|SELF_SIGNED/.test(code))
    return new Failure(
      "registry-certificate",
      `${url.host} cannot show that it is ${url.hostname}: ${code}`,
      "a registry of one's own needs its authority: --authority FILE, or in the policy",
    );
  return new Transient(whatHappened(error));
}

/** Where an answer leads. @throws Failure `registry-answer-invalid` */
export function resolveLocation(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isDowngrade = from.protocol === "https:" && to?.protocol !== "https:";
  if (to && /^https?:$/.test(to.protocol) && !isDowngrade && !to.username) return to;
  throw new Failure(
    "registry-answer-invalid",
    `${from.host} leads to what is no address: ${printable(location.slice(0, 200))}`,
    "ask whoever runs the registry",
  );
}

/** @throws Failure `registry-insecure` */
function requireSafe(url: URL, { insecure }: Transport): void {
  if (url.protocol === "https:" || insecure || isLoopback(url.hostname)) return;
  throw new Failure(
    "registry-insecure",
    `${url.host} is to be asked without TLS, where anybody may read and answer`,
    "use the registry's https address; --insecure accepts it all the same",
  );
}
