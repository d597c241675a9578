// Reads the files that the user has named: the templates on the command line, else those of the configuration, and others.
import { resolve } from 'node:path';
import type { QueueSettings } from '../config/served-queues.ts';
import type { Settings } from '../config/convert-settings.ts';
import type { ProcessContext } from './process-context.ts';
import { codeOf } from '../base/error-message.ts';
import { UsageError } from '../base/usage-error.ts';
import { readFile } from 'node:fs/promises';

export interface NamedTemplate {
  /** As named by the user. */
  readonly file: string;
  readonly text: string;
  /** The first queue with this template; undefined if there is none. */
  readonly queue: QueueSettings | undefined;
}

/** The template files of the configuration, without duplicates. */
export function configuredTemplates({ queues, slurm }: Pick<Settings, 'queues' | 'slurm'>): string[] {
  return [...new Set([...queues.flatMap(({ template }) => template ?? []), ...slurm.templateFiles])];
}

/**
 * @param command for the error message if there is no template
 * @param option for the error message if one cannot be read: where its path belongs
 * @throws UsageError; other errors of the file system
 */
export async function namedTemplates(
  named: readonly string[] | undefined,
  { queues, slurm }: Settings,
  { workingDir }: Pick<ProcessContext, 'workingDir'>,
  command: string,
  option = `${command} TEMPLATE`,
): Promise<NamedTemplate[]> {
  const files = named ?? configuredTemplates({ queues, slurm });
  if (files.length === 0) {
    throw new UsageError(`No template. Name a file, such as: clearml-agent-slurm ${command} gpu.template`);
  }
  return Promise.all(
    files.map(async (file) => {
      const path = resolve(workingDir, file);
      const text = await readNamedFile('template', path, option);
      const queue = queues.find(({ template }) => template !== undefined && resolve(workingDir, template) === path);
      return { file, text, queue };
    }),
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  ELOOP: 'has too many symbolic links, such as a link to itself',
  EACCES: 'is not readable by you',
};

/**
 * @param what for the error message: `template`, `task file`
 * @throws UsageError if the file cannot be read
 */
export async function readNamedFile(what: string, path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = REASONS[codeOf(error) ?? ''];
    if (reason === undefined) throw error;
    throw new UsageError(`The ${what} ${path} ${reason}. Give the path of a file with ${option}.`);
  }
}
