/** HOME, USER and LOGNAME of a user of the platform whom no image knows. */
import { expect, it } from "vitest";
import { passwdName } from "../src/companion/posix/identity.ts";
import { describeWhere, hasNamespaces, isRoot } from "./support/machine.ts";
import { sidecarAsUser } from "./support/namespace.ts";
import {
  codesBut,
  messageCodes,
  sidecar,
  smallEnvironment,
} from "./support/sidecar.ts";

const show = [
  "--exec",
  "sh",
  "-c",
  'echo "$HOME $USER $LOGNAME"; stat -c "%a %u" "$HOME"; ' +
    'touch "$HOME/x" && echo usable',
];

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "user 20042", () => {
  it("unknown to passwd gets /tmp/home, private and its own", async () => {
    const { stdout, stderr, code } = await sidecarAsUser("", show);
    expect(stdout).toBe("/tmp/home user20042 user20042\n700 20042\nusable\n");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("uses a /tmp/home that is there and its own", async () => {
    const { stdout, stderr } = await sidecarAsUser(
      "mkdir -m 750 /tmp/home; chown 20042 /tmp/home; touch /tmp/home/kept",
      [...show.slice(0, -1), `${show.at(-1)}; ls $HOME`],
    );
    expect(stdout).toContain("750 20042\nusable\nkept\n");
    expect(stderr).toBe("");
  });

  it("keeps a HOME of the image that it owns", async () => {
    const { stdout } = await sidecarAsUser(
      "mkdir /mnt/own; chown 20042 /mnt/own",
      show,
      { environment: { ...smallEnvironment, HOME: "/mnt/own" } },
    );
    expect(stdout).toMatch(/^\/mnt\/own user20042/);
  });

  it.each(["/root", "/", "/no/such", "", "/tmp/home"])(
    "does not keep HOME=%s of the image",
    async (home) => {
      const { stdout } = await sidecarAsUser("", show, {
        environment: { ...smallEnvironment, HOME: home, USER: "root", LOGNAME: "root" },
      });
      expect(stdout).toMatch(/^\/tmp\/home user20042 user20042\n/);
    },
  );

  it("has the name that passwd gives it", async () => {
    const { stdout } = await sidecarAsUser(
      "cp /etc/passwd /mnt/passwd; " +
        "echo 'kim:x:20042:20042::/:/bin/sh' >> /mnt/passwd; " +
        "mount --bind /mnt/passwd /etc/passwd",
      show,
    );
    expect(stdout).toMatch(/^\/tmp\/home kim kim\n/);
  });

  it.each<[string, string, RegExp]>([
    ["a symbolic link", "ln -s /mnt /tmp/home", /\/tmp\/home is a symbolic link/],
    ["a file", "touch /tmp/home; chown 20042 /tmp/home", /\/tmp\/home is a file/],
    ["another user's", "mkdir -m 777 /tmp/home", /\/tmp\/home belongs to user id 0/],
  ])("with a /tmp/home that is %s gets a fresh one", async (_, prepare, text) => {
    const { stdout, stderr, code } = await sidecarAsUser(prepare, show);
    const home = stdout.split(" ")[0]!;
    expect(home).toMatch(/^\/tmp\/home-\w{6}$/);
    expect(stdout).toContain("\n700 20042\nusable\n");
    expect(messageCodes(stderr)).toEqual(["home-replaced"]);
    expect(stderr).toMatch(text);
    expect(stderr).toContain(`HOME is ${home} instead`);
    expect(code).toBe(0);
  });

  it("finds no trace of a fresh HOME after the run", async () => {
    const { stdout } = await sidecarAsUser(
      'mkdir -m 777 /tmp/home; set -- sh -c \'"$@" >/dev/null 2>&1; ls /tmp\' sh "$@"',
      show,
    );
    expect(stdout).toBe("home\n");
  });

  it("with a read-only /tmp uses TMPDIR", async () => {
    const { stdout, stderr } = await sidecarAsUser(
      "mkdir -m 1777 /mnt/t; mount -o remount,ro /tmp",
      show,
      { environment: { ...smallEnvironment, TMPDIR: "/mnt/t" } },
    );
    expect(stdout).toMatch(/^\/mnt\/t\/home-\w{6} /);
    expect(messageCodes(stderr)).toEqual(["home-replaced"]);
  });

  it("with nowhere to put a HOME is told so, and the block runs", async () => {
    const { stdout, stderr, code } = await sidecarAsUser("mount -o remount,ro /tmp", [
      "--exec",
      "sh",
      "-c",
      "echo $HOME; exit 4",
    ]);
    expect(stdout).toBe("/tmp/home\n");
    expect(messageCodes(stderr)).toEqual(["home-unavailable"]);
    expect(stderr).toContain("Read-only file system");
    expect(code).toBe(4);
  });
});

describeWhere({ root: isRoot }, "root", () => {
  it("keeps its HOME, and is warned about", async () => {
    const { stdout, stderr } = await sidecar(
      ["--exec", "sh", "-c", "echo $HOME:$USER"],
      {
        environment: { ...smallEnvironment, HOME: "/somewhere" },
      },
    );
    expect(stdout).toBe("/somewhere:\n");
    expect(messageCodes(stderr)).toEqual(["running-as-root"]);
  });

  it("is refused under --strict", async () => {
    const { stdout, stderr, code } = await sidecar(["--strict", "--exec", "echo", "x"]);
    expect(stdout).toBe("");
    expect(codesBut(stderr)).toEqual(["strict-refusal"]);
    expect(code).toBe(125);
  });
});

it("names in passwd are found by number, and broken lines passed over", () => {
  const passwd = new TextEncoder().encode(
    "root:x:0:0::/root:/bin/sh\n\nbroken\n:x:20042:1::/:\n" +
      "kim:x:20042:1:::\nlee:x:20042:::\n",
  );
  expect(passwdName(passwd, 20042)).toBe("kim");
  expect(passwdName(passwd, 0)).toBe("root");
  expect(passwdName(passwd, 1)).toBeUndefined();
});
