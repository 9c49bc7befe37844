/**
 * An image that Docker built: lint finds the lines that were wrong, and what it says is
 * so. A block of a user whom nobody knows does not run in it, and does once the lines
 * that lint names are added.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Finding } from "../src/image/lint/finding.ts";
import { type Docker, hardened, startDocker } from "./support/docker.ts";
import { describeWhere, has, hasLauncher, isRoot } from "./support/machine.ts";
import { musl } from "./support/roots.ts";
import { sidecar } from "./support/sidecar.ts";

const dockerfile = `FROM scratch
COPY root/ /
ENV PATH=/usr/local/bin:/bin HOME=/tmp/home
RUN mkdir -p /opt/tool && printf '#!/bin/sh\\necho ran $TOOL\\n' >/opt/tool/run
RUN echo 'export TOOL=7' >/opt/tool/activate.sh && chmod 700 /opt/tool/run
RUN chmod 750 /opt/tool
ENV LD_LIBRARY_PATH=/opt/tool/lib
ENV DA__P7__RUNENV__TOOL__VERSION=1 DA__P7__RUNENV__TOOL__ACTIVATE=/opt/tool/activate.sh
ENV DA__P7__RUNENV__TOOL__EXECUTE=/opt/tool/run
RUN chmod 777 /tmp
USER root
ENTRYPOINT ["/sidecar"]
`;

/** Rules, and the lines that break them. */
const expected: readonly [string, string][] = [
  ["way-closed", "RUN chmod 750 /opt/tool"],
  [
    "file-closed",
    "RUN echo 'export TOOL=7' >/opt/tool/activate.sh && chmod 700 /opt/tool/run",
  ],
  ["user-root", "USER root"],
  ["tmp-sticky", "RUN chmod 777 /tmp"],
  ["env-library-path", "ENV LD_LIBRARY_PATH=/opt/tool/lib"],
];

describeWhere(
  {
    root: isRoot,
    Docker: has("dockerd"),
    "musl-gcc": has("musl-gcc"),
    busybox: has("busybox"),
    launcher: hasLauncher,
  },
  "an image that Docker built",
  () => {
    const place = mkdtempSync(join(tmpdir(), "sidecar-lint-"));
    let docker: Docker;

    beforeAll(async () => {
      musl(join(place, "root"));
      const started = await startDocker();
      if (!started) throw new Error("dockerd does not answer");
      docker = started;
    });
    afterAll(async () => {
      await docker?.stop();
      rmSync(place, { recursive: true, force: true });
    });

    function build(text: string): void {
      writeFileSync(join(place, "Dockerfile"), text);
      const { code, stdout, stderr } = docker.run([
        ...["build", "--network=none", "-t", "tool", place],
      ]);
      expect(code, stdout + stderr).toBe(0);
    }

    async function lint(): Promise<Finding[]> {
      const archive = join(place, "tool.tar");
      expect(docker.run(["save", "-o", archive, "tool"]).code).toBe(0);
      const { stdout, stderr } = await sidecar(["image", "lint", archive, "--json"]);
      expect(stderr).toBe("");
      return JSON.parse(stdout).images[0].findings;
    }

    const runBlock = () =>
      docker.run([
        ...[...hardened, "tool", "--runenv=(TOOL,1)"],
        ...["--exec", "${DA__P7__RUNENV__TOOL__EXECUTE}"],
      ]);

    it("is told what is wrong, by line, and mended by what it is told", async () => {
      build(dockerfile);
      const found = (await lint()).filter(({ severity }) => severity !== "note");
      expect(found.map(({ rule, line }) => [rule, line])).toEqual(expected);
      expect(runBlock().code).not.toBe(0);

      // Behind USER only that user could do the rest.
      const fixes = found.map(({ fix }) => fix).toSorted();
      build(`${dockerfile.replace("USER root\n", "")}${fixes.join("\n")}\n`);
      const left = (await lint()).filter(({ severity }) => severity !== "note");
      expect(left).toEqual([]);
      const { code, stdout, stderr } = runBlock();
      expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "ran 7\n" });
    });
  },
);
