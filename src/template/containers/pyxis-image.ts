// How Pyxis reads the name of an image: `[docker://][USER@][REGISTRY#]IMAGE[:TAG]`, or the path of a squashfs file.
import type { Range } from '../source.ts';

/** A registry: with a dot or a port, or this machine. */
const REGISTRY = /^(?:docker:\/\/)?([^@/#]+@)?((?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|[\w.-]+:\d+|localhost)\/(.+)$/i;

/**
 * The same image as every release of enroot reads it, which pulls for Pyxis: before 4.0 only a number sign sets the registry
 * off, since then a slash does too. The user in front of it is whose key of `.credentials` is taken.
 */
export function toPyxisImage(image: string): string {
  if (/^(?:dockerd|podman):\/\/|^[./]/.test(image)) return image;
  const [, user = '', registry, path = ''] = REGISTRY.exec(image) ?? [];
  // Docker Hub is where an image without a registry is looked for anyway.
  return registry === undefined || registry === 'docker.io' ? image : `docker://${user}${registry}#${path}`;
}

/** Whether a placeholder is the whole value of Pyxis' option for the image, on a line of directives or in a command. */
export function isPyxisImagePlaceholder(text: string, { start, end }: Range): boolean {
  return (
    /--container-image(?:=|(?:[ \t]|\\\n)+)["']?$/.test(text.slice(0, start)) && /^["']?(?:\s|$)/.test(text.slice(end))
  );
}
