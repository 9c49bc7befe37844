/** How long is waited for a registry, and how often it is asked again. */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";

export type Patience = {
  /** Milliseconds for which the other side may be silent. */
  readonly patience: number;
  /** Milliseconds before each further attempt at what failed for the moment. */
  readonly delays: readonly number[];
  /** For hints: whether a proxy is configured, which is not used. */
  readonly hasProxy: boolean;
};

/** Nothing came, or not all: it may go well the next time. */
export class Transient extends Error {
  constructor(
    message: string,
    /** Milliseconds for which the other side asks. */
    readonly wait?: number,
  ) {
    super(message);
  }
}

/** Milliseconds. Whoever asks for more is answered by giving up. */
const longestWait = 60_000;

/** The default; together some eight seconds. */
export const patientDelays: readonly number[] = [250, 500, 1000, 2000, 4000];

/** Does something until it does not fail for the moment. @throws Failure */
export async function persistently<Value>(
  patience: Patience,
  host: string,
  action: () => Promise<Value>,
): Promise<Value> {
  for (let attempts = 0; ; attempts += 1) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      await waitAfter(error, attempts, patience, host);
    }
  }
}

/** @param attempts that failed before, one after another @throws Failure */
export async function waitAfter(
  problem: Transient,
  attempts: number,
  patience: Patience,
  host: string,
): Promise<void> {
  const delay = patience.delays[attempts];
  if (delay === undefined || (problem.wait ?? 0) > longestWait)
    throw unreachable(host, problem, patience);
  // Many who fail at once shall not come back at once.
  const spread = delay * (0.75 + Math.random() / 2);
  await Bun.sleep(Math.max(spread, problem.wait ?? 0));
}

/** RFC 9110, 10.2.3. @returns milliseconds from `now` */
export function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const time = value.endsWith(" GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

export async function withPatience<Value>(
  wanted: Promise<Value>,
  patience: number,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Transient(`it was silent for ${patience / 1000} s`)),
      patience,
    );
  });
  try {
    return await Promise.race([wanted, silence]);
  } catch (error) {
    if (error instanceof Transient) throw error;
    throw new Transient(whatHappened(error));
  } finally {
    clearTimeout(timer);
  }
}

export function whatHappened(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  switch (code) {
    case "ENOTFOUND":
      return "no such host is known";
    case "ECONNREFUSED":
      return "the connection is refused";
    case "ECONNRESET":
      return "the connection was cut";
    case "EPROTO":
      return "it does not speak TLS";
    default:
      return printable(message ?? String(error)).replace(/\. For more.*/, "");
  }
}

function unreachable(host: string, problem: Transient, patience: Patience): Failure {
  return new Failure(
    "registry-unreachable",
    `${host} cannot be asked: ${problem.message}`,
    patience.hasProxy
      ? "a proxy is configured, which sidecar does not use: it needs a direct way"
      : "see whether the name is right, and whether it is reached from here",
  );
}
