/** Builds images by `docker build`, on a Debian that Docker need not pull. */
import { debian, debianRoot, makeDebian } from "./debian.ts";
import { contextOf, dockerfileOf, type Member } from "./family.ts";

/** What this machine's Debian is called where Docker has none of its own. */
const ours = "sidecar-debian";

export function dockerAnswers(root: string): boolean {
  return Bun.which("docker") !== null && docker(root, ["version"], "ignore") === 0;
}

/** @throws Error where Docker fails, behind what it printed */
export function buildWithDocker(root: string, members: readonly Member[]): void {
  const base = hasImage(root, debian) ? debian : importDebian(root);
  for (const { folder, names } of members) {
    console.error(`images.sh: ${folder}, by Docker`);
    const code = docker(root, [
      "build",
      "--quiet",
      `--file=images/${folder}/Dockerfile`,
      ...names.map((name) => `--tag=${name}`),
      // Docker complains of values that no ARG takes.
      ...(/^ARG DEBIAN=/m.test(dockerfileOf(root, folder))
        ? [`--build-arg=DEBIAN=${base}`]
        : []),
      contextOf(folder),
    ]);
    if (code !== 0) throw new Error(`docker build of images/${folder} failed`);
  }
  console.log(members.flatMap(({ names }) => names).join("\n"));
}

function hasImage(root: string, name: string): boolean {
  return docker(root, ["image", "inspect", name], "ignore") === 0;
}

function importDebian(root: string): string {
  makeDebian(root);
  console.error(`images.sh: Docker has no ${debian}; it gets ours as ${ours}`);
  const { exitCode } = Bun.spawnSync(
    ["sh", "-c", `tar -C ${debianRoot} --exclude=./dev -c . | docker import - ${ours}`],
    { cwd: root, stdout: "ignore", stderr: "inherit" },
  );
  if (exitCode !== 0) throw new Error("docker import failed");
  return ours;
}

function docker(
  root: string,
  words: string[],
  output: "ignore" | "inherit" = "inherit",
) {
  return Bun.spawnSync(["docker", ...words], {
    cwd: root,
    stdout: output === "inherit" ? process.stderr.fd : output,
    stderr: output,
  }).exitCode;
}
