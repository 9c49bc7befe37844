/** Whether a HOME can be made for whoever comes: /tmp, and what is there already. */
import { isAllowed } from "../../contract/everybody.ts";
import { SystemError } from "../../system/posix/errors.ts";
import type { FileStatus } from "../../system/posix/files.ts";
import type { FileSystem } from "../../system/posix/inspection.ts";
import { printable } from "../../system/text.ts";
import {
  type Finding,
  failed,
  inDockerfile,
  ok,
  type Problem,
  skipped,
  warning,
} from "../finding.ts";
import type { Step } from "./permission.ts";

/** A directory in which a HOME could be made, as it was found. */
export type Place = {
  readonly path: string;
  readonly found: FileStatus | SystemError;
  readonly system: FileSystem | SystemError;
  /** What keeps somebody of the platform from making files in it. */
  readonly closed?: Problem;
};

const sticky = 0o1000;
const mounted =
  "mount one: docker run --tmpfs=/tmp:mode=1777, in Kubernetes an emptyDir at /tmp";

/** @param other the directory of TMPDIR, which is taken where /tmp cannot be */
export function checkTemporary(tmp: Place, other: Place | undefined): Finding {
  const problem = problemOf(tmp);
  if (problem === undefined) {
    const { mode } = tmp.found as FileStatus;
    const shown = `${tmp.path}: mode ${mode.toString(8)}`;
    if ((mode & sticky) !== 0) return ok("tmp", `${shown}, everybody may write there`);
    return warning("tmp", {
      message: `${shown} is not sticky: whoever comes may remove what others made`,
      hint: inDockerfile(`chmod 1777 ${tmp.path}`),
    });
  }
  if (other === undefined || problemOf(other) !== undefined)
    return failed("tmp", problem);
  return warning("tmp", {
    message: `${problem.message}; a HOME is made in ${printable(other.path)} (TMPDIR)`,
    hint: problem.hint,
  });
}

/** Why not everybody can make a directory there. */
function problemOf({ path, found, system, closed }: Place): Problem | undefined {
  const name = printable(path);
  const make = `mkdir -m 1777 ${path}`;
  if (found instanceof SystemError)
    return {
      message: `${name}: ${found.message}; no HOME can be made`,
      hint: `${inDockerfile(make)}; or ${mounted}`,
    };
  if (found.kind !== "directory")
    return {
      message: `${name} is a ${found.kind}, not a directory; no HOME can be made`,
      hint: inDockerfile(`rm ${path} && ${make}`),
    };
  if (!(system instanceof SystemError) && system.readOnly)
    return {
      message: `${name} is read-only; no HOME can be made`,
      hint: mounted,
    };
  const { kind, mode, uid, gid } = found;
  const step: Step = { path, kind, mode, uid, gid };
  if (!isAllowed(step, 3))
    return {
      message:
        `${name} has mode ${mode.toString(8)}: ` +
        "not everybody can make a HOME there",
      hint: inDockerfile(`chmod 1777 ${path}`),
    };
  return closed;
}

export function checkNoExec({ path, found, system }: Place): Finding {
  if (found instanceof SystemError || system instanceof SystemError)
    return skipped("tmp-exec", `there is no ${printable(path)}`);
  if (!system.noExec) return ok("tmp-exec", `programs may be started from ${path}`);
  return warning("tmp-exec", {
    message:
      `${path} is mounted noexec: ` +
      "a block that compiles there cannot run the result",
    hint: "mount it with exec: docker run --tmpfs=/tmp:exec,mode=1777",
  });
}

/** Bytes and files below which hardly anything can be done. */
const littleSpace = 16 << 20;
const fewFiles = 100;

export function checkSpace({ path, found, system }: Place): Finding {
  if (found instanceof SystemError || system instanceof SystemError)
    return skipped("tmp-space", `there is no ${printable(path)}`);
  const { free, freeFiles } = system;
  const hint = "make room there, or mount a larger one";
  if (free === 0 || freeFiles === 0)
    return failed("tmp-space", {
      message: `${path} is full: no ${free === 0 ? "space" : "inode"} is left`,
      hint,
    });
  const left = `${describeSize(free)} free in ${path}`;
  if (free < littleSpace)
    return warning("tmp-space", { message: `only ${left}`, hint });
  if (freeFiles !== undefined && freeFiles < fewFiles)
    return warning("tmp-space", {
      message: `${path} has room for ${freeFiles} more files only (inodes)`,
      hint,
    });
  return ok("tmp-space", left);
}

/** 1610612736 as "1.5 GiB". */
export function describeSize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 5);
  const amount = bytes / 1024 ** power;
  const text = amount < 10 ? amount.toFixed(1).replace(/\.0$/, "") : amount.toFixed(0);
  return `${text} ${units[power]}`;
}

/**
 * What is at /tmp/home already: mostly what a RUN of the Dockerfile left there.
 * @param own the user that runs the check, where it is one of the platform
 */
export function checkHome(
  home: string,
  found: FileStatus | SystemError | undefined,
  own: number | undefined,
): Finding {
  if (found === undefined) return skipped("home", "there is no /tmp to make it in");
  if (found instanceof SystemError)
    return ok("home", `${home} is free: sidecar makes it for whoever comes`);
  if (found.kind === "directory" && found.uid === own)
    return ok("home", `${home} belongs to user id ${own}, who runs this check`);
  const what =
    found.kind === "directory"
      ? `belongs to user id ${found.uid}`
      : `is a ${found.kind}`;
  return warning("home", {
    message: `${home} is there and ${what}: others get a private directory as HOME`,
    hint: inDockerfile(`rm -rf ${home}, behind what makes it`),
  });
}
