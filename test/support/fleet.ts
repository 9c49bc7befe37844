/** A few hosts that are easily taken for one another, and what jobs ask of them. */
import type { EngineName, Host, Needs } from "../../src/catalogue/engines/engines.ts";
import { sidecar, smallEnvironment } from "./sidecar.ts";

export type FleetHost = Host & { readonly extensionNode: string };

function host(
  name: string,
  runenvs: Readonly<Record<string, number>>,
  features: Readonly<Record<string, string>>,
): FleetHost {
  const entries = <Value>(all: Readonly<Record<string, Value>>) =>
    Object.entries(all).map(([one, version]) => ({ name: one, version }));
  return {
    os: "Linux",
    extensionNode: name,
    runenvs: entries(runenvs),
    features: entries(features),
  };
}

export const hosts = [
  host("old", { PYTHON3: 9, COBOL: 42 }, { ABAQUS: "v2020", NX: "2020-1" }),
  host("new", { PYTHON3: 100 }, { ABAQUS: "v2021.05", SOLID_EDGE: "2020__x_y.z" }),
  host("both", { PYTHON3: 42, MY_TOOL_2: 0 }, { ABAQUS: "v2021.05", NX: "2020-1--b" }),
  host("plain-1", { PYTHON3: 42, COBOL: 7 }, {}),
];

/** What a host prints of itself. */
export async function advertised(
  format: EngineName | "env",
  one: FleetHost,
): Promise<string> {
  const variables = [
    ...one.runenvs.map(({ name, version }) => [`RUNENV__${name}`, String(version)]),
    ...one.features.map(({ name, version }) => [`FEATURE__${name}`, version]),
  ].map(([name, value]) => [`DA__P7__${name}__VERSION`, value]);
  const environment = { ...smallEnvironment, ...Object.fromEntries(variables) };
  const words = [`--format=${format}`, `--extension-node=${one.extensionNode}`];
  const { stdout, stderr } = await sidecar(["advertise", ...words], { environment });
  if (stderr !== "") throw new Error(stderr);
  return stdout.trim();
}

/** With the versions that these hosts have. */
export function withKnown(
  needs: Omit<Needs, "known">,
  all: readonly Host[] = hosts,
): Needs {
  const versions = <Version>(
    list: readonly { readonly name: string; readonly version: Version }[],
    wanted: string | undefined,
  ) => list.filter(({ name }) => name === wanted).map(({ version }) => version);
  return {
    ...needs,
    known: {
      runenvVersions: versions(
        all.flatMap(({ runenvs }) => runenvs),
        needs.runenv.name,
      ),
      featureVersions: versions(
        all.flatMap(({ features }) => features),
        needs.feature?.name,
      ),
    },
  };
}

const runenvs = [
  ["PYTHON3", 0],
  ["PYTHON3", 10],
  ["PYTHON3", 42],
  ["PYTHON3", 101],
  ["COBOL", 8],
  ["MY_TOOL_2", 0],
  ["MY_TOOL", 0],
] as const;

const features = [
  null,
  ["ABAQUS", null],
  ["ABAQUS", "v2021.05"],
  ["ABAQUS", "v2021"],
  ["NX", null],
  ["NX", "2020-1"],
  ["NX", "2020-1--b"],
  ["SOLID_EDGE", "2020__x_y.z"],
  ["SOLID", null],
] as const;

export const jobs: readonly Needs[] = runenvs.flatMap(([name, version]) =>
  features.map((feature) =>
    withKnown({
      os: "Linux",
      extensionNode: null,
      runenv: { name, version },
      feature: feature && { name: feature[0], version: feature[1] },
    }),
  ),
);

/** For messages: what a job asks for. */
export function askedText({ runenv, feature }: Needs): string {
  const wanted = feature ? ` with ${feature.name} ${feature.version ?? "any"}` : "";
  return `${runenv.name} ${runenv.version}${wanted}`;
}
