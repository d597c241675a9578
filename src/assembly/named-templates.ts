// The templates that a command is about: those that were named, else those of the configuration.
import { resolve } from 'node:path';
import type { QueueSettings } from '../config/served-queues.ts';
import type { Settings } from '../config/settings.ts';
import type { ProcessContext } from './process-context.ts';
import { readNamedFile } from './named-file.ts';
import { UsageError } from '../base/usage-error.ts';

export interface NamedTemplate {
  /** As it was named. */
  readonly file: string;
  readonly text: string;
  /** The first queue that it is set for by name; undefined where there is none. */
  readonly queue: QueueSettings | undefined;
}

/** The files that the configuration names, each once. */
export function configuredTemplates({ queues, slurm }: Pick<Settings, 'queues' | 'slurm'>): string[] {
  return [...new Set([...queues.flatMap(({ template }) => template ?? []), ...slurm.templateFiles])];
}

/** @param command for the sentence when there is none @throws UsageError */
export async function namedTemplates(
  named: readonly string[] | undefined,
  { queues, slurm }: Settings,
  { workingDir }: Pick<ProcessContext, 'workingDir'>,
  command: string,
): Promise<NamedTemplate[]> {
  const files = named ?? configuredTemplates({ queues, slurm });
  if (files.length === 0) {
    throw new UsageError(`No template: write clearml-agent-slurm ${command} gpu.template.`);
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
