/** The content of one open file into another. */
import { readSome, writeWaiting } from "./descriptors.ts";
import { checked } from "./errors.ts";
import { moreKernel } from "./kernel.ts";

/**
 * Copies what is left of `source` to where `target` stands.
 * @param goOn is called before every piece, and may throw
 * @throws SystemError what the target's file system says
 */
export function copyContent(
  source: number,
  target: number,
  _size: number,
  goOn: () => void,
): void {
  const buffer = new Uint8Array(1 << 20);
  for (;;) {
    goOn();
    const length = readSome(source, buffer);
    if (length === 0) return;
    for (let at = 0; at < (length ?? 0); )
      at += writeWaiting(target, buffer.subarray(at, length));
  }
}

/** Sets where the next read or write of `descriptor` begins: so many bytes in. */
export function seek(descriptor: number, offset: number): void {
  const FILE_BEGIN = 0;
  const { SetFilePointerEx } = moreKernel();
  checked("SetFilePointerEx", SetFilePointerEx(descriptor, offset, 0, FILE_BEGIN));
}
