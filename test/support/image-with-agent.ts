// A container image as a folder that has the stand-in for clearml-agent, and so needs nothing of the node but its configuration.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { standInAgentPython } from '../../src/sandbox/agent/stand-in-agent.ts';
import { makeImage } from './apptainer-image.ts';

/** Where the Python with the stand-in is inside, for a wrapper around it. */
export const AGENT_PYTHON_INSIDE = '/opt/agent/python';

/** @param python what its `python` is: a program that ends up in AGENT_PYTHON_INSIDE */
export async function makeImageWithAgent(
  image: string,
  python = `#!/bin/sh\nexec ${AGENT_PYTHON_INSIDE} "$@"\n`,
): Promise<void> {
  await makeImage(image, { hasPython: true });
  await cp(dirname(standInAgentPython()), join(image, dirname(AGENT_PYTHON_INSIDE)), { recursive: true });
  for (const name of ['dirname', 'mktemp']) {
    await cp(`/usr/bin/${name}`, join(image, 'usr/bin', name), { dereference: true });
  }
  await mkdir(join(image, 'usr/local/bin'), { recursive: true });
  await writeFile(join(image, 'usr/local/bin/python'), python, { mode: 0o755 });
}
