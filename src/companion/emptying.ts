/** What is still in the pipes of a process that has ended. */
import { type Interest, waitFor } from "#system/descriptors.ts";
import { type Channel, mostReads } from "./relay.ts";

/**
 * Lets each channel take what is there now, and pass it on to whoever reads it, however
 * slow he is.
 * @param signals a descriptor that is ready when a signal has arrived
 * @param until when to wait no longer, in milliseconds of the monotonic clock
 * @param onSignals reads them; returns what `until` is from now on
 */
export function empty(
  channels: readonly Channel[],
  signals: number,
  until: number,
  onSignals: () => number,
): void {
  let deadline = until;
  const reads = new Map<Channel, number>();
  for (const channel of channels) channel.finish?.();
  while (performance.now() < deadline) {
    const open = channels.flatMap((channel) => {
      const { interest } = channel;
      const done = (reads.get(channel) ?? 0) >= mostReads;
      return !interest || (done && !isPatient(channel, interest))
        ? []
        : [{ channel, interest }];
    });
    if (open.length === 0) return;
    // A pipe to read is ready now or empty; a slow reader of ours is waited for.
    const patient = open.some((one) => isPatient(one.channel, one.interest));
    const left = Math.max(0, deadline - performance.now());
    const [signalled, ...flags] = waitFor(
      [{ descriptor: signals, wants: "read" }, ...open.map((one) => one.interest)],
      !patient ? 0 : deadline === Infinity ? -1 : left,
    );
    for (const [index, { channel, interest }] of open.entries()) {
      if (flags[index]) channel.advance();
      if (isPatient(channel, interest)) continue;
      const count = (reads.get(channel) ?? 0) + 1;
      reads.set(channel, flags[index] ? count : mostReads);
    }
    if (signalled) deadline = onSignals();
  }
}

function isPatient({ finish }: Channel, { wants }: Interest): boolean {
  return wants === "write" || finish !== undefined;
}
