/** A file's way from the root, and whether everybody may go it. */
import type { Wish } from "../../contract/everybody.ts";
import { errorNumber, SystemError } from "../../system/posix/errors.ts";
import { linkStatus, mayAccess } from "../../system/posix/files.ts";
import { fileSystem, readLink } from "../../system/posix/inspection.ts";
import { printable } from "../../system/text.ts";
import type { Problem } from "../finding.ts";
import { barrier, type Step } from "./permission.ts";

/** Of whom it is told what he may do. */
export const who = "everybody";

type Way = {
  readonly steps: readonly Step[];
  /** Why it ends before its end. */
  readonly error?: { readonly path: string; readonly error: SystemError };
};

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/** Every directory and the file itself, symbolic links followed by hand. */
export function wayTo(path: string): Way {
  const steps: Step[] = [];
  const names = ["/", ...path.split("/")];
  let at = "";
  let links = 0;
  for (;;) {
    const name = names.shift();
    if (name === undefined) return { steps };
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
      continue;
    }
    const file = name === "/" ? "/" : `${at}/${name}`;
    const found = linkStatus(file);
    if (found instanceof SystemError)
      return { steps, error: { path: file, error: found } };
    if (found.kind !== "symbolic link") {
      const { kind, mode, uid, gid } = found;
      steps.push({ path: file, kind, mode, uid, gid });
      at = file === "/" ? "" : file;
      continue;
    }
    links += 1;
    const target =
      links > mostLinks ? new SystemError("stat", errorNumber.ELOOP) : readLink(file);
    if (target instanceof SystemError)
      return { steps, error: { path: file, error: target } };
    if (target.startsWith("/")) at = "";
    names.unshift(...target.split("/"));
  }
}

/** What keeps somebody of the platform from it; nothing where all may do it. */
export function everybodyProblem(path: string, wish: Wish): Problem | undefined {
  const { steps, error } = wayTo(path);
  const closed = barrier(
    steps.length > 0 && error ? [...steps, entrance] : steps,
    wish,
  );
  if (closed) return closed;
  if (error)
    return {
      message: `${printable(error.path)}: ${error.error.message}`,
      hint: "put it there, or name another file",
    };
  const kernelSays = (mode: "read" | "write" | "execute") => mayAccess(path, mode);
  const refused =
    (wish === "read" && !kernelSays("read")) ||
    (wish === "write" && !kernelSays("write")) ||
    ((wish === "execute" || wish === "start") && !kernelSays("execute"));
  return refused ? refusedAnyhow(path, wish) : undefined;
}

/** Stands for what could not be looked at, so that what is before it is no file. */
const entrance: Step = { path: "", kind: "unknown", mode: 0o7777, uid: 0, gid: 0 };

function refusedAnyhow(path: string, wish: Wish): Problem {
  const system = fileSystem(path);
  const name = printable(path);
  if (!(system instanceof SystemError)) {
    if (wish !== "read" && wish !== "write" && system.noExec)
      return {
        message: `${name} is on a file system that is mounted noexec`,
        hint: "mount it without noexec, or install it elsewhere",
      };
    if (wish === "write" && system.readOnly)
      return {
        message: `${name} is on a file system that is mounted read-only`,
        hint: "mount it for writing",
      };
  }
  return {
    message: `${name} is refused to this user, though its permission bits allow it`,
    hint: "look at its access control list (getfacl) and at SELinux or AppArmor",
  };
}
