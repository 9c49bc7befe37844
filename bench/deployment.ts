/** Deployments of any size, whose images and nodes are all different. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export type Deployment = {
  readonly images: number;
  readonly nodes: number;
  readonly envFile: string;
  readonly values: string;
};

const prefix = "DA__P7__PCLUSTER__";
const runenvs = ["COBOL", "FORTRAN", "JULIA", "MATLAB", "OCTAVE", "PYTHON2", "PYTHON3"];
const vendors = ["ABAQUS", "ADAMS", "ANSYS", "CATIA", "CREO", "EXCEL", "FLUENT", "NX"];
const modules = ["", "_CAE", "_CFD", "_MBD", "_CORE", "_MESH", "_POST", "_SOLVER"];

/** A tenth as many nodes as images. @returns the files, made in `directory` */
export function writeDeployment(images: number, directory: string): Deployment {
  const nodes = images / 10;
  const variables = [
    ...Array.from({ length: images }, (_, index) => imageVariable(index)),
    ...Array.from({ length: nodes }, (_, index) => nodeVariable(index, images)),
  ];
  const envFile = join(directory, `${images}.env`);
  const lines = variables.map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(envFile, lines.join(""));
  const values = join(directory, `${images}.yaml`);
  const entries = variables.map(([name, value]) => `    ${name}: ${value}\n`);
  writeFileSync(values, `pcluster:\n  env:\n${entries.join("")}`);
  return { images, nodes, envFile, values };
}

function imageVariable(index: number): readonly [name: string, value: string] {
  const [name, version] = runenv(index);
  const [feature, featureVersion] = featureOf(Math.floor(index / runenvs.length));
  const image = `pseven-calc-${name}-${version}-${feature}-${featureVersion}`;
  return [
    `${prefix}CALC_IMAGE__${name}_${version}_${index}`,
    `registry.example.com/pseven/${image.toLowerCase()}`,
  ];
}

/** Nodes have what images have, too. */
function nodeVariable(
  index: number,
  images: number,
): readonly [name: string, value: string] {
  const features = [0, 1, 2].map((more) =>
    featureOf((index * 3 + more) % Math.ceil(images / runenvs.length)).join(),
  );
  const clauses = [
    `os=${index % 2 === 0 ? "Linux" : "Windows"}`,
    `runenv=(${runenv(index).join()})`,
    ...features.map((pair) => `feature=(${pair})`),
  ];
  return [`${prefix}EXTENSION_NODE__HOST_${index}`, clauses.join("; ")];
}

function runenv(index: number): readonly [name: string, version: number] {
  return [runenvs[index % runenvs.length]!, 42 + (index % 3)];
}

/** No two numbers give the same. */
function featureOf(index: number): readonly [name: string, version: string] {
  const name = vendors[index % vendors.length]!;
  const rest = Math.floor(index / vendors.length);
  const module = modules[rest % modules.length]!;
  const release = Math.floor(rest / modules.length);
  return [name + module, `v${2000 + (release % 30)}.${Math.floor(release / 30)}`];
}
