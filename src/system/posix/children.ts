/** The processes whose parent is this one. */
import { decode } from "../text.ts";
import { listDirectory, readFile } from "./files.ts";
import { SystemError } from "./libc.ts";

/** By their numbers; none where there is no /proc. */
export function children(): Set<number> {
  const found = new Set<number>();
  for (const name of listDirectory("/proc") ?? []) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readFile(`/proc/${name}/stat`);
    if (stat instanceof SystemError) continue;
    // Behind the name in parentheses, which may hold any character: state, parent.
    const text = decode(stat);
    const [, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (Number(parent) === process.pid) found.add(Number(name));
  }
  return found;
}
