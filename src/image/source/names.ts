/** Names of images in annotations of their descriptors. */

/** The whole reference: containerd's, which `docker save` and `nerdctl save` write. */
export const fullName = "io.containerd.image.name";
/** Of the specification (annotations.md): a tag, or a whole reference. */
export const referenceName = "org.opencontainers.image.ref.name";

/** As they are written there. */
export function namesOf(annotations?: Readonly<Record<string, string>>): string[] {
  const name = annotations?.[fullName] ?? annotations?.[referenceName];
  return name ? [name] : [];
}
