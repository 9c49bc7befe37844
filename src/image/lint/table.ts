/** All rules, in the order of docs/image-rules.md. */
import type { Rule, RuleGroup } from "./rule.ts";
import { activationRules } from "./rules/activation.ts";
import { executeRules } from "./rules/execute.ts";
import { frozenRules } from "./rules/frozen.ts";
import { layerRules } from "./rules/layers.ts";
import { type Naming, nameRules } from "./rules/names.ts";
import { passwdRules } from "./rules/passwd.ts";
import { permissionRules } from "./rules/permission.ts";
import { platformRules } from "./rules/platform.ts";
import { privilegeRules } from "./rules/privileges.ts";
import { programRules } from "./rules/programs.ts";
import { runenvRules } from "./rules/runenvs.ts";
import { sidecarRules } from "./rules/sidecar.ts";
import { userRules } from "./rules/user.ts";
import { variableRules } from "./rules/variables.ts";

/** What rules know beside an image. */
export type Standard = {
  /** The version of the sidecar that lints. */
  readonly version: string;
  readonly names: Naming;
};

export const ruleGroups = ({ version, names }: Standard): readonly RuleGroup[] => [
  { title: "Sidecar", rules: sidecarRules(version) },
  { title: "Runenvs", rules: runenvRules },
  { title: "Activation", rules: [...activationRules, ...frozenRules] },
  { title: "Programs", rules: [...executeRules, ...programRules] },
  { title: "Permission", rules: permissionRules },
  { title: "Privileges", rules: privilegeRules },
  { title: "Users and their places", rules: userRules },
  { title: "passwd and group", rules: passwdRules },
  { title: "Variables", rules: variableRules },
  { title: "Names", rules: nameRules(names) },
  { title: "The platform", rules: platformRules },
  { title: "Layers", rules: layerRules },
];

export const allRules = (standard: Standard): readonly Rule[] =>
  ruleGroups(standard).flatMap(({ rules }) => rules);
