// Writes image names for Pyxis (`[docker://][USER@][REGISTRY#]IMAGE[:TAG]`, or the path of a squashfs file), and checks those of a template.
import type { Range } from '../template-source.ts';

/** A registry has a dot or a port, or is localhost. */
const REGISTRY = /^(?:docker:\/\/)?([^@/#]+@)?((?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|[\w.-]+:\d+|localhost)\/(.+)$/i;

/**
 * The same image for every release of enroot, which pulls for Pyxis: before 4.0, only a number sign separates the registry; since then, a
 * slash does too. The user before it selects the entry in `.credentials`.
 */
export function toPyxisImage(image: string): string {
  if (/^(?:dockerd|podman):\/\/|^[./]/.test(image)) return image;
  const [, user = '', registry, path = ''] = REGISTRY.exec(image) ?? [];
  // An image without a registry is on Docker Hub.
  return registry === undefined || registry === 'docker.io' ? image : `docker://${user}${registry}#${path}`;
}

/** Whether a placeholder is the whole value of `--container-image`, in an `#SBATCH` line or a command. */
export function isPyxisImagePlaceholder(text: string, { start, end }: Range): boolean {
  return (
    /--container-image(?:=|(?:[ \t]|\\\n)+)["']?$/.test(text.slice(0, start)) && /^["']?(?:\s|$)/.test(text.slice(end))
  );
}

/** Returns a sentence if older releases of enroot misread the name, otherwise undefined. */
export function pyxisImageProblem(image: string): string | undefined {
  const corrected = toPyxisImage(image);
  return corrected === image
    ? undefined
    : `Releases of enroot before 4.0 look for "${image}" on Docker Hub: write "${corrected}".`;
}
