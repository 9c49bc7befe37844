/** The commands beside `--exec`, as help and completion know them. */

/** Those of the catalogue: what places offer, what blocks ask for, which one fits. */
const catalogueCommands = {
  advertise: "Print what this host or image offers, in the form an engine takes",
  choices: "List where a block can run, as a user chooses from it",
  features: "List the runenvs and features that images and nodes offer",
  resolve: "Find the one image or host for a block",
} as const;

export const commands = {
  advertise: catalogueCommands.advertise,
  check: "Say whether blocks would work here, and what to mend",
  choices: catalogueCommands.choices,
  completion: "Print a script that completes sidecar's options in bash or zsh",
  features: catalogueCommands.features,
  freeze: "Do the activations of an image once, so that blocks need no shell for them",
  image: "Look at images, mend, name and approve them, without a container engine",
  install: "Copy this executable into a directory or volume",
  messages: "List sidecar's messages by code, or explain one",
  resolve: catalogueCommands.resolve,
} as const;

export type CommandName = keyof typeof commands;
export type CatalogueCommandName = keyof typeof catalogueCommands;

export function isCatalogueCommand(name: string): name is CatalogueCommandName {
  return Object.hasOwn(catalogueCommands, name);
}
