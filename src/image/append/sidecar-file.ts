/** The executables that are put into images: which machine each is for. */
import { seek } from "#system/copy.ts";
import { readSome } from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import { descriptorStatus } from "#system/files.ts";
import { Failure } from "../../contract/failure.ts";
import { architectureOf, machineName } from "../../contract/machines.ts";
import { printable } from "../../system/text.ts";
import type { Platform } from "../model.ts";
import type { Content } from "./layer.ts";

export type Sidecar = Content & {
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string;
};

/**
 * @param descriptor of the open file
 * @param path for messages
 * @throws Failure `image-sidecar-invalid`
 */
export function sidecarFile(descriptor: number, path: string): Sidecar {
  const status = descriptorStatus(descriptor);
  if (status instanceof SystemError || status.kind !== "file") throw invalid(path);
  const head = Buffer.alloc(20);
  seek(descriptor, 0);
  const length = readSome(descriptor, head) ?? 0;
  const isElf = length === head.length && head.readUInt32BE(0) === 0x7f454c46;
  const architecture = isElf && architectureOf(machineName(head.readUInt16LE(18)));
  if (!architecture) throw invalid(path);
  const { size } = status;
  return { architecture, size, pieces: () => read(descriptor, size, path) };
}

/** Others may read the same descriptor in between. */
function* read(descriptor: number, size: number, path: string): Generator<Uint8Array> {
  const buffer = Buffer.alloc(1 << 20);
  for (let at = 0; at < size; ) {
    seek(descriptor, at);
    const length = readSome(descriptor, buffer.subarray(0, size - at));
    if (length === undefined) continue;
    if (length === 0) throw invalid(path, "became shorter while it was read");
    at += length;
    yield buffer.subarray(0, length);
  }
}

/** @throws Failure `image-sidecar-missing`: there is none for this platform */
export function sidecarFor(platform: Platform, sidecars: readonly Sidecar[]): Sidecar {
  const { os, architecture } = platform;
  const found = sidecars.find((one) => one.architecture === architecture);
  if (found && os === "linux") return found;
  const known = sidecars.map((one) => `linux/${one.architecture}`).join(", ");
  throw new Failure(
    "image-sidecar-missing",
    `the image is for ${printable(`${os}/${architecture}`)}; ` +
      `sidecar is there for ${known} only`,
    "name the executable for this platform too: --sidecar=FILE, once for each",
  );
}

function invalid(path: string, what = "is no executable of Linux"): Failure {
  return new Failure(
    "image-sidecar-invalid",
    `${printable(path)} ${what}`,
    "name the file dist/sidecar, or another that sidecar's release has",
  );
}
