// The image that a task names, as singularity exec reads it: an address to pull it from, a file, or a folder.
import { displayValue } from '../display-value.ts';

export interface Image {
  /** As `singularity exec` is given it. */
  readonly image: string;
  /** Where to look for it in a folder of images that the site has, relative to that, the best first. */
  readonly siteFiles: readonly string[];
  /** The name of the file to pull it into; undefined where it is a path, and nothing is pulled. */
  readonly pulledFile: string | undefined;
}

/** An image as it is to be given, or why it can't be, and what to write instead. */
export type ParsedImage = Image | { readonly refusal: string };

/** Where both Singularity and Apptainer still pull from. */
const SCHEMES = ['docker', 'oras', 'library'];

/** `[REGISTRY[:PORT]/]NAME[:TAG][@DIGEST]` (the reference grammar of github.com/distribution/reference, somewhat wider). */
const REFERENCE = /^[A-Za-z0-9][\w.+/-]*(?::\d+\/[\w.+/-]+)?(?::[\w][\w.-]*)?(?:@[A-Za-z0-9]+:[0-9A-Fa-f]+)?$/;

/** A file of an image that is named without a folder, and so can't be told from a name on Docker Hub by anything else. */
const IMAGE_FILE = /\.(?:sif|simg|img|sqsh|squashfs)$/;

/** Whether this is the name of an image in a registry, without a scheme, and no path could be made of it. */
export function isReference(written: string): boolean {
  return REFERENCE.test(written) && !hasDots(written);
}

/** Never an option, never a second word: it begins with a scheme, a slash or a dot, and holds no control character. */
export function parseImage(written: string): ParsedImage {
  const image = written.trim();
  if (/\p{Cc}/u.test(image))
    return { refusal: `${displayValue(image)} holds a control character: correct it in the task` };
  const [, scheme, address = ''] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/s.exec(image) ?? [];
  if (scheme !== undefined) return readAddress(image, scheme.toLowerCase(), address);
  if (/^\.{0,2}\//.test(image)) return readPath(image);
  if (IMAGE_FILE.test(image)) return readPath(`./${image}`, [image]);
  return readAddress(image, 'docker', image);
}

function readAddress(image: string, scheme: string, address: string): ParsedImage {
  if (scheme === 'shub') {
    return {
      refusal: `${displayValue(image)} was on Singularity Hub, which has closed: name an image of another registry`,
    };
  }
  if (!SCHEMES.includes(scheme)) {
    return {
      refusal: `${displayValue(image)} is none of docker://, oras://, library://, and no path: name the image by one`,
    };
  }
  // Pyxis sets the registry off by a number sign.
  const reference = address.replace('#', '/');
  if (isReference(reference)) {
    const whole = `${scheme}://${reference}`;
    return { image: whole, siteFiles: siteFiles(reference), pulledFile: pulledFile(whole) };
  }
  if (/^[^@/#]+@[^@/#]+[/#]/.test(address)) {
    return {
      refusal: `${displayValue(image)} names a user, whom Singularity takes from its own login: leave the user out of the task, and log in once with apptainer registry login`,
    };
  }
  return { refusal: `${displayValue(image)} is not the name of an image: write docker://REGISTRY/NAME:TAG, or a path` };
}

/** A colon would make a scheme of what stands before it. */
function readPath(path: string, files: readonly string[] = []): ParsedImage {
  if (!path.includes(':')) {
    return { image: path, siteFiles: files.filter((file) => !hasDots(file)), pulledFile: undefined };
  }
  return {
    refusal: `${displayValue(path)} is a path with a colon in it, which Singularity can not read: rename the file`,
  };
}

/** No part of a name: it would lead out of the folder in which the name is looked for. */
function hasDots(name: string): boolean {
  return name.split('/').some((part) => part === '.' || part === '..');
}

/**
 * Where an image may lie in a folder of a site's own, relative to it, the best first: by its whole name, then by the name
 * that `singularity pull` itself would give to the file. Without a tag the latest one comes first, as in a registry.
 * @param reference such as `nvcr.io/nvidia/pytorch:24.01-py3`
 */
function siteFiles(reference: string): string[] {
  const whole = asFile(reference);
  const names = [whole, whole.slice(whole.lastIndexOf('/') + 1)];
  const isTagged = /[:@][^/]*$/.test(reference);
  const files = names.flatMap((name) => (isTagged ? [name] : [`${name}_latest`, name]));
  return [...new Set(files)].map((name) => `${name}.sif`);
}

/** File systems take no longer name; what is made beside the file is named after it and has some letters more. */
const LONGEST_NAME = 200;

/**
 * The file that holds what was pulled from this address, and nothing else. Neither sign can be part of an address, so no
 * two addresses have one file. Undefined where the name would be too long.
 * @param address such as `docker://nvcr.io/nvidia/pytorch:24.01-py3`
 */
function pulledFile(address: string): string | undefined {
  const name = `${address
    .replace(/^docker:\/\//, '')
    .replaceAll(':', '=')
    .replaceAll('/', '~')}.sif`;
  return name.length > LONGEST_NAME ? undefined : name;
}

/** A colon would make a scheme of what stands before it. */
function asFile(name: string): string {
  return name.replaceAll(/[:@]/g, '_');
}
