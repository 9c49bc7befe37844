/** The engines that hosts are advertised to, and that jobs are submitted to. */
import type { Engine, Requirement } from "./engine.ts";
import { htcondor } from "./htcondor.ts";
import { kubernetes } from "./kubernetes.ts";
import { nomad } from "./nomad.ts";
import { slurm } from "./slurm.ts";

export type { Engine, Host, Needs, Requirement } from "./engine.ts";

export const engineNames = ["kubernetes", "nomad", "slurm", "htcondor"] as const;

export type EngineName = (typeof engineNames)[number];

export const engines = {
  kubernetes,
  nomad,
  slurm,
  htcondor,
} as const satisfies Record<EngineName, Engine>;

/** To be read, or pasted: an expression, one word a line, or JSON. */
export function requirementText(requirement: Requirement): string {
  if (typeof requirement === "string") return requirement;
  const isWords =
    Array.isArray(requirement) && requirement.every((word) => typeof word === "string");
  return isWords ? requirement.join("\n") : JSON.stringify(requirement);
}
