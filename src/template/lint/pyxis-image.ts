// How Pyxis reads the name of an image: `[docker://][REGISTRY#]IMAGE[:TAG]`, or the path of a squashfs file.

/** A registry: with a dot or a port, or this machine. */
const REGISTRY = /^(?:docker:\/\/)?(?:[^@/#]+@)?((?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|[\w.-]+:\d+|localhost)\/(.+)$/i;

/** What is wrong with it, or undefined. */
export function imageTrouble(image: string): string | undefined {
  if (/^(?:dockerd|podman):\/\/|^[./]/.test(image)) return undefined;
  const [, registry, path = ''] = REGISTRY.exec(image) ?? [];
  // Docker Hub is where an image without a registry is looked for anyway.
  if (registry === undefined || registry === 'docker.io') return undefined;
  return `Pyxis looks for "${image}" on Docker Hub: write "docker://${registry}#${path}".`;
}
