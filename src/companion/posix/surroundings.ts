/** What a Linux machine, container or cluster has around a block. */
import { SystemError } from "#system/errors.ts";
import { readFile } from "#system/files.ts";
import { decode } from "../../system/text.ts";

export { sharedRoots } from "../../contract/places.ts";
export { countKills, openAccount } from "./account.ts";

/** Who tells of a block's usage where there is no cgroup of its own. */
export const usageSource = "process";

/** Kubernetes' file for a summary of a container's end (it need not be there). */
export const terminationLog: string | undefined = "/dev/termination-log";

/** What is mounted where, as /proc/self/mountinfo has it. */
export function mountTable(): string {
  const mountinfo = readFile("/proc/self/mountinfo");
  return mountinfo instanceof SystemError ? "" : decode(mountinfo);
}
