// Creates a container image with PyTorch and ClearML's SDK, which has neither pip nor clearml-agent.
import { copyFile, cp, link, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { librariesOf, makeImage, WITH_COMPILED } from './apptainer-image.ts';

/** Where Debian's packages for Python are, here and in the image. */
const PACKAGES = '/usr/lib/python3/dist-packages';

const TORCH = join(PACKAGES, 'torch');

/** Headers, its tests, and links to libraries that the image has elsewhere. */
const NEEDLESS_OF_TORCH = /\/torch\/(?:include|test|lib\/(?!\w+_global_deps)[^/]+)$/;

/** Beside the agent and pip, what other tests need. */
const NEEDLESS_PACKAGES = /^(?:clearml_agent|pip|jupyter|nb|optuna|sqlalchemy|pygments|tornado|setuptools)/;

/**
 * Makes the image in this folder, which must not be there yet, with Debian's PyTorch for this machine's Python.
 * @param packages a folder with the SDK and what it imports
 */
export async function makeImageWithTorch(image: string, packages: string): Promise<void> {
  await makeImage(image, { hasPython: true });
  const modules = (await readdir(TORCH)).filter((name) => name.endsWith('.so'));
  for (const library of await librariesOf(modules.map((name) => join(TORCH, name))))
    await linkOrCopy(library, join(image, library));
  await cp(TORCH, join(image, TORCH), {
    ...WITH_COMPILED,
    dereference: true,
    filter: (path) => !NEEDLESS_OF_TORCH.test(path),
  });
  const typing = join(PACKAGES, 'typing_extensions.py');
  await cp(typing, join(image, typing));
  await cp(packages, join(image, PACKAGES), {
    ...WITH_COMPILED,
    filter: (path) => dirname(path) !== packages || !NEEDLESS_PACKAGES.test(basename(path)),
  });
}

/** PyTorch of Debian needs half a gigabyte of libraries. Nothing writes to an image. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { force: true });
  const file = await realpath(source);
  // The two may be on different file systems.
  await link(file, target).catch(() => copyFile(file, target));
}
