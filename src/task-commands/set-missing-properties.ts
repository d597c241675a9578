// Sets the user properties of a template on a task that lacks them.
import * as z from 'zod';
import type { Configured } from '../assembly/load-trusted-config.ts';
import type { TemplateProperty } from '../sbatch-template/inspect-template.ts';
import { readNamedTask, withServer } from './task-from-server.ts';

const Hyperparams = z
  .looseObject({ properties: z.record(z.string(), z.unknown()).default({}) })
  .prefault({})
  .catch({ properties: {} });

/**
 * Sets the properties with a default that the task does not have. Existing ones are never changed.
 * @returns a message for each
 * @throws UsageError when there is no such task, and what the client throws
 */
export async function setMissingProperties(
  here: Configured,
  id: string,
  properties: readonly TemplateProperty[],
): Promise<string> {
  return withServer(here, async (there) => {
    const read = await readNamedTask(there, id, 'properties');
    const { missing, sentences } = compare(Hyperparams.parse(read.document['hyperparams']).properties, properties);
    await there.clearml.tasks.setProperties(read.task.id, missing);
    return [...new Set(sentences)].join('');
  });
}

function compare(
  there: Readonly<Record<string, unknown>>,
  properties: readonly TemplateProperty[],
): { missing: Record<string, string>; sentences: string[] } {
  const missing: Record<string, string> = {};
  const sentences: string[] = [];
  for (const { name, fallback } of properties) {
    if (Object.hasOwn(there, name)) sentences.push(`${name}: already set, so not changed\n`);
    else if (Object.hasOwn(missing, name)) continue;
    else if (fallback === undefined) sentences.push(`${name}: not set, because it has no default; set it yourself\n`);
    else {
      missing[name] = fallback;
      sentences.push(`${name}: set to ${JSON.stringify(fallback)}\n`);
    }
  }
  return { missing, sentences };
}
