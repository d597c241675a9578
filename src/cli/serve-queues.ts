// Which queue is served with which template: read from the disk and from the server, with a sentence for what doesn't fit.
import { basename, resolve } from 'node:path';
import { nearestName } from '../base/nearest.ts';
import type { ClearmlClient, Queue } from '../clearml/client.ts';
import type { ServedQueue } from '../glue/glue.ts';
import { parseTemplate } from '../template/parse-template.ts';
import type { Template } from '../template/template.ts';
import { readNamedFile } from './named-file.ts';
import { UsageProblem } from './usage-problem.ts';

/** A queue as the user named it, with its template. */
export interface NamedQueue {
  readonly name: string;
  readonly template: Template;
}

/**
 * Pairs queues with templates one to one, or gives all of them the only template. Without a queue it is the one named `default`.
 * @throws UsageProblem when the numbers don't fit
 */
export function pairQueues(given: readonly string[], templates: readonly Template[]): NamedQueue[] {
  // As clearml-agent does when it is given no queue.
  const queues = given.length === 0 ? ['default'] : given;
  const [only] = templates;
  if (only === undefined)
    throw new UsageProblem('No template: give one with --template-files, or set agent.slurm.template_files.');
  if (templates.length !== 1 && templates.length !== queues.length) {
    throw new UsageProblem(
      `${queues.length} ${queues.length === 1 ? 'queue' : 'queues'} but ${templates.length} template files: pair them one to one, or give a single template for all queues.`,
    );
  }
  return queues.map((name, index) => ({ name, template: templates[index] ?? only }));
}

/** Reads and checks templates. @throws TemplateProblem, UsageProblem when there is no such file */
export function readTemplates(files: readonly string[], workingDir: string): Promise<Template[]> {
  return Promise.all(files.map((file) => readTemplate(file, workingDir)));
}

async function readTemplate(file: string, workingDir: string): Promise<Template> {
  const text = await readNamedFile('template', resolve(workingDir, file), '--template-files');
  return parseTemplate(text, basename(file));
}

/**
 * Finds the queues on the server, in the given order; makes missing ones when asked to.
 * @throws UsageProblem naming the nearest queue when there is none of that name
 */
export async function findQueues(
  clearml: ClearmlClient,
  named: readonly NamedQueue[],
  { create, server }: { readonly create: boolean; readonly server: string },
): Promise<ServedQueue[]> {
  const served: ServedQueue[] = [];
  for (const { name, template } of named) {
    const { id, name: found } = (await clearml.queues.find(name)) ?? (await missing(clearml, name, { create, server }));
    if (served.some((queue) => queue.id === id))
      throw new UsageProblem(`Queue "${name}" is given twice: name each queue once.`);
    served.push({ id, name: found, template });
  }
  return served;
}

async function missing(
  clearml: ClearmlClient,
  name: string,
  { create, server }: { readonly create: boolean; readonly server: string },
): Promise<Queue> {
  if (create) return clearml.queues.create(name);
  const nearest = nearestName(name, await clearml.queues.names());
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  throw new UsageProblem(`Queue "${name}" not found on ${server}.${hint} Use --create-queue to create it.`);
}
