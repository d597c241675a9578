// Parses the image that a task names, for `singularity exec`: the address to pull it from, a file, or a directory.
import { displayValue } from '../placeholders/display-value.ts';

export interface Image {
  /** For `singularity exec`. */
  readonly image: string;
  /** Its possible paths in the image directory of the site, relative to it, the best first. */
  readonly siteFiles: readonly string[];
  /** The name of the file to pull it into; undefined for a path, which is not pulled. */
  readonly pulledFile: string | undefined;
}

/** The image, or the reason why it cannot be used, with the next step. */
export type ParsedImage = Image | { readonly refusal: string };

/** The sources of both Singularity and Apptainer. */
const SCHEMES = ['docker', 'oras', 'library'];

/** `[REGISTRY[:PORT]/]NAME[:TAG][@DIGEST]` (the reference grammar of github.com/distribution/reference, somewhat wider). */
const REFERENCE = /^[A-Za-z0-9][\w.+/-]*(?::\d+\/[\w.+/-]+)?(?::[\w][\w.-]*)?(?:@[A-Za-z0-9]+:[0-9A-Fa-f]+)?$/;

/** The suffix distinguishes an image file without a directory from a name on Docker Hub. */
const IMAGE_FILE = /\.(?:sif|simg|img|sqsh|squashfs)$/;

/** Whether this is the name of an image in a registry, without a scheme, that cannot be used as a path. */
export function isReference(written: string): boolean {
  return REFERENCE.test(written) && !hasDots(written);
}

/** The result is never an option or a second argument: it begins with a scheme, a slash or a dot, without control characters. */
export function parseImage(written: string): ParsedImage {
  const image = written.trim();
  if (/\p{Cc}/u.test(image))
    return { refusal: `${displayValue(image)} contains a control character: correct it in the task` };
  const [, scheme, address = ''] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/s.exec(image) ?? [];
  if (scheme !== undefined) return parseAddress(image, scheme.toLowerCase(), address);
  if (/^\.{0,2}\//.test(image)) return parsePath(image);
  if (IMAGE_FILE.test(image)) return parsePath(`./${image}`, [image]);
  return parseAddress(image, 'docker', image);
}

function parseAddress(image: string, scheme: string, address: string): ParsedImage {
  if (scheme === 'shub') {
    return {
      refusal: `${displayValue(image)} is on Singularity Hub, which has closed: name an image of another registry`,
    };
  }
  if (!SCHEMES.includes(scheme)) {
    return {
      refusal: `${displayValue(image)} begins with neither docker://, oras:// nor library://, and is not a path: use one of these`,
    };
  }
  // Pyxis separates the registry with a number sign.
  const reference = address.replace('#', '/');
  if (isReference(reference)) {
    const whole = `${scheme}://${reference}`;
    return { image: whole, siteFiles: siteFiles(reference), pulledFile: pulledFile(whole) };
  }
  if (/^[^@/#]+@[^@/#]+[/#]/.test(address)) {
    return {
      refusal: `${displayValue(image)} names a user: remove the user, and log in once with "apptainer registry login docker://REGISTRY"`,
    };
  }
  return { refusal: `${displayValue(image)} is not the name of an image: write docker://REGISTRY/NAME:TAG, or a path` };
}

/** A colon would make a scheme of the text before it. */
function parsePath(path: string, files: readonly string[] = []): ParsedImage {
  if (!path.includes(':')) {
    return { image: path, siteFiles: files.filter((file) => !hasDots(file)), pulledFile: undefined };
  }
  return {
    refusal: `${displayValue(path)} is a path with a colon, which Singularity cannot read: rename the file`,
  };
}

/** Such parts would lead out of the image directory. */
function hasDots(name: string): boolean {
  return name.split('/').some((part) => part === '.' || part === '..');
}

/**
 * The paths in the image directory, the best first: by the whole name, then by the file name of `singularity pull`. Without a tag,
 * the tag `latest` comes first, as in a registry.
 * @param reference such as `nvcr.io/nvidia/pytorch:24.01-py3`
 */
function siteFiles(reference: string): string[] {
  // A colon would make a scheme of the text before it.
  const whole = reference.replaceAll(/[:@]/g, '_');
  const names = [whole, whole.slice(whole.lastIndexOf('/') + 1)];
  const isTagged = /[:@][^/]*$/.test(reference);
  const files = names.flatMap((name) => (isTagged ? [name] : [`${name}_latest`, name]));
  return [...new Set(files)].map((name) => `${name}.sif`);
}

/** File systems limit names to 255 bytes; temporary files beside the image have longer names than it. */
const LONGEST_NAME = 200;

/**
 * The file for images from this address only: neither `=` nor `~` can be part of an address, so that no two addresses have the same
 * file. Undefined if the name would be too long.
 * @param address such as `docker://nvcr.io/nvidia/pytorch:24.01-py3`
 */
function pulledFile(address: string): string | undefined {
  const name = `${address
    .replace(/^docker:\/\//, '')
    .replaceAll(':', '=')
    .replaceAll('/', '~')}.sif`;
  return name.length > LONGEST_NAME ? undefined : name;
}
