/** The bill of materials: CycloneDX 1.6, as JSON. */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { Material } from "./materials.ts";

export type Product = {
  readonly file: string;
  readonly version: string;
  readonly commit: string;
  /** SHA-256, in hexadecimal. */
  readonly checksum: string;
};

/** Without a date or a number of its own: the same executable has the same bill. */
export function billOfMaterials(
  product: Product,
  materials: readonly Material[],
): string {
  const { file, version, commit, checksum } = product;
  const main = new Models.Component(Enums.ComponentType.Application, "sidecar", {
    bomRef: "sidecar",
    version: commit === "unknown" ? version : `${version}+${commit}`,
    description: `the executable ${file}`,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("MIT")]),
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], checksum]]),
  });
  const bill = new Models.Bom({ metadata: new Models.Metadata({ component: main }) });
  for (const material of materials) {
    const component = componentOf(material);
    main.dependencies.add(component.bomRef);
    bill.components.add(component);
  }
  const normalizer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normalizer).serialize(bill, {
    sortLists: true,
    space: 2,
  });
}

function componentOf(material: Material): Models.Component {
  const { name, version, origin, licence, parts } = material;
  const part = (name: string, licence: string) =>
    new Models.Component(Enums.ComponentType.Library, name, {
      bomRef: `${origin}#${name}`,
      licenses: new Models.LicenseRepository([new Models.NamedLicense(licence)]),
    });
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: origin,
    version,
    purl: origin as never,
    licenses: new Models.LicenseRepository([new Models.LicenseExpression(licence)]),
    components: new Models.ComponentRepository(
      parts.map(({ name, licence }) => part(name, licence)),
    ),
  });
}
