/** Sidecar ends as its block ended. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codesBut, sidecar, workspace } from "./support/sidecar.ts";

it.each([0, 1, 2, 7, 77, 123, 124, 125, 126, 127, 128, 255])(
  "exit status %i of the block is its own",
  async (status) => {
    const { code, stderr } = await sidecar(["--exec", "sh", "-c", `exit ${status}`]);
    expect(code).toBe(status);
    expect(codesBut(stderr)).toEqual([]);
  },
);

it.each([
  ["HUP", 1],
  ["INT", 2],
  ["ABRT", 6],
  ["KILL", 9],
  ["USR1", 10],
  ["SEGV", 11],
  ["PIPE", 13],
  ["TERM", 15],
  ["XFSZ", 25],
  ["RTMIN", 34],
])("a block that SIG%s ends gives 128+%i, and a message", async (signal, number) => {
  const { code, stderr } = await sidecar(["--exec", "sh", "-c", `kill -${number} $$`]);
  expect(code).toBe(128 + number);
  expect(codesBut(stderr)).toEqual(["block-signalled"]);
  expect(stderr).toContain(signal === "RTMIN" ? "signal 34" : `SIG${signal}`);
});

describe("a PROGRAM that cannot be run", () => {
  function place(name: string, content: string | Uint8Array, mode = 0o755) {
    const directory = workspace();
    const file = join(directory, name);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return { directory, file };
  }

  async function expectRefusal(
    words: string[],
    directory: string,
    [exitCode, code, text]: readonly [number, string, RegExp],
  ) {
    const result = await sidecar(["--exec", ...words], { directory });
    expect(codesBut(result.stderr)).toEqual([code]);
    expect(result.stderr).toMatch(text);
    expect(result.code).toBe(exitCode);
  }

  it("is not in PATH", () =>
    expectRefusal(["no-such-program"], workspace(), [
      127,
      "program-not-found",
      /not found in PATH/,
    ]));

  it("is a path to nothing", () =>
    expectRefusal(["./nothing"], workspace(), [
      127,
      "program-not-found",
      /\.\/nothing/,
    ]));

  it("is empty after its variable was replaced", async () => {
    const { code, stderr } = await sidecar(["--exec", "${E}"], {
      environment: { E: "" },
    });
    expect(codesBut(stderr)).toEqual(["exec-empty"]);
    expect(code).toBe(125);
  });

  it("is a directory", () => {
    const directory = workspace();
    mkdirSync(join(directory, "folder"));
    return expectRefusal(["./folder"], directory, [
      126,
      "program-directory",
      /is a directory/,
    ]);
  });

  it("is not executable", () => {
    const { directory } = place("data", "x", 0o644);
    return expectRefusal(["./data"], directory, [
      126,
      "program-not-executable",
      /may not be executed by user id/,
    ]);
  });

  it("names an interpreter that is not there", () => {
    const { directory } = place("script", "#!/no/such/perl -w\n");
    return expectRefusal(["./script"], directory, [
      126,
      "program-interpreter-missing",
      /interpreter \/no\/such\/perl, which is not there/,
    ]);
  });

  it("has a #! line that ends as Windows does", () => {
    const { directory } = place("script", "#!/bin/sh\r\nexit 0\r\n");
    return expectRefusal(["./script"], directory, [
      126,
      "program-interpreter-missing",
      /interpreter \/bin\/sh\\x0d/,
    ]);
  });

  it("is for another architecture", () => {
    const { directory } = place("arm", elf(183));
    return expectRefusal(["./arm"], directory, [
      126,
      "program-architecture",
      /is for aarch64; this machine is x86_64/,
    ]);
  });

  it("needs a loader that is not there", () => {
    const { directory } = place("musl", elf(62, "/lib/ld-no-such.so.1"));
    return expectRefusal(["./musl"], directory, [
      126,
      "program-interpreter-missing",
      /the loader \/lib\/ld-no-such\.so\.1, which is not there/,
    ]);
  });

  it("is a program of Windows", () => {
    const { directory } = place("a.exe", `MZ${"\0".repeat(100)}`);
    return expectRefusal(["./a.exe"], directory, [
      126,
      "program-architecture",
      /is for Windows/,
    ]);
  });

  it("is neither a program nor a script", () => {
    const { directory } = place("text", "echo hello\n");
    return expectRefusal(["./text"], directory, [
      126,
      "program-not-recognized",
      /begin a script with #!/,
    ]);
  });

  it("has more arguments than the kernel takes", async () => {
    const { code, stderr } = await sidecar(
      ["--exec", "true", ...Array.from({ length: 20 }, () => "${LONG}x")],
      { environment: { PATH: "/bin:/usr/bin", LONG: "a".repeat(120_000) } },
    );
    expect(codesBut(stderr)).toEqual(["program-arguments-too-long"]);
    expect(code).toBe(126);
  });

  it("is found behind one in PATH that may not be executed", async () => {
    const first = place("tool", "x", 0o644);
    const second = place("tool", "#!/bin/sh\necho second\n");
    const { stdout } = await sidecar(["--exec", "tool"], {
      environment: { PATH: `${first.directory}:${second.directory}` },
    });
    expect(stdout).toBe("second\n");
  });
});

/** The head of an ELF file for a machine, with a PT_INTERP segment if asked for. */
function elf(machine: number, loader = ""): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // executable
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, 64n, true); // the table of segments
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, loader ? 1 : 0, true);
  if (loader) {
    view.setUint32(64, 3, true); // PT_INTERP
    view.setBigUint64(72, 128n, true);
    view.setBigUint64(96, BigInt(loader.length + 1), true);
    bytes.set(new TextEncoder().encode(loader), 128);
  }
  return bytes;
}
