/** `sidecar check` in a mount namespace: an image to be made, with its own /tmp. */
import { executable } from "./paths.ts";
import { run, smallEnvironment } from "./sidecar.ts";

export type Finding = {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  readonly message: string;
  readonly hint?: string;
  readonly runenv?: string;
};

export type Report = {
  readonly schema: string;
  readonly ok: boolean;
  readonly checks: readonly Finding[];
};

/** A runenv that every user can use, in /opt/tool. */
const goodImage = `
  mkdir -p /opt/tool/bin
  printf 'PATH=/opt/tool/bin:$PATH\\nexport PATH\\n' > /opt/tool/activate.sh
  printf '#!/bin/sh\\necho "ran $*"\\n' > /opt/tool/bin/tool
  chmod a+rx /opt/tool/bin/tool`;

export const goodVariables: Readonly<Record<string, string>> = {
  ...smallEnvironment,
  DA__P7__RUNENV__TOOL__VERSION: "3",
  DA__P7__RUNENV__TOOL__ACTIVATE: "/opt/tool/activate.sh",
  DA__P7__RUNENV__TOOL__EXECUTE: "tool --fast",
};

export const asRoot = (...words: string[]) => words;

export type Scenario = {
  /** A shell script that root runs in the image, last of all. */
  readonly prepare?: string;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly words?: readonly string[];
  /** What starts a command as the user who checks. */
  readonly as?: (...words: string[]) => string[];
};

/** Words of a command in the image; what is left in /tmp and runs is told after it. */
export function inImage(scenario: Scenario, words: readonly string[]) {
  const script = `
    set -e
    umask 022
    mount -t tmpfs -o mode=755 keep /mnt
    touch /mnt/sidecar
    mount --bind "$1" /mnt/sidecar
    shift
    mount -t tmpfs -o mode=755 image /opt
    mount -t tmpfs -o mode=1777 tmp /tmp
    mount -t proc proc /proc
    cd /
    ${goodImage}
    ${scenario.prepare ?? ""}
    find /tmp | sort > /mnt/before
    set +e
    "$@"
    code=$?
    find /tmp | sort | cmp -s - /mnt/before || echo "LEFT: $(find /tmp)"
    for process in /proc/[0-9]*; do
      test -e "$process" || continue
      case $(cat "$process/comm") in sh | cat) ;; *) echo "LEFT: $process" ;; esac
    done
    exit $code`;
  const variables = { ...goodVariables, ...scenario.variables };
  const environment = Object.fromEntries(
    Object.entries(variables).filter((entry) => entry[1] !== undefined),
  ) as Record<string, string>;
  const as = scenario.as ?? asRoot;
  const namespaces = ["unshare", "--mount", "--pid", "--fork"];
  return run([...namespaces, "sh", "-c", script, "sh", executable, ...as(...words)], {
    environment,
    directory: "/",
  });
}

export async function check(scenario: Scenario = {}) {
  const words = ["/mnt/sidecar", "check", "--json", ...(scenario.words ?? [])];
  const { stdout, stderr, code } = await inImage(scenario, words);
  const [line, ...rest] = stdout.split("\n");
  const report: Report = JSON.parse(line || "null");
  if (!report) throw new Error(`no report; on standard error: ${stderr}`);
  return { report, stderr, code, left: rest.filter((text) => text !== "") };
}

/** What is not as it should be, shortly: "failed tmp". */
export function troubles({ checks }: Report): string[] {
  return checks
    .filter(({ status }) => status === "failed" || status === "warning")
    .map(({ status, name }) => `${status} ${name}`);
}

export function findingOf({ checks }: Report, name: string): Finding {
  const found = checks.find((finding) => finding.name === name);
  if (!found) throw new Error(`there is no check ${name}`);
  return found;
}

/** The command that a hint gives for a Dockerfile. */
export function remedy({ hint }: Finding): string {
  const command = /in the Dockerfile: RUN (.*?)(?:, behind .*)?(?:; or .*)?$/.exec(
    hint ?? "",
  )?.[1];
  if (command === undefined) throw new Error(`no command in the hint: ${hint}`);
  return command;
}
