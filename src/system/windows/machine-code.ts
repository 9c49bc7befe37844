/**
 * A few bytes of machine code, for what has to happen on a thread where no JavaScript
 * can run. What is installed stays to the end: a thread may be in there at any time.
 */
import { type Pointer, toArrayBuffer } from "../foreign.ts";
import { encodeTerminated } from "../text.ts";
import { checked, lastError, SystemError } from "./errors.ts";
import { kernel } from "./kernel.ts";
import { wide } from "./wide.ts";

const MEM_COMMIT_RESERVE = 0x3000;
const PAGE_READWRITE = 0x04;
const PAGE_EXECUTE_READ = 0x20;

/** Memory that does not move, filled with zeros. @returns its address */
export function allocate(size: number): number {
  const { VirtualAlloc } = kernel();
  const memory = Number(VirtualAlloc(0, size, MEM_COMMIT_RESERVE, PAGE_READWRITE));
  return checked("VirtualAlloc", memory);
}

/** What is at an address. */
export function memoryAt(address: number, size: number): ArrayBuffer {
  return toArrayBuffer(address as Pointer, 0, size);
}

/** @returns the address at which `code` can be called */
export function install(code: readonly number[]): number {
  const place = allocate(code.length);
  new Uint8Array(memoryAt(place, code.length)).set(code);
  checked(
    "VirtualProtect",
    kernel().VirtualProtect(place, code.length, PAGE_EXECUTE_READ, new Uint32Array(1)),
  );
  return place;
}

/** The 8 bytes of an address within code. */
export function addressBytes(address: number | bigint): number[] {
  return [
    ...new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(address))).buffer),
  ];
}

/** Where a function of kernel32.dll is, as {@link addressBytes}. */
export function functionBytes(name: string): number[] {
  const library = kernel().GetModuleHandleW(wide("kernel32.dll"));
  const found = kernel().GetProcAddress(library, encodeTerminated(name));
  if (found === 0n) throw new SystemError("GetProcAddress", lastError());
  return addressBytes(found);
}
