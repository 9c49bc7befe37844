/**
 * `sidecar --internal-environment DESCRIPTOR STATUS`, in an executable without the
 * launcher: what src/launcher/entry.c does in the others.
 */
import { writeAll } from "#system/descriptors.ts";
import type { Started } from "#system/start.ts";
import { encode } from "../system/text.ts";

export function writeEnvironment({ arguments: words, environment }: Started): number {
  const [descriptor, status] = words.slice(1).map(Number);
  if (descriptor === undefined || status !== 0) return status ?? 125;
  const text = environment.map((entry) => `${entry}\0`).join("");
  writeAll(descriptor, encode(`${text}\0`));
  return 0;
}
