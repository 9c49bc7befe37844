/** Sidecar's own messages: documented, plain or coloured, text or JSON. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureExitCodes, noticeCodes } from "../src/contract/failure.ts";
import { executable, root } from "./support/paths.ts";
import {
  codesBut,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const page = readFileSync(join(root, "docs/messages.md"), "utf8");
const codes = [...Object.keys(failureExitCodes()), ...noticeCodes];

describe("docs/messages.md", () => {
  it("has every message, in order, and no other", () => {
    const headings = [...page.matchAll(/^### (\S+)$/gm)].map(([, code]) => code!);
    expect(headings).toEqual(codes.toSorted());
  });

  it.each(Object.entries(failureExitCodes()))(
    "says that %s exits with %i",
    (code, exit) => {
      const section = page.split(`### ${code}\n`)[1]!.split("\n###")[0]!;
      expect(section).toContain(`Exit code ${exit}.`);
    },
  );
});

it("every code in the sources is used somewhere", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|c)$/.test(name) && !name.endsWith("failure.ts"))
    .map((name) => readFileSync(join(root, "src", name), "utf8"))
    .join("\n");
  const missing = codes.filter(
    (code) => !sources.includes(`"${code}"`) && !sources.includes(`error[${code}]`),
  );
  expect(missing).toEqual([]);
});

it("sidecar messages lists them, and explains one", async () => {
  const list = await sidecar(["messages"]);
  expect(list.stdout.trim().split("\n")).toEqual(codes.toSorted());
  const one = await sidecar(["messages", "runenv-unknown"]);
  expect(one.stdout).toMatch(/^runenv-unknown\n/);
  expect(one.stdout).toContain("Exit code 125.");
  expect(one.stdout).not.toContain("###");
});

describe("in JSON", () => {
  it.each([
    ["--log=json", "--exec", "no-such"],
    ["--log", "json", "--exec", "no-such"],
    ["--log=json", "--runenv=X", "--exec", "no-such"],
    ["--log=json", "--nonsense"],
    ["--log=json"],
  ])("each is one line: %j %j %j", async (...words) => {
    const { stderr } = await sidecar(words);
    const lines = stderr.trimEnd().split("\n");
    for (const line of lines) {
      const message = JSON.parse(line);
      expect(Object.keys(message)).toEqual([
        "time",
        "level",
        "code",
        "message",
        "hint",
      ]);
      expect(codes).toContain(message.code);
    }
    expect(lines.length).toBeGreaterThan(0);
  });
});

it("--quiet leaves only errors", async () => {
  const { stderr } = await sidecar(["--quiet", "--exec", "no-such"]);
  expect(stderr).toMatch(/^sidecar: error\[program-not-found\]/);
  expect((await sidecar(["--quiet", "--exec", "true"])).stderr).toBe("");
});

describe("on a terminal", () => {
  const onTerminal = (environment: Record<string, string>, command: string) =>
    run(["script", "-qec", command, "/dev/null"], {
      environment: { ...smallEnvironment, TERM: "xterm", ...environment },
    });

  it("they are coloured", async () => {
    const { stdout } = await onTerminal({}, `${executable} --exec no-such`);
    expect(stdout).toContain("\x1b[1;31merror[program-not-found]\x1b[0m");
  });

  it.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])(
    "but not with %j",
    async (variables) => {
      const { stdout } = await onTerminal(variables, `${executable} --exec no-such`);
      expect(stdout).toContain("error[program-not-found]");
      expect(stdout).not.toContain("\x1b[");
    },
  );

  it("elsewhere they are plain", async () => {
    const { stderr } = await sidecar(["--exec", "no-such"], {
      environment: { ...smallEnvironment, TERM: "xterm" },
    });
    expect(stderr).not.toContain("\x1b[");
  });
});

it("values of secret variables are never printed", async () => {
  const secrets = {
    DB_PASSWORD: 'hush-1 "',
    api_token: "hush-2",
    MY_SECRET: "hush-3",
    KEYS: "hush-4",
  };
  const environment = { ...smallEnvironment, ...secrets };
  const outputs = await Promise.all([
    sidecar(["--exec", "${DB_PASSWORD}"], { environment }),
    sidecar(["--exec", "no-such-${api_token}${UNSET}"], { environment }),
    sidecar(["--exec", "${MY_SECRET}"], { environment }),
    sidecar(["--exec", "/no/${api_token}"], { environment }),
    sidecar(["--explain", "--exec", "${MY_SECRET}"], { environment }),
    sidecar(
      ["--explain", "--exec", "echo", "${api_token}", "a${MY_SECRET}", "${KEYS}"],
      {
        environment,
      },
    ),
  ]);
  for (const { stdout, stderr } of outputs)
    expect(stdout + stderr).not.toContain("hush");
  expect(outputs.map(({ code }) => code)).toEqual([125, 125, 127, 127, 0, 0]);
  expect(outputs[2].stderr).toContain("${MY_SECRET}");
  expect(outputs[5].stdout).toContain("api_token");
});

it("show control characters of arguments, instead of obeying them", async () => {
  const { stderr } = await sidecar(["--runenv=\x1b[31mx\n", "--exec", "true"]);
  expect(stderr).toContain("\\x1b[31mx\\n");
  expect(stderr).not.toContain("\x1b");
});

it("nobody listening is no trouble", async () => {
  const directory = workspace();
  const { stdout } = await run(
    [
      "bash",
      "-c",
      '"$0" --exec sh -c "exit 3" 2>/dev/full; echo $?; "$0" --exec true 2>&-; echo $?',
      executable,
    ],
    { directory },
  );
  expect(stdout).toBe("3\n0\n");
  expect(codesBut("")).toEqual([]);
});
