/**
 * What a check found: one line, and where something is wrong a second that mends it.
 */
import type { Failure, Notice } from "../contract/failure.ts";

/** Every check, in the order of the report; docs/check.md explains each. */
export const checkNames = [
  "sidecar",
  "user",
  "privileges",
  "process",
  "limits",
  "memory",
  "proc",
  "file-system",
  "directory",
  "tmp",
  "tmp-exec",
  "tmp-space",
  "home",
  "shell",
  "passwd",
  "storage",
  "exposure",
  "variables",
  "runenv",
  "activate-file",
  "activate-shell",
  "activation",
  "execute",
] as const;

export type CheckName = (typeof checkNames)[number];

/** `failed` alone means that a block would not work. */
export type Status = "ok" | "warning" | "failed" | "skipped";

export type Finding = {
  readonly name: CheckName;
  readonly status: Status;
  readonly message: string;
  /** What to do; there is one wherever something is wrong. */
  readonly hint?: string;
  /** The runenv that it is about. */
  readonly runenv?: string;
};

/** What is wrong, and what mends it. */
export type Problem = { readonly message: string; readonly hint: string };

export function ok(name: CheckName, message: string): Finding {
  return { name, status: "ok", message };
}

export function skipped(name: CheckName, message: string): Finding {
  return { name, status: "skipped", message };
}

export function warning(name: CheckName, { message, hint }: Problem | Notice): Finding {
  return { name, status: "warning", message, hint };
}

export function failed(name: CheckName, { message, hint }: Problem | Failure): Finding {
  return { name, status: "failed", message, hint };
}

/** Who mends it mostly writes a Dockerfile; elsewhere the command is the same. */
export function inDockerfile(command: string): string {
  return `in the Dockerfile: RUN ${command}`;
}
