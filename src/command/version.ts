/** `sidecar --version`: what build.ts baked in; with `--verbose`, the file as well. */
import { isStatic, target } from "#system/executable.ts";
import { checksum } from "../installation/checksum.ts";
import { runningExecutable } from "../installation/install.ts";
import { printable } from "../system/text.ts";
import { options } from "./options.ts";
import { unknownOption } from "./suggest.ts";

declare const SIDECAR_VERSION: string | undefined;
declare const SIDECAR_COMMIT: string;
declare const SIDECAR_BUN: string;
/** Which C library is inside, or that it is the image's. */
declare const SIDECAR_LIBC: string | undefined;

const isBuilt = typeof SIDECAR_VERSION !== "undefined";

export const version = isBuilt ? SIDECAR_VERSION : "(not built)";

/** One line, or with `--verbose` several. @throws Failure */
export function versionText(
  words: readonly string[],
  launcher: boolean | undefined,
): string {
  refuseUnknown(words);
  return words.includes("--verbose") ? details(launcher) : line(launcher);
}

/** @throws Failure `option-unknown` */
function refuseUnknown(words: readonly string[]): void {
  const names = ["version", "verbose", ...Object.keys(options)];
  const unknown = words.find(
    (word) => word.startsWith("-") && !names.includes(word.slice(2).split("=")[0]!),
  );
  if (unknown === undefined) return;
  const otherwise = "with --version goes --verbose; sidecar --help lists all";
  throw unknownOption(unknown, { names, otherwise, help: "sidecar --help" });
}

function line(launcher: boolean | undefined): string {
  if (!isBuilt) return `sidecar ${version}`;
  const parts = [SIDECAR_COMMIT, `Bun ${SIDECAR_BUN}`];
  if (launcher === false) parts.push("without launcher");
  return `sidecar ${version} (${parts.join(", ")})`;
}

/** One fact a line, by names that stay. @throws Failure `executable-missing` */
function details(launcher: boolean | undefined): string {
  const linking = isStatic() ? "static" : "dynamic";
  const { descriptor, path } = runningExecutable();
  const { bytes, sha256 } = checksum(descriptor);
  const facts = {
    version,
    commit: isBuilt ? SIDECAR_COMMIT : "unknown",
    Bun: isBuilt ? SIDECAR_BUN : Bun.version,
    libc: typeof SIDECAR_LIBC === "undefined" ? "unknown" : SIDECAR_LIBC,
    build: launcher === undefined ? linking : `${linking}, ${withLauncher(launcher)}`,
    target,
    executable: printable(path),
    bytes,
    "SHA-256": sha256,
  };
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function withLauncher(launcher: boolean): string {
  return `${launcher ? "with" : "without"} launcher`;
}
