// What files an image is looked for in, and pulled into, when a task names it by an address.

/**
 * Where an image may lie in a folder of a site's own, relative to it, the best first: by its whole name, then by the name
 * that `singularity pull` itself would give to the file. Without a tag the latest one comes first, as in a registry.
 * @param reference such as `nvcr.io/nvidia/pytorch:24.01-py3`
 */
export function siteFiles(reference: string): string[] {
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
export function pulledFile(address: string): string | undefined {
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
