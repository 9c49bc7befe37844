/** The block gets the environment and the arguments that sidecar got, to the byte. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Environment } from "../src/contract/environment.ts";
import { decode, encode } from "../src/system/text.ts";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { run, sidecar, workspace } from "./support/sidecar.ts";

const bytes = fc.uint8Array({ min: 1, maxLength: 24 });

describe("text of the operating system", () => {
  it("comes back as the bytes that it was", () => {
    fc.assert(
      fc.property(bytes, (original) => {
        expect(encode(decode(original))).toEqual(original);
      }),
    );
  });

  it("is what it means where it is valid UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decode(new TextEncoder().encode(text))).toBe(text);
      }),
    );
  });

  it("of single bytes joined is the bytes joined", () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const joined = encode(decode(one) + decode(other));
        expect(joined).toEqual(Uint8Array.from([...one, ...other]));
      }),
    );
  });
});

describe("an environment", () => {
  it("changes some names and nothing else, in place", () => {
    const before = new Environment(["A=1", "odd", "B=2", "=x", "A=3", "C="]);
    const after = before.with({ A: "9", C: undefined, D: "4" });
    expect(after.entries).toEqual(["A=9", "odd", "B=2", "=x", "D=4"]);
  });

  it("gives the first of two values, as getenv does", () => {
    expect(new Environment(["A=1", "A=2"]).get("A")).toBe("1");
    expect(new Environment(["AB=1"]).get("A")).toBeUndefined();
    expect(new Environment(["A="]).get("A")).toBe("");
  });
});

/** Values that a careless program would change. `$'…'` of bash makes the bytes. */
const awkward = {
  NEWLINES: String.raw`one\ntwo\n\nthree\n`,
  EQUALS: "a=b=c=",
  QUOTES: String.raw`\'"\`\\`,
  EMPTY: "",
  INVALID: String.raw`\xff\xfe\xc3(\xe2\x82`,
  SURROGATE: String.raw`\xed\xa0\x80\xed\xbf\xbf`,
  UNICODE: "naïve 日本語 🚀",
  CONTROL: String.raw`\x01\x1b[31m\x7f\r\t`,
  DOLLAR: "${HOME} $(id) `id` %PATH%",
};

function bashWith(variables: Readonly<Record<string, string>>, command: string) {
  const setting = Object.entries(variables)
    .map(([name, value]) => `export ${name}=$'${value}'`)
    .join("\n");
  return ["bash", "-c", `${setting}\nexec ${command}`];
}

it("is the same for the block as without sidecar", async () => {
  const directory = workspace();
  const direct = await run(bashWith(awkward, "/usr/bin/env -0"), { directory });
  const through = await run(
    bashWith(awkward, `${executable} --quiet --exec /usr/bin/env -0`),
    { directory },
  );
  const sorted = ({ bytes: all }: { bytes: Uint8Array }) =>
    Buffer.from(all).toString("latin1").split("\0").sort();
  expect(sorted(through).filter((entry) => !entry.startsWith("_="))).toEqual(
    sorted(direct).filter((entry) => !entry.startsWith("_=")),
  );
  expect(sorted(through)).toContain("INVALID=\xff\xfe\xc3(\xe2\x82");
});

it("of the arguments, too", async () => {
  const words = Object.values(awkward)
    .map((value) => `$'${value.replaceAll("${", () => "$${")}'`)
    .join(" ");
  const plain = Object.values(awkward)
    .map((value) => `$'${value}'`)
    .join(" ");
  const direct = await run(["bash", "-c", `exec printf '%s|' ${plain}`]);
  const through = await run([
    "bash",
    "-c",
    `exec ${executable} --quiet --exec printf '%s|' ${words}`,
  ]);
  expect(through.code).toBe(0);
  expect(through.bytes).toEqual(direct.bytes);
});

describeWhere({ python3: has("python3") }, "with entries no shell would make,", () => {
  it("keeps names twice, entries without = and names no shell knows", async () => {
    const script = `
    import os, sys
    libc = __import__("ctypes").CDLL(None)
    import ctypes
    entries = [b"A=1", b"A=2", b"odd", b"=empty", b"x.y=z", b"n\\xff=1"]
    argv = (ctypes.c_char_p * 5)(sys.argv[1].encode(), b"--quiet", b"--exec",
                                 b"/bin/cat", b"/proc/self/environ")
    envp = (ctypes.c_char_p * 7)(*entries)
    words = ctypes.cast((ctypes.c_char_p * 6)(*argv), ctypes.c_void_p)
    libc.execve(sys.argv[1].encode(), words, envp)
  `.replace(/^ {4}/gm, "");
    const { bytes: all } = await run(["python3", "-c", script, executable]);
    expect(Buffer.from(all).toString("latin1")).toBe(
      "A=1\0A=2\0odd\0=empty\0x.y=z\0n\xff=1\0",
    );
  });
});

it("can be empty", async () => {
  const { stdout, code } = await sidecar(["--quiet", "--exec", "/usr/bin/env"], {
    environment: {},
  });
  expect({ stdout, code }).toEqual({ stdout: "", code: 0 });
});

describeWhere(
  { launcher: hasLauncher },
  "no variable changes what sidecar does:",
  () => {
    it.each([
      ["BUN_OPTIONS", "--version"],
      ["BUN_BE_BUN", "1"],
      ["BUN_JSC_useJIT", "0"],
      ["BUN_JSC_noSuchOption", "1"],
      ["BUN_CONFIG_VERBOSE_FETCH", "1"],
      ["NODE_OPTIONS", "--require=/no/such.js"],
      ["NODE_ENV", "production"],
      ["JSC_useJIT", "0"],
      ["MIMALLOC_VERBOSE", "1"],
      ["FORCE_COLOR", "3"],
      ["TZ", "/etc/shadow"],
    ])("%s=%s", async (name, value) => {
      const { stdout, stderr, code } = await sidecar(
        ["--quiet", "--exec", "/usr/bin/env"],
        { environment: { [name]: value } },
      );
      expect({ stdout, stderr, code }).toEqual({
        stdout: `${name}=${value}\n`,
        stderr: "",
        code: 0,
      });
    });
  },
);
