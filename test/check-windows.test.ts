/**
 * `sidecar.exe check` under Wine: the runenvs, the dry run, EXECUTE and the storage.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { findingOf, type Report, troubles } from "./support/checking.ts";
import { describeWhere } from "./support/machine.ts";
import { workspace } from "./support/sidecar.ts";
import { prepareWine, sidecarExe, windowsNeeds, windowsPath } from "./support/wine.ts";

describeWhere(windowsNeeds, "sidecar.exe check", () => {
  beforeAll(prepareWine);

  async function check(variables: Readonly<Record<string, string>>) {
    const { stdout, code } = await sidecarExe(["check", "--json"], {
      environment: { DA__P7__RUNENV__W__VERSION: "1", ...variables },
    });
    const report: Report = JSON.parse(stdout);
    return { report, code };
  }

  it("tries a batch file and finds its program", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "on.bat"), "@set LICENSE=server\r\n");
    const { report, code } = await check({
      DA__P7__RUNENV__W__ACTIVATE: windowsPath(join(directory, "on.bat")),
      DA__P7__RUNENV__W__EXECUTE: "cmd /c",
    });
    expect(troubles(report)).toEqual([]);
    expect(findingOf(report, "activation").message).toMatch(
      /^\d+ ms, tried as this user/,
    );
    expect(findingOf(report, "execute").message).toMatch(
      /cmd\.exe, this user may start it$/i,
    );
    expect(code).toBe(0);
  });

  it("tells what fails", async () => {
    const { report, code } = await check({
      DA__P7__RUNENV__W__ACTIVATE: "exit /b 3",
      DA__P7__RUNENV__V__EXECUTE: "no-such-program",
      DA__P7__PCLUSTER__STORAGE__USER: "Z:\\no\\such\\folder",
    });
    expect(troubles(report)).toEqual([
      "failed storage",
      "warning runenv",
      "failed execute",
      "failed activation",
    ]);
    expect(code).toBe(1);
  });
});
