// The images for the Pyxis tests: one with an agent, and unusable ones with the console message of each.
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { makeImageWithAgent } from '../support/image-with-agent.ts';

/** Unusable images, the form that names them, and the console message. */
export const NOT_TO_BE_HAD = [
  {
    name: 'an image missing in the registry',
    queue: 'documented',
    image: 'nvcr.io/lab/missing:1',
    words: 'Pyxis found no image with this name and tag in the registry',
  },
  {
    name: 'a missing registry image for the whole job script',
    queue: 'directives',
    image: 'nvcr.io/lab/missing:1',
    words: 'Pyxis found no image with this name and tag in the registry',
  },
  {
    name: 'an unknown registry',
    queue: 'directives',
    image: 'registry.example.org/lab/tool:1',
    words: 'Pyxis cannot resolve the registry name registry.example.org',
  },
  {
    name: 'a file that is not an image',
    queue: 'directives',
    image: '{folder}/broken.sqsh',
    words: /the file \S+broken\.sqsh is not an image/,
  },
  {
    name: 'a missing image file',
    queue: 'documented',
    image: '{folder}/none.sqsh',
    words: /Pyxis found no image file \S+none\.sqsh on a node/,
  },
  {
    name: 'an image without bash for the whole job script',
    queue: 'directives',
    image: 'nvcr.io/lab/shell:1',
    words: 'the image has no bash',
  },
  { name: 'an image without bash', queue: 'documented', image: 'nvcr.io/lab/shell:1', words: 'the image has no bash' },
  {
    name: 'an image without Python for the whole job script',
    queue: 'directives',
    image: 'nvcr.io/lab/bare:1',
    words: JOB_EXIT_CODES.noPythonInImage.meaning,
  },
  {
    name: 'an image without Python',
    queue: 'documented',
    image: 'nvcr.io/lab/bare:1',
    words: JOB_EXIT_CODES.noPythonInImage.meaning,
  },
] as const;

/** With variables and a working directory, as images have them. */
export async function makeImageWithVariables(image: string): Promise<void> {
  await makeImageWithAgent(image);
  await writeFile(join(image, 'inside'), '');
  await mkdir(join(image, 'workspace'));
  // As `enroot import` writes it.
  await writeFile(join(image, 'etc/rc'), 'cd "/workspace" && unset OLDPWD || exit 1\n\nexec "$@"\n');
  await appendFile(join(image, 'etc/environment'), 'FLAVOUR=image\nTASTE=image\n');
}
