/**
 * Bun's interface to C, as the runtime itself has it.
 *
 * `import "bun:ffi"` gives the same functions, but its module is compiled anew at every
 * start (0.3 ms, a twentieth of all): it is not in the executable's bytecode. `Bun.FFI`
 * is not documented. Bun is pinned, and build.ts starts what it built, so that a Bun
 * without it cannot be shipped.
 */
import type * as ffi from "bun:ffi";

type Foreign = Pick<
  typeof ffi,
  "CString" | "dlopen" | "ptr" | "read" | "toArrayBuffer"
>;

export const { CString, dlopen, ptr, read, toArrayBuffer } = (
  Bun as unknown as { readonly FFI: Foreign }
).FFI;

export type { Pointer } from "bun:ffi";
