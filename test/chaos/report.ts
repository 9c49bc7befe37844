/** Reads what stage.c tells of a performance. */

export type Sent = {
  readonly signal: number;
  /** Nanoseconds of the monotonic clock. */
  readonly time: number;
  /**
   * Whether sidecar had blocked it by then, so that it could not be lost: before its
   * first instructions the kernel does what it does to any program.
   */
  readonly kept: "kept" | "perhaps" | "lost";
  /** The block's guardian got it, not sidecar. */
  readonly toGuardian: boolean;
};

export type Report = {
  /** Nanoseconds, as all times: before sidecar was started, and after the execve. */
  readonly begun: number;
  readonly started: number;
  readonly ended: number;
  /** When nothing was left of all that sidecar had started. */
  readonly empty: number;
  readonly code?: number;
  readonly signal?: number;
  readonly sent: readonly Sent[];
  /** Processes that were there when sidecar had ended, or long after it was killed. */
  readonly left: readonly string[];
  readonly hangs: boolean;
  /** The stage itself failed. */
  readonly broken?: string;
};

export function parseReport(text: string): Report {
  const sent: Sent[] = [];
  const left = new Set<string>();
  const times = { begun: 0, started: 0, ended: 0, empty: 0 };
  let end: Pick<Report, "code" | "signal"> = {};
  let hangs = false;
  let broken: string | undefined;
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.split(" ");
    switch (word) {
      case "begun":
      case "started":
      case "empty":
        times[word] = Number(rest[0]);
        break;
      case "sent":
        if (rest[3] === "0")
          sent.push({
            signal: Number(rest[0]),
            time: Number(rest[1]),
            kept: rest[2] as Sent["kept"],
            toGuardian: rest[4] === "guardian",
          });
        break;
      case "ended":
        times.ended = Number(rest[0]);
        end =
          rest[1] === "-1" ? { signal: Number(rest[2]) } : { code: Number(rest[1]) };
        break;
      case "left":
        left.add(rest.join(" "));
        break;
      case "hangs":
        hangs = true;
        break;
      case "broken":
        broken = rest.join(" ");
    }
  }
  if (times.empty === 0) broken ??= `the stage did not come to its end: ${text}`;
  return {
    ...times,
    ...end,
    sent,
    left: [...left],
    hangs,
    ...(broken === undefined ? {} : { broken }),
  };
}
