/**
 * `sidecar --internal-environment ADDRESS STATUS`, in an executable without the
 * launcher: what src/launcher/entry.c does in the others.
 */
import { sendEnvironment } from "#system/handover.ts";
import type { Started } from "#system/start.ts";

export function writeEnvironment({ arguments: words, environment }: Started): number {
  const [address, status] = words.slice(1);
  if (address === undefined || Number(status) !== 0) return Number(status ?? 125);
  sendEnvironment(address, environment);
  return 0;
}
