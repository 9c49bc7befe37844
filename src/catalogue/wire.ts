/**
 * The forms in which the catalogue goes over a wire, as zod schemas: what others write
 * (wire/inputs.ts), and what sidecar's commands print (wire/outputs.ts). Their JSON
 * Schemas are in docs/schema/. A door for programs: `sidecar/catalogue/wire`.
 */
export { capabilitySchema, manifestSchema } from "./wire/inputs.ts";
export {
  type CapabilitiesDocument,
  type ChoicesDocument,
  capabilitiesDocument,
  choicesDocument,
  type PlaceDocument,
  placeDocument,
} from "./wire/outputs.ts";
