// Hostile names of images, directories and variables, and a script that tries each with the real Apptainer.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { quoteWord } from '../../src/base/shell-word.ts';
import { parseImage } from '../../src/sbatch-template/containers/parse-singularity-image.ts';
import {
  ContainerArgumentError,
  parseContainerArguments,
  singularityOptions,
} from '../../src/sbatch-template/containers/parse-container-arguments.ts';
import { hostileText } from '../sbatch-template/hostile-values.ts';

export interface HostileRuns {
  /** Prints what each container saw, each text with a NUL behind it. */
  readonly script: string;
  /** What it prints if no name was anything but a name. */
  readonly expected: readonly string[];
}

/** What breaks a list of mounts, or looks like an option, beside what breaks a shell. */
function hostileName(): fc.Arbitrary<string> {
  return fc
    .oneof(
      hostileText(),
      fc.constantFrom('-B', '--writable', '--', 'a b', 'x#y', 'docker:', '$(id)', "it's", '"', 'a;b', '&'),
    )
    .map((text) => text.replaceAll(/[/\0]/g, '').slice(0, 60))
    .filter((name) => !/^\.{0,2}$/.test(name));
}

/**
 * @param folder that all may read, for folders with such names
 * @param image a folder with bash in it
 * @param count of names; those that we refuse are not run
 */
export async function prepareHostileRuns(folder: string, image: string, count: number): Promise<HostileRuns> {
  const lines: string[] = [];
  const expected: string[] = [];
  for (const [index, [place, source, destination, value]] of samples(count).entries()) {
    const path = join(folder, `${index}`, place);
    const data = join(folder, `${index} data`, source);
    const read = parseImage(path);
    const bound = allowed(`-v ${quoteWord(`${data}:/in/${destination}:ro`)} -e ${quoteWord(`A=${value}`)}`, folder);
    if (!('image' in read) || read.image !== path || bound === undefined) continue;
    await mkdir(join(folder, `${index}`), { recursive: true });
    await symlink(image, read.image);
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'marker'), `seen ${index}`);
    const program = 'printf "%s\\0" "$(cat "$1/marker")" "$A" "$#"';
    const words = [...singularityOptions(bound), read.image, 'bash', '-c', program, 'x', `/in/${destination}`];
    const variables = bound.environment.map((variable) => `${variable.name}=${quoteWord(variable.value)}`);
    lines.push(`${variables.join(' ')} singularity --silent exec ${words.map(quoteWord).join(' ')}`);
    expected.push(`seen ${index}`, value, '1');
  }
  return { script: lines.join('\n'), expected };
}

function samples(count: number): [string, string, string, string][] {
  // Apptainer takes backslashes away from variables: our job script carries them past it, which nobody does here.
  const value = hostileText().map((text) => text.replaceAll(/[\0\\]/g, '').slice(0, 100));
  return fc.sample(fc.tuple(hostileName(), hostileName(), hostileName(), value), count);
}

function allowed(written: string, folder: string): ReturnType<typeof parseContainerArguments> | undefined {
  try {
    return parseContainerArguments(written, [folder]);
  } catch (error) {
    if (error instanceof ContainerArgumentError) return undefined;
    throw error;
  }
}
