/**
 * What places offer and what blocks ask for, for programs: `sidecar/catalogue`.
 *
 *     const { places, problems } = readCatalogue(Object.entries(process.env));
 *     const task = readTask({ runenv: ["PYTHON3", 42], require: ["ABAQUS", null] });
 *     if ("value" in task) console.log(resolvePlace(places, task.value)?.place.image);
 *
 * A deployment's images and nodes: `readCatalogue`; what an image or a host says of
 * itself: `readDeclaration`. What can be had where: `runenvFeatures`, `choicesFor`. What
 * a block asks for: `readTask`; one place for it: `resolvePlace`; why that one, or why
 * none: `explain`, `nearestMisses`, `satisfies`. Names of images from what they offer,
 * and back: `imageName`, `imageNames`, `readImageName`. What a job demands of hosts, in
 * an engine's words: `needsOf`, `engines`. Words as people write them: `readRunenv` and
 * its neighbours.
 *
 * All of it is pure: it reads no file and no environment, and it waits for nothing. The
 * commands are made of the same functions (docs/catalogue.md).
 */
export { Failure, type FailureCode } from "../contract/failure.ts";
export {
  type Capability,
  type Catalogue,
  type Feature,
  type OperatingSystem,
  operatingSystems,
  type Place,
  type Problem,
  type ProblemCode,
  type Runenv,
} from "./capability.ts";
export { readCatalogue } from "./catalogue.ts";
export { type Choice, choicesFor } from "./choices.ts";
export { type Declaration, readDeclaration } from "./declaration.ts";
export {
  type Engine,
  type EngineName,
  engineNames,
  engines,
  type Host,
  type Needs,
  type Requirement,
  requirementText,
} from "./engines/engines.ts";
export { needsOf } from "./engines/needs.ts";
export { explain, type Step } from "./explanation.ts";
export { runenvFeatures } from "./features.ts";
export {
  type NameReading,
  type ReadName,
  readImageName,
} from "./image-name-reading.ts";
export { type ImageName, imageName, imageNames } from "./image-names.ts";
export { type Miss, nearestMisses, placeText } from "./nearest.ts";
export { type Request, requestText, satisfies } from "./request.ts";
export { type Resolution, resolvePlace } from "./resolve.ts";
export { readTask, type Task } from "./task.ts";
export {
  pairText,
  type Read,
  readFeature,
  readHostName,
  readOperatingSystem,
  readRunenv,
  readWantedFeature,
  type WantedFeature,
} from "./words.ts";
