// Reads the template of each queue.
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Limits } from '../base/job-limits.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import { UsageError } from '../base/usage-error.ts';
import { isInternalQueue, type QueueSettings } from '../config/served-queues.ts';
import type { Settings } from '../config/convert-settings.ts';
import type { TemplateContents } from '../sbatch-template/inspect-template.ts';
import { parseTemplate } from '../sbatch-template/parse-template.ts';
import { invalidLimits } from '../sbatch-template/placeholders/check-property-constraints.ts';
import type { Template } from '../sbatch-template/template.ts';
import { readNamedFile } from './read-named-files.ts';

/** A template as read. */
interface ReadTemplate extends TemplateContents {
  readonly template: Template;
  /** The text of the template. */
  readonly text: string;
  readonly templateMark: string;
  /** Absolute. */
  readonly templatePath: string;
  readonly templateSha256: string;
  /** Whether the template may use the user or the project of the task. */
  readonly usesUser: boolean;
  readonly usesProject: boolean;
}

/** A queue of the configuration, with its template. */
export interface NamedQueue extends ReadTemplate {
  readonly name: string;
  readonly cluster: string | undefined;
  readonly constraints: PropertyConstraints | undefined;
  readonly limits: Limits | undefined;
  readonly userFairness: boolean;
  readonly resubmitOnTimeout: number;
}

/**
 * Each queue gets its own template, else the only one of `template_files`, else one of them each.
 * @throws UsageError if the numbers differ, or a file cannot be read
 * @throws TemplateError
 */
export async function readQueues({ queues, slurm }: Settings, workingDir: string): Promise<NamedQueue[]> {
  if (queues.length === 0) throw new UsageError('No queue. Set agent.slurm.queues, or use --queue.');
  const without = queues.filter(({ template }) => template === undefined);
  const files = slurm.templateFiles;
  if (without.length > 0 && files.length === 0)
    throw new UsageError('No template. Use --template-files, or set agent.slurm.template_files.');
  if (without.length > 0 && files.length !== 1 && files.length !== without.length) {
    throw new UsageError(
      `${without.length} ${without.length === 1 ? 'queue' : 'queues'} but ${files.length} template files: name one template for each queue, or one for all queues.`,
    );
  }
  return Promise.all(
    queues.map(async (queue) => {
      const file = queue.template ?? (files.length === 1 ? files[0] : files[without.indexOf(queue)]) ?? '';
      const read = await readTemplate(file, workingDir);
      refuseUnfitLimits(queue, read);
      const { name, cluster, properties: constraints, limits, userFairness = false, resubmitOnTimeout = 0 } = queue;
      const warnings = [...read.warnings, ...warningOfUncalledSrun(read, slurm)];
      return { name, cluster, constraints, limits, userFairness, resubmitOnTimeout, ...read, warnings };
    }),
  );
}

function refuseUnfitLimits({ name, properties }: QueueSettings, { template, properties: read }: ReadTemplate): void {
  const [unfit] = properties === undefined ? [] : invalidLimits(properties, read);
  if (unfit === undefined) return;
  throw new UsageError(
    `Queue "${name}": ${unfit} in the template ${template.file}. Correct the queue in agent.slurm.queues.`,
  );
}

/** Such a function often starts a container: without it, the task would run on the node itself. */
function warningOfUncalledSrun(
  { template, text }: ReadTemplate,
  { srunDelegation }: Pick<Settings['slurm'], 'srunDelegation'>,
): string[] {
  const isDefined = /^\s*(?:function\s+srun\b|srun\s*\(\s*\))/m.test(text);
  if (srunDelegation || !isDefined || /^\s*srun\s+[^\s(]/m.test(text)) return [];
  return [
    `${template.file} defines a function srun, which jobs on one node do not call: start the daemon with --srun-delegation, or write srun before the command`,
  ];
}

/** By their names anywhere in the text, so that no use is missed. */
export function usesOfUserAndProject(text: string): Pick<ReadTemplate, 'usesUser' | 'usesProject'> {
  return {
    usesUser: text.includes('CLEARML_USER'),
    usesProject: /CLEARML_PROJECT|CLEARML_TASK\s*\.\s*project/.test(text),
  };
}

/** A daemon that serves the scheduler queue would claim its own parked tasks. @throws UsageError */
export function refuseInternalQueue(name: string, { clusters }: Pick<Settings, 'clusters'>): void {
  const own = clusters.map(({ schedulerQueue }) => schedulerQueue);
  if (!isInternalQueue(name, own)) return;
  throw new UsageError(
    `Queue "${name}" is internal: it holds parked tasks while their jobs wait in Slurm. Name the queue in which users enqueue tasks.`,
  );
}

async function readTemplate(file: string, workingDir: string): Promise<ReadTemplate> {
  const templatePath = resolve(workingDir, file);
  const text = await readNamedFile('template', templatePath, '--template-files');
  const name = basename(file);
  const templateSha256 = createHash('sha256').update(text).digest('hex');
  const { contents, ...template } = parseTemplate(text, name);
  return {
    template,
    ...contents,
    templateMark: templateSha256.slice(0, 16),
    templatePath,
    templateSha256,
    ...usesOfUserAndProject(text),
    text,
  };
}
