/** The cgroup of `--cgroup`: made for the block, and removed with the last of it. */
import { SystemError } from "#system/errors.ts";
import { makeCgroup } from "#system/own-cgroup.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

/** @returns the directory of a new cgroup @throws Failure `cgroup-unusable` */
export function makeBlockCgroup(parent: string): string {
  try {
    return makeCgroup(parent);
  } catch (error) {
    throw error instanceof SystemError ? cgroupUnusable(parent, error) : error;
  }
}

/** Why a block cannot be started in a cgroup. */
export function cgroupUnusable(
  parent: string,
  { call, message }: SystemError,
): Failure {
  const why =
    call === "cgroup.kill" ? "it is none of version 2 on Linux 5.14 or later" : message;
  return new Failure(
    "cgroup-unusable",
    `--cgroup ${printable(parent)}: no cgroup can be made there for the block: ${why}`,
    "name a cgroup that was delegated to this user; without --cgroup all of the " +
      "block is ended too",
  );
}
