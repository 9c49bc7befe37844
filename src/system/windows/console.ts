/**
 * Control events: Ctrl-C, Ctrl-Break, the closing of the console's window, the end of
 * the session.
 *
 * Windows tells them to a function that it calls on a thread of its own, where no
 * JavaScript can run, and sidecar has no event loop that could be told instead. So that
 * function is a few bytes of machine code, which set an event; and sidecar waits for
 * events anyway. (Bun's own handlers, SetConsoleCtrlHandler in libuv, are told too, but
 * they only post to an event loop; ours was added last and is asked first.)
 */
import { checked } from "./errors.ts";
import { kernel } from "./kernel.ts";
import {
  addressBytes,
  allocate,
  functionBytes,
  install,
  memoryAt,
} from "./machine-code.ts";

/** In the order of their numbers; 3 and 4 do not exist. */
const kinds = ["interrupt", "break", "close", "close", "close", "close", "close"];

export type ControlEvent = "interrupt" | "break" | "close";

let events: Record<ControlEvent, number> | undefined;

/** Handles that are signalled while an event has arrived. */
export function controlHandles(): number[] {
  return events ? Object.values(events) : [];
}

/** From now on control events do not end sidecar, but arrive. */
export function receiveControlEvents(): void {
  if (events) return;
  const make = () => checked("CreateEvent", kernel().CreateEventW(0, 1, 0, 0));
  events = { interrupt: make(), break: make(), close: make() };
  checked(
    "SetConsoleCtrlHandler",
    kernel().SetConsoleCtrlHandler(handlerFor(events), 1),
  );
}

/** The events that have arrived since the last call. */
export function arrivedControlEvents(): ControlEvent[] {
  const arrived: ControlEvent[] = [];
  for (const [kind, event] of Object.entries(events ?? {})) {
    if (kernel().WaitForSingleObject(event, 0) !== 0) continue;
    kernel().ResetEvent(event);
    arrived.push(kind as ControlEvent);
  }
  return arrived;
}

/** The handler in memory. @returns its address */
function handlerFor(handles: Record<ControlEvent, number>): number {
  const table = allocate(kinds.length * 8);
  const entries = new BigInt64Array(memoryAt(table, kinds.length * 8));
  kinds.forEach((kind, index) => {
    entries[index] = BigInt(handles[kind as ControlEvent]);
  });
  return install(handlerCode(table));
}

/**
 * `BOOL handler(DWORD type)`: sets the event of `type`. Where the console closes,
 * Windows ends sidecar when this returns, so it does not; it has some seconds then.
 */
function handlerCode(table: number): number[] {
  return [
    ...[0x83, 0xf9, 0x06], //             cmp ecx, 6
    ...[0x77, 0x42], //                   ja unknown
    0x53, //                              push rbx
    ...[0x48, 0x83, 0xec, 0x20], //       sub rsp, 32
    ...[0x89, 0xcb], //                   mov ebx, ecx
    ...[0x48, 0xb8, ...addressBytes(table)], // mov rax, table
    ...[0x48, 0x8b, 0x0c, 0xd8], //       mov rcx, [rax + rbx * 8]
    ...[0x48, 0xb8, ...functionBytes("SetEvent")], // mov rax, SetEvent
    ...[0xff, 0xd0], //                   call rax
    ...[0x83, 0xfb, 0x02], //             cmp ebx, 2
    ...[0x72, 0x11], //                   jb done
    ...[0xb9, 0xff, 0xff, 0xff, 0xff], // mov ecx, INFINITE
    ...[0x48, 0xb8, ...functionBytes("Sleep")], //   mov rax, Sleep
    ...[0xff, 0xd0], //                   call rax
    ...[0xb8, 0x01, 0x00, 0x00, 0x00], // done: mov eax, 1
    ...[0x48, 0x83, 0xc4, 0x20], //       add rsp, 32
    0x5b, //                              pop rbx
    0xc3, //                              ret
    ...[0x31, 0xc0], //                   unknown: xor eax, eax
    0xc3, //                              ret
  ];
}
