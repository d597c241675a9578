// Creates a container image with an agent, which needs only its configuration from the node.
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { makeImage, WITH_COMPILED } from './apptainer-image.ts';
import { agentPython } from './skip-unless.ts';

/** Where the Python with the agent is inside, for a wrapper around it. */
export const AGENT_PYTHON_INSIDE = '/opt/agent/python';

/** What an image with an agent may have otherwise. */
export interface ImageWithAgent {
  /** What its `python` is: a program that ends up in AGENT_PYTHON_INSIDE. */
  readonly python?: string;
  /** A folder of packages for this machine's Python, the real clearml-agent among them; else the image has the stand-in. */
  readonly packages?: string | undefined;
}

/** Makes the image in this folder, which must not be there yet. */
export async function makeImageWithAgent(
  image: string,
  { python = `#!/bin/sh\nexec ${AGENT_PYTHON_INSIDE} "$@"\n`, packages }: ImageWithAgent = {},
): Promise<void> {
  await makeImage(image, { hasPython: true });
  const folder = dirname(AGENT_PYTHON_INSIDE);
  if (packages === undefined) {
    await cp(dirname(standInAgentPython()), join(image, folder), { recursive: true });
  } else {
    await cp(packages, join(image, folder, 'packages'), WITH_COMPILED);
    const withPackages = `#!/bin/sh\nexport PYTHONPATH=${folder}/packages\nexec python3 "$@"\n`;
    await writeFile(join(image, AGENT_PYTHON_INSIDE), withPackages, { mode: 0o755 });
  }
  await cp('/usr/bin/dirname', join(image, 'usr/bin/dirname'), { dereference: true });
  await mkdir(join(image, 'usr/local/bin'), { recursive: true });
  await writeFile(join(image, 'usr/local/bin/python'), python, { mode: 0o755 });
  // As `enroot import` writes it; Apptainer does not read it.
  await writeFile(join(image, 'etc/environment'), 'PATH=/usr/local/bin:/usr/bin:/bin\n');
}

/** Where the packages of the virtual environment are that has the real clearml-agent and the SDK. */
export async function agentPackages(): Promise<string> {
  const library = join(dirname(agentPython()), '../lib');
  const [version = ''] = (await readdir(library)).filter((name) => name.startsWith('python3.'));
  return join(library, version, 'site-packages');
}

/** Links the image into the folder in which the stand-in of Pyxis finds it as `docker://NAME`. */
export async function nameImage(image: string, images: string, name: string): Promise<void> {
  const named = join(images, 'registry-1.docker.io', name);
  await mkdir(dirname(named), { recursive: true });
  await symlink(image, named);
}

/**
 * Makes an image with the agent and the file `/inside`, in `image` of this folder, and a folder `images` in which the stand-in of Pyxis
 * finds it as `docker://lab/tool:1`.
 */
export async function makeNamedImage(
  folder: string,
  wanted: ImageWithAgent = {},
): Promise<{ readonly image: string; readonly images: string }> {
  const images = join(folder, 'images');
  const image = join(folder, 'image');
  await makeImageWithAgent(image, wanted);
  await writeFile(join(image, 'inside'), '');
  await nameImage(image, images, 'lab/tool:1');
  return { image, images };
}
