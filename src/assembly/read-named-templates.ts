// Reads the templates on the command line, else the templates of the configuration.
import { resolve } from 'node:path';
import type { QueueSettings } from '../config/served-queues.ts';
import type { Settings } from '../config/convert-settings.ts';
import type { ProcessContext } from './process-context.ts';
import { readNamedFile } from './read-named-file.ts';
import { UsageError } from '../base/usage-error.ts';

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

/** @param command for the error message if there is no template @throws UsageError */
export async function namedTemplates(
  named: readonly string[] | undefined,
  { queues, slurm }: Settings,
  { workingDir }: Pick<ProcessContext, 'workingDir'>,
  command: string,
): Promise<NamedTemplate[]> {
  const files = named ?? configuredTemplates({ queues, slurm });
  if (files.length === 0) {
    throw new UsageError(`No template. Name a file, such as: clearml-agent-slurm ${command} gpu.template`);
  }
  return Promise.all(
    files.map(async (file) => {
      const path = resolve(workingDir, file);
      const text = await readNamedFile('template', path, `${command} TEMPLATE`);
      const queue = queues.find(({ template }) => template !== undefined && resolve(workingDir, template) === path);
      return { file, text, queue };
    }),
  );
}
