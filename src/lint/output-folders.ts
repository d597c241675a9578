// The folders that must be there before the job begins: those of its --output and --error, which Slurm does not make.
import { PLACEHOLDER_MARK } from '../template/directive.ts';
import { readOptions } from '../template/directive-options.ts';
import type { Reading } from '../template/read-leniently.ts';

export interface OutputFolder {
  /** Relative ones are relative to where sbatch runs, or to the template's own --chdir. */
  readonly path: string;
  readonly option: string;
  /** Where the option stands in the text. */
  readonly at: number;
  /** Made of a pattern or a value, so that nobody can tell before there is a job. */
  readonly isOpen: boolean;
}

export function outputFolders({ tokens: words }: Reading): OutputFolder[] {
  const options = readOptions(words);
  const chdir = options.findLast(({ name }) => name === 'chdir')?.value;
  return options.flatMap(({ name, value, start }) => {
    if (name !== 'output' && name !== 'error') return [];
    const slash = value.lastIndexOf('/');
    if (slash <= 0) return [];
    const folder = value.slice(0, slash);
    const path = folder.startsWith('/') || chdir === undefined ? folder : `${chdir}/${folder}`;
    const isOpen = path.includes(PLACEHOLDER_MARK) || /%\d*[A-Za-z]/.test(path);
    return [{ path: path.replaceAll(PLACEHOLDER_MARK, '…'), option: name, at: start, isOpen }];
  });
}
