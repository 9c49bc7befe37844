/** Names of e_machine (elf(5)), as `uname -m` says them. */
const names: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
  258: "loongarch64",
};

/** What a number in `e_machine` stands for. */
export function machineName(number: number): string {
  return names[number] ?? `the machine type ${number}`;
}

/** Of an image's architecture, as Go and the OCI specification name it. */
const architectures: Readonly<Record<string, string>> = {
  i386: "386",
  x86_64: "amd64",
  arm: "arm",
  aarch64: "arm64",
  loongarch64: "loong64",
  ppc64: "ppc64le",
  riscv64: "riscv64",
  s390x: "s390x",
};

/** The architecture of images whose programs are for this machine, where there is one. */
export function architectureOf(machine: string): string | undefined {
  return architectures[machine];
}
