/**
 * Windows, as far as sidecar calls it: functions that kernel32.dll has had since
 * Windows 10 and Windows Server 2016, all documented in "Windows API reference".
 *
 * A HANDLE has 32 significant bits also on 64-bit Windows ("Interprocess
 * Communication" in "Programming Guide for 64-bit Windows"), sign-extended; here it is
 * a number, and INVALID_HANDLE_VALUE is -1.
 */
import { dlopen } from "../foreign.ts";

const handle = "i64";
const newHandle = "i32";
const boolean = "i32";

/** What every block needs. Binding a function costs some microseconds. */
const usual = {
  CloseHandle: { args: [handle], returns: boolean },
  CreateEventW: { args: ["u64", boolean, boolean, "u64"], returns: newHandle },
  CreateFileW: {
    args: ["ptr", "u32", "u32", "u64", "u32", "u32", handle],
    returns: newHandle,
  },
  CreateJobObjectW: { args: ["u64", "u64"], returns: newHandle },
  CreateProcessW: {
    args: ["ptr", "ptr", "u64", "u64", boolean, "u32", "ptr", "u64", "ptr", "ptr"],
    returns: boolean,
  },
  DuplicateHandle: {
    args: [handle, handle, handle, "ptr", "u32", boolean, "u32"],
    returns: boolean,
  },
  GetCommandLineW: { args: [], returns: "ptr" },
  GetConsoleMode: { args: [handle, "ptr"], returns: boolean },
  GetCurrentProcessId: { args: [], returns: "u32" },
  GetEnvironmentStringsW: { args: [], returns: "ptr" },
  GetExitCodeProcess: { args: [handle, "ptr"], returns: boolean },
  GetFileAttributesW: { args: ["ptr"], returns: "u32" },
  GetLastError: { args: [], returns: "u32" },
  GetModuleHandleW: { args: ["ptr"], returns: "u64" },
  GetProcAddress: { args: ["u64", "ptr"], returns: "u64" },
  GetStdHandle: { args: ["i32"], returns: newHandle },
  InitializeProcThreadAttributeList: {
    args: ["u64", "u32", "u32", "ptr"],
    returns: boolean,
  },
  OpenProcess: { args: ["u32", boolean, "u32"], returns: newHandle },
  QueryInformationJobObject: {
    args: [handle, "u32", "ptr", "u32", "ptr"],
    returns: boolean,
  },
  ResetEvent: { args: [handle], returns: boolean },
  SetConsoleCtrlHandler: { args: ["u64", boolean], returns: boolean },
  SetInformationJobObject: { args: [handle, "u32", "ptr", "u32"], returns: boolean },
  TerminateProcess: { args: [handle, "u32"], returns: boolean },
  UpdateProcThreadAttribute: {
    args: ["ptr", "u32", "u64", "ptr", "u64", "u64", "u64"],
    returns: boolean,
  },
  VirtualAlloc: { args: ["u64", "u64", "u32", "u32"], returns: "u64" },
  VirtualProtect: { args: ["u64", "u64", "u32", "ptr"], returns: boolean },
  WaitForMultipleObjects: { args: ["u32", "ptr", boolean, "u32"], returns: "u32" },
  WaitForSingleObject: { args: [handle, "u32"], returns: "u32" },
  WriteFile: { args: [handle, "ptr", "u32", "ptr", "u64"], returns: boolean },
} as const;

/** What only some blocks need: files, directories, pipes, messages, a bad end. */
const occasional = {
  CancelIoEx: { args: [handle, "ptr"], returns: boolean },
  ConnectNamedPipe: { args: [handle, "ptr"], returns: boolean },
  CreateDirectoryW: { args: ["ptr", "ptr"], returns: boolean },
  CreateNamedPipeW: {
    args: ["ptr", "u32", "u32", "u32", "u32", "u32", "u32", "u64"],
    returns: newHandle,
  },
  CreateThread: {
    args: ["u64", "u64", "u64", "u64", "u32", "u64"],
    returns: newHandle,
  },
  DeleteFileW: { args: ["ptr"], returns: boolean },
  FlushFileBuffers: { args: [handle], returns: boolean },
  FindClose: { args: [handle], returns: boolean },
  FindFirstFileW: { args: ["ptr", "ptr"], returns: newHandle },
  FindNextFileW: { args: [handle, "ptr"], returns: boolean },
  FormatMessageW: {
    args: ["u32", "u64", "u32", "u32", "ptr", "u32", "u64"],
    returns: "u32",
  },
  GenerateConsoleCtrlEvent: { args: ["u32", "u32"], returns: boolean },
  GetCurrentDirectoryW: { args: ["u32", "ptr"], returns: "u32" },
  GetFileInformationByHandle: { args: [handle, "ptr"], returns: boolean },
  GetModuleFileNameW: { args: ["u64", "ptr", "u32"], returns: "u32" },
  GetFileType: { args: [handle], returns: "u32" },
  GetOverlappedResult: { args: [handle, "ptr", "ptr", boolean], returns: boolean },
  GetSystemDirectoryW: { args: ["ptr", "u32"], returns: "u32" },
  GetWindowsDirectoryW: { args: ["ptr", "u32"], returns: "u32" },
  LocalFree: { args: ["u64"], returns: "u64" },
  MoveFileExW: { args: ["ptr", "ptr", "u32"], returns: boolean },
  ReadFile: { args: [handle, "ptr", "u32", "ptr", "ptr"], returns: boolean },
  RemoveDirectoryW: { args: ["ptr"], returns: boolean },
  SetCurrentDirectoryW: { args: ["ptr"], returns: boolean },
  SetEndOfFile: { args: [handle], returns: boolean },
  SetEvent: { args: [handle], returns: boolean },
  SetFilePointerEx: { args: [handle, "i64", "u64", "u32"], returns: boolean },
  SetFileAttributesW: { args: ["ptr", "u32"], returns: boolean },
  TerminateJobObject: { args: [handle, "u32"], returns: boolean },
  WriteConsoleW: { args: [handle, "ptr", "u32", "ptr", "u64"], returns: boolean },
} as const;

/** Functions about access rights. */
const rights = {
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    args: ["ptr", "u32", "ptr", "u64"],
    returns: boolean,
  },
} as const;

/** Functions about command lines. */
const shell = {
  CommandLineToArgvW: { args: ["ptr", "ptr"], returns: "ptr" },
} as const;

const loadUsual = () => dlopen("kernel32.dll", usual).symbols;
const loadOccasional = () => dlopen("kernel32.dll", occasional).symbols;
const loadRights = () => dlopen("advapi32.dll", rights).symbols;
const loadShell = () => dlopen("shell32.dll", shell).symbols;

let usualLoaded: ReturnType<typeof loadUsual> | undefined;
let occasionalLoaded: ReturnType<typeof loadOccasional> | undefined;

/** The functions that every block needs, bound at the first call. */
export function kernel(): ReturnType<typeof loadUsual> {
  usualLoaded ??= loadUsual();
  return usualLoaded;
}

/** The others, bound at the first call too. */
export function moreKernel(): ReturnType<typeof loadOccasional> {
  occasionalLoaded ??= loadOccasional();
  return occasionalLoaded;
}

export const rightsLibrary = loadRights;
export const shellLibrary = loadShell;

export const invalidHandle = -1;
