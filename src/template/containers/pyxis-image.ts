// How Pyxis reads the name of an image: `[docker://][REGISTRY#]IMAGE[:TAG]`, or the path of a squashfs file.
import type { Range } from '../source.ts';

/** A registry: with a dot or a port, or this machine. */
const REGISTRY = /^(?:docker:\/\/)?(?:[^@/#]+@)?((?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|[\w.-]+:\d+|localhost)\/(.+)$/i;

/** The same image as Pyxis names it: elsewhere a registry is set off by a slash. */
export function pyxisImage(image: string): string {
  if (/^(?:dockerd|podman):\/\/|^[./]/.test(image)) return image;
  const [, registry, path = ''] = REGISTRY.exec(image) ?? [];
  // Docker Hub is where an image without a registry is looked for anyway.
  return registry === undefined || registry === 'docker.io' ? image : `docker://${registry}#${path}`;
}

/** Whether a blank is the whole value of Pyxis' option for the image, on a line of directives or in a command. */
export function isPyxisImage(text: string, { start, end }: Range): boolean {
  return /--container-image(?:=|[ \t]+)["']?$/.test(text.slice(0, start)) && /^["']?(?:\s|$)/.test(text.slice(end));
}
